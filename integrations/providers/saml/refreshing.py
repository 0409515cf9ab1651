"""The metadata at its address: read again and again, so that new certificates need nobody; what counted before goes on to count."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from integrations import clock
from integrations.errors import ConfigProblem, ProviderError, Rejected
from integrations.http.client import Http
from integrations.http.deadline import at_most
from integrations.http.guard import Allowed
from integrations.providers.saml.audit import printable
from integrations.providers.saml.complaints import MetadataProblem
from integrations.providers.saml.configuring import digest_of, lock, note_problem, note_unchanged, take_metadata
from integrations.providers.saml.ending import findings
from integrations.providers.saml.metadata import MAX_BYTES, check_address, from_json
from integrations.providers.saml.models import SamlIntegration, rows
from integrations.providers.saml.validating import allows_http
from integrations.upkeep import Looked

SECONDS = 10.0
SOONEST, LATEST = timedelta(hours=1), timedelta(days=1)
OK, NOT_MODIFIED, LEADS_ON = 200, 304, {301, 302, 303, 307, 308}
LONGEST_ETAG = 255
ACCEPTED = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class MetadataClient:
    """Reads the document at the integration's metadata address, through the guard."""

    def __init__(self, integration: SamlIntegration, allowed: Allowed) -> None:
        self.integration, self._allowed = integration, allowed

    def fetch(self, address: str, etag: str = "") -> tuple[bytes, str] | None:
        """The document and the mark by which it is known; None while it has the mark `etag`.

        Nothing is followed: an address that leads on is one that somebody has to look at. Raises `ProviderError`, `MetadataProblem`.
        """
        check_address(address, allow_http=allows_http())
        parts = urlsplit(address)
        http = Http(f"{parts.scheme}://{parts.netloc}", allowed=self._allowed, interactive=True)
        headers = {"accept": ACCEPTED, **({"if-none-match": etag} if etag else {})}
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        with at_most(SECONDS):
            answer = http.get(path, headers=headers, also_ok=range(300, 400))
        if answer.status == NOT_MODIFIED and etag:
            return None
        if answer.status in LEADS_ON:
            words = _("The address leads on to %(address)s. Enter that one, if you know it to be your identity provider's.")
            raise Rejected(words % {"address": printable(answer.headers.get("location", "")).strip()[:200] or _("another one")})
        if answer.status != OK:
            raise Rejected(_("%(host)s answered %(status)s, and no metadata.") % {"host": parts.hostname, "status": answer.status})
        if len(answer.content) > MAX_BYTES:
            raise MetadataProblem("too_large", _("What the address answers is larger than a megabyte."))
        mark = answer.headers.get("etag", "")
        return bytes(answer.content), mark if len(mark) <= LONGEST_ETAG and mark.isascii() and mark.isprintable() else ""


def read_now(integration: SamlIntegration, client: MetadataClient) -> bool:
    """Read the metadata address; False when what it says waits for an admin. Raises `ConfigProblem` that names the field.

    Whatever goes wrong is noted, and what counted before goes on to count.
    """
    address = integration.sso_metadata_url
    try:
        took = _take(integration, address, client.fetch(address, integration.metadata_etag if integration.idp else ""))
    except MetadataProblem as problem:
        raise _noted(integration, address, str(problem)) from None
    except ProviderError as problem:
        raise _noted(integration, address, problem.message, problem.advice) from None
    if took is None:
        raise ConfigProblem(_("The address was changed meanwhile. Read it once more."), field="sso_metadata_url")
    return took


@transaction.atomic
def _take(integration: SamlIntegration, address: str, fetched: tuple[bytes, str] | None) -> bool | None:
    """Whether it counts; None, and nothing is changed, when the address is another one by now."""
    lock(integration)
    if integration.sso_metadata_url != address:
        return None
    if fetched is None:
        note_unchanged(integration)
        return not integration.proposed
    document, etag = fetched
    took = take_metadata(integration, document)
    rows().filter(pk=integration.pk).update(metadata_etag=etag)
    return took


def _noted(integration: SamlIntegration, address: str, message: str, advice: str = "") -> ConfigProblem:
    if rows().filter(pk=integration.pk, sso_metadata_url=address).exists():
        note_problem(integration, message)
    return ConfigProblem(message, field="sso_metadata_url", advice=advice)


def take_pasted(integration: SamlIntegration) -> None:
    """Let the pasted metadata count, if it is not what was read last. Raises `ConfigProblem` that names the field."""
    if integration.idp and integration.metadata_source == digest_of(integration.sso_metadata):
        return
    try:
        take_metadata(integration, integration.sso_metadata)
    except MetadataProblem as problem:
        note_problem(integration, str(problem))
        raise ConfigProblem(str(problem), field="sso_metadata") from None


def look_after(client: MetadataClient, integration: SamlIntegration) -> Looked:
    """The upkeep: read the address when it is time, and tell what needs a person."""
    if integration.sso_metadata_url:
        with suppress(ConfigProblem):  # which is noted, and found below when it lasts
            read_now(integration, client)
    integration.refresh_from_db()
    return Looked(findings=tuple(findings(integration)), again_at=_next(integration))


def _next(integration: SamlIntegration) -> datetime:
    """As the document says, at least daily and at most hourly, and not everybody at once; sooner after trouble."""
    now = clock.now()
    provider = from_json(integration.idp)
    if integration.sso_metadata_url and not (integration.metadata_source or integration.metadata_problem):
        return now  # the address was changed while the old one was read
    wait = LATEST if provider.cache_seconds is None else timedelta(seconds=min(provider.cache_seconds, LATEST.total_seconds()))
    if provider.valid_until:
        wait = min(wait, provider.valid_until - now)
    if integration.metadata_problem:
        wait = SOONEST
    return now + max(wait, SOONEST * 1.25) * random.uniform(0.8, 1.0)  # noqa: S311


def forget_source(integration: SamlIntegration) -> None:
    """The address was changed: what is known of the document behind the old one says nothing of the new one."""
    rows().filter(pk=integration.pk).update(
        metadata_etag="", metadata_source="", metadata_problem="", config_version=F("config_version") + 1
    )
    integration.refresh_from_db(fields=["metadata_etag", "metadata_source", "metadata_problem", "config_version"])
