"""From the row to the agreement: our keys, what counts of their metadata, and when a change of it waits for an admin."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts.mails import public
from accounts.models import User
from integrations import clock
from integrations.findings import settled
from integrations.providers.saml import metadata
from integrations.providers.saml.audit import note
from integrations.providers.saml.config import REDIRECT, Config, Endpoint, IdentityProvider, KeyPair
from integrations.providers.saml.models import EventKind, SamlIntegration, SpKey, rows
from integrations.providers.saml.presets import claims_of
from integrations.providers.saml.validating import read_metadata

MOST_KEPT = 500

UPKEEP, PROPOSED = "metadata", "proposed"
"""The upkeep that looks after it, and the cause under which that finds a change that waits."""
READ = ("idp", "proposed", "sso_metadata", "sso_metadata_url", "sso_url", "sso_target_url", "metadata_etag", "metadata_source")

_kept: OrderedDict[str, tuple[Config, datetime | None]] = OrderedDict()
_lock = threading.Lock()


def config_of(integration: SamlIntegration) -> Config:
    """The agreement at the row's `config_version`; made once for each version in each process, and when the turn comes of a new key.

    Not for a row that the present transaction has changed: what is rolled back must not be remembered.
    """
    key = str(integration.uuid)
    kept, until = _kept.get(key, (None, None))
    if kept is not None and kept.version == integration.config_version and (until is None or clock.now() < until):
        return kept
    keys = keys_in_use(integration)
    made = _config(rows().get(pk=integration.pk) if integration.get_deferred_fields() else integration, keys)
    turn = min((one.signs_from for one in keys if one.signs_from > clock.now()), default=None)
    with _lock:
        _kept[key] = made, turn
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made


def entity_id_of(integration: SamlIntegration) -> str:
    """Our name there: the address of our metadata."""
    return public(reverse("saml-metadata", args=[integration.uuid]))


def _config(integration: SamlIntegration, keys: Sequence[SpKey]) -> Config:
    return Config(
        uuid=str(integration.uuid),
        version=integration.config_version,
        entity_id=entity_id_of(integration),
        acs_url=public(reverse("saml-acs", args=[integration.uuid])),
        sls_url=public(reverse("saml-sls", args=[integration.uuid])),
        idp=provider_of(integration),
        keys=tuple(KeyPair(key.certificate, key.private_key) for key in keys if key.private_key),
        claims=claims_of(
            integration.preset,
            email=integration.email_attribute,
            first_name=integration.first_name_attribute,
            last_name=integration.last_name_attribute,
            groups=integration.groups_attribute,
        ),
        name_id_format=integration.name_id_format,
        clock_skew_seconds=integration.clock_skew_seconds,
        allows_idp_initiated=integration.allows_idp_initiated,
        signs_requests=integration.signs_requests,
        wants_encrypted=integration.wants_encrypted,
        request_binding=integration.request_binding,
    )


def keys_in_use(integration: SamlIntegration) -> list[SpKey]:
    """Ours, the one that signs first: the newest whose time has come."""
    now = clock.now()
    found = list(SpKey.everywhere.filter(integration=integration, retired_at=None))
    return sorted(found, key=lambda key: (key.signs_from > now, -key.created_at.timestamp(), -key.pk))


def provider_of(integration: SamlIntegration) -> IdentityProvider:
    """What counts of their metadata, with the addresses that an admin gave beside it."""
    provider = metadata.from_json(integration.idp)
    if integration.sso_target_url:
        replaced = [replace(endpoint, location=integration.sso_target_url) for endpoint in provider.sso]
        provider = replace(provider, sso=tuple(replaced) or (Endpoint(REDIRECT, integration.sso_target_url),))
    if integration.sso_url and not provider.sso_at(REDIRECT):
        provider = replace(provider, sso=(Endpoint(REDIRECT, integration.sso_url), *provider.sso))
    return provider


@transaction.atomic
def take_metadata(integration: SamlIntegration, document: bytes | str) -> bool:
    """Let a document count from now on; False when a change of it is too large for that, and waits for an admin.

    New certificates count at once, beside the old ones, which count until they leave the metadata. Another entity ID, another
    host to send people to, or none of the certificates known before are never taken silently. Raises `MetadataProblem`.
    """
    lock(integration)
    provider = read_metadata(document, has_address=bool(integration.sso_url or integration.sso_target_url))
    written = metadata.to_json(provider)
    read = {"metadata_read_at": clock.now(), "metadata_problem": "", "metadata_source": digest_of(document)}
    if integration.idp and (reason := too_large_a_change(metadata.from_json(integration.idp), provider)):
        if _trusted(written) != _trusted(integration.proposed):
            note(integration, EventKind.METADATA, detail=f"waits for approval: {reason}")
        _keep(integration, proposed=written, **read)
        return False
    if _trusted(written) == _trusted(integration.idp):
        _keep(integration, idp=written, proposed={}, **read)
    else:
        _trust(integration, written, None, **read)
    return True


def too_large_a_change(old: IdentityProvider, new: IdentityProvider) -> str:
    """Why the new metadata is not just more of the same: `entity id`, `host` or `certificates`; '' when it is."""
    if old.entity_id != new.entity_id:
        return "entity id"
    if _hosts(new) - _hosts(old):
        return "host"
    if not {one.fingerprint for one in old.certificates} & {one.fingerprint for one in new.certificates}:
        return "certificates"
    return ""


def _hosts(provider: IdentityProvider) -> set[str]:
    """Where browsers are sent, for signing on and for logging out."""
    addresses = {one for endpoint in (*provider.sso, *provider.slo) for one in (endpoint.location, endpoint.response_location)}
    return {urlsplit(address).netloc.lower() for address in addresses if address}


def _trusted(written: Mapping[str, Any]) -> dict[str, Any]:
    """What trust rests on: all but for how long the document may be kept, which many identity providers write anew each time."""
    return {key: value for key, value in written.items() if key not in ("valid_until", "cache_seconds")}


@transaction.atomic
def approve(integration: SamlIntegration, user: User, seen: str) -> bool:
    """What waits counts from now on. False, and nothing is changed, when it is not what `seen` is the mark of (`mark_of`)."""
    lock(integration)
    if not integration.proposed or mark_of(integration) != seen:
        return False
    _trust(integration, integration.proposed, user)
    _settle(integration)
    return True


@transaction.atomic
def decline(integration: SamlIntegration, user: User) -> None:
    """What waits is forgotten; when it is read once more it waits again."""
    lock(integration)
    if integration.proposed:
        _keep(integration, proposed={}, **({"metadata_etag": ""} if integration.sso_metadata_url else {"metadata_source": ""}))
        note(integration, EventKind.METADATA, detail="declined", user=user)
        _settle(integration)


def mark_of(integration: SamlIntegration) -> str:
    """By which the change that waits is known from another one that came meanwhile."""
    return sha256(json.dumps(_trusted(integration.proposed), sort_keys=True).encode()).hexdigest()[:32]


def _settle(integration: SamlIntegration) -> None:
    settled.send(sender=SamlIntegration, integration=integration, cause=f"{UPKEEP}:{PROPOSED}")


def note_problem(integration: SamlIntegration, problem: str) -> None:
    """The metadata could not be read; what was read before goes on to count."""
    _keep(integration, metadata_problem=problem)


def trust_anew(integration: SamlIntegration, detail: str) -> None:
    """Something beside the metadata changed on which sign-on rests: what was tested before says nothing any more."""
    _keep(integration, trust_version=F("trust_version") + 1)
    note(integration, EventKind.METADATA, detail=detail)


def note_unchanged(integration: SamlIntegration) -> None:
    """The metadata was read, and is as it was."""
    _keep(integration, metadata_read_at=clock.now(), metadata_problem="")


def lock(integration: SamlIntegration) -> None:
    """Hold the row until the transaction ends, and see what others wrote meanwhile."""
    rows().select_for_update(no_key=True).get(pk=integration.pk)
    integration.refresh_from_db(fields=READ)


def _trust(integration: SamlIntegration, written: dict[str, Any], user: User | None, **values: Any) -> None:
    old = metadata.from_json(integration.idp)
    _keep(integration, idp=written, proposed={}, trust_version=F("trust_version") + 1, **values)
    new = metadata.from_json(integration.idp)
    before, after = ({one.fingerprint for one in provider.certificates} for provider in (old, new))
    parts = [f"+{fingerprint[:16]}" for fingerprint in sorted(after - before)]
    parts += [f"-{fingerprint[:16]}" for fingerprint in sorted(before - after)]
    if (old.sso, old.slo) != (new.sso, new.slo):
        parts.insert(0, "addresses")
    if old.entity_id != new.entity_id:
        parts.insert(0, new.entity_id)
    note(integration, EventKind.METADATA, detail=" ".join(parts) or "wishes", user=user)


def _keep(integration: SamlIntegration, **values: Any) -> None:
    """Write some columns, and make every process read the agreement anew."""
    rows().filter(pk=integration.pk).update(config_version=F("config_version") + 1, **values)
    integration.refresh_from_db(fields=[*values, "config_version"])


def digest_of(document: bytes | str) -> str:
    return sha256(document.encode() if isinstance(document, str) else document).hexdigest()
