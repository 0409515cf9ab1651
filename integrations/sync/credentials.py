"""An integration's secrets in use: always a fresh one, renewed by one worker at a time.

Whoever wins the lease on the credential's version asks the vendor; the new tokens and the next version are stored in one
statement; everybody else waits and reads again. So a single-use refresh token is used once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from integrations import clock
from integrations.auth import oauth2
from integrations.auth.agreement import Agreement
from integrations.auth.oauth2 import OAuth2, TokenSet
from integrations.auth.token import Token
from integrations.errors import AuthLost, Transient
from integrations.http.deadline import seconds_left
from integrations.models import Credential, Integration
from integrations.sync.gate import SignInGate

log = structlog.get_logger(__name__)

POLL = timedelta(milliseconds=100)


class Credentials:
    """The credential of one integration, for the calls of one client."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._used_version = 0

    def headers(self) -> Mapping[str, str]:
        """The authorization of the next call. Raises `AuthLost` when there is none to be had, `Transient` while it cannot be renewed."""
        row = self._read()
        way = _way(row)
        if isinstance(way, OAuth2) and way.is_due(TokenSet.of(row.payload), clock.now()):
            row = self._renew(row.version)
        self._used_version = row.version
        return _way(row).headers(row.payload)

    def renew(self) -> None:
        """The vendor refused the last authorization: get another, unless somebody has done so since."""
        self._renew(self._used_version)

    def renew_idle(self, unused_for: timedelta) -> Credential:
        """Renew what nobody has renewed for so long, so that a refresh token that lives by its use does not die unused."""
        row = self._read()
        can_renew = isinstance(_way(row), OAuth2) and TokenSet.of(row.payload).refresh_token
        return self._renew(row.version) if can_renew and row.renewed_at <= clock.now() - unused_for else row

    def _read(self) -> Credential:
        rows = Credential.everywhere.select_related("integration")  # how it was connected belongs to the secrets: both are read at once
        row = rows.filter(integration_id=self._integration.pk, person=None).first()
        if row is None:
            raise AuthLost(_("There is no credential: the connection was never made, or was ended."))
        return row

    def _renew(self, stale_version: int) -> Credential:
        deadline = clock.now() + _lease()
        while clock.now() < deadline and seconds_left():
            row = self._read()
            way = _way(row)
            if row.version > stale_version or not isinstance(way, OAuth2):
                return row
            if self._take_lease(row):
                return self._ask(row, way)
            clock.sleep(POLL)
        raise Transient(_("Another worker has been renewing the connection's access for too long."))

    def _take_lease(self, row: Credential) -> bool:
        now = clock.now()
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        return bool(Credential.everywhere.filter(free, pk=row.pk, version=row.version).update(lease_until=now + _lease()))

    def _ask(self, row: Credential, way: OAuth2) -> Credential:
        """Have the vendor renew the tokens. A refusal is believed only when nobody else has stored newer ones meanwhile."""
        provider = self._integration.declaration
        old = TokenSet.of(row.payload)
        try:
            gate = SignInGate(self._integration)
            app = oauth2.client(provider.slug, way, provider.hosts, row.integration.options, gate=gate, on_exchange=gate.learn)
            log.debug("credential.renewing", integration=self._integration.pk, version=row.version)
            new = oauth2.refresh(app, old)
            log.debug("credential.answered", integration=self._integration.pk, version=row.version)
        except AuthLost:
            current = self._read()
            if current.version > row.version:
                return current
            self._drop_lease(row)
            raise
        except Exception:
            self._drop_lease(row)
            raise
        log.info("credential.renewed", integration=self._integration.pk, version=row.version + 1)
        _store(row, new)
        return self._read()

    def _drop_lease(self, row: Credential) -> None:
        Credential.everywhere.filter(pk=row.pk, version=row.version).update(lease_until=None)


def _lease() -> timedelta:
    """Longer than a call to the vendor can take."""
    return timedelta(seconds=2 * settings.HTTP_TIMEOUT_SECONDS * settings.CLOCK_SCALE)


def _way(row: Credential) -> OAuth2 | Token:
    """What the secrets are for. Raises `AuthLost` when the provider does not have that way any more."""
    way = row.integration.auth
    if isinstance(way, Agreement) or row.integration.way not in ("", way.kind):
        raise AuthLost(_("It cannot be connected in this way any more."), advice=_("Connect anew."))
    return way


def _store(row: Credential, token: TokenSet) -> None:
    """Replace the secrets and raise the version in one statement, unless somebody else did so before."""
    Credential.everywhere.filter(pk=row.pk, version=row.version).update(version=row.version + 1, **_kept(token))


def _kept(secrets: TokenSet | dict[str, Any]) -> dict[str, Any]:
    token = secrets if isinstance(secrets, TokenSet) else None
    return {
        "payload": token.payload() if token else secrets,
        "expires_at": token.expires_at if token else None,
        "ends_at": token.ends_at if token else None,
        "renewed_at": clock.now(),
        "lease_until": None,
    }


def keep(integration: Integration, secrets: TokenSet | dict[str, Any]) -> None:
    """Keep the secrets of a connection that was just made, in place of those before and of what is being made of them."""
    kept = _kept(secrets)
    rows = Credential.everywhere.filter(integration_id=integration.pk, person=None)
    if not rows.update(**kept, version=F("version") + 1):
        Credential.everywhere.create(organization_id=integration.organization_id, integration_id=integration.pk, **kept)


def forget(integration: Integration) -> None:
    Credential.everywhere.filter(integration_id=integration.pk).delete()
