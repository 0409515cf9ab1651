"""Our keys: made with the integration, and changed without a day on which somebody cannot sign in.

A new key stands beside the old one in our metadata first; once the identity provider has had the time to read that, it signs;
the old one goes on to decrypt until it is retired.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from integrations import clock
from integrations.providers.saml.audit import note
from integrations.providers.saml.configuring import keys_in_use
from integrations.providers.saml.keys import certificate_of, new_key_pair
from integrations.providers.saml.models import EventKind, SamlIntegration, SpKey, rows

READ_BY_THEN = timedelta(days=3)
"""Identity providers that follow our metadata have read it by then; the others are given it by hand."""
AT_MOST = 2


def make_key(integration: SamlIntegration, *, user: User | None = None) -> SpKey | None:
    """The first key, or a new one beside it. None when there are two already: retire the old one first."""
    now = clock.now()
    with transaction.atomic():
        rows().select_for_update().get(pk=integration.pk)
        there = keys_in_use(integration)
        if len(there) >= AT_MOST:
            return None
        pair = new_key_pair(f"Patchbay {integration.uuid}", now)
        certificate = certificate_of(pair.certificate)
        key = SpKey.everywhere.create(
            organization_id=integration.organization_id,
            integration=integration,
            certificate=pair.certificate,
            private_key=pair.private_key,
            fingerprint=certificate.fingerprint,
            created_at=now,
            signs_from=now + READ_BY_THEN if there else now,
            valid_until=certificate.valid_until,
        )
        _changed(integration)
        if there:
            note(integration, EventKind.KEYS, detail=f"+{key.fingerprint[:16]}", user=user)
    return key


def retire_old(integration: SamlIntegration, *, user: User | None = None) -> SpKey | None:
    """Forget the older of two keys, and sign with the newer from now on. None when there is only one."""
    now = clock.now()
    with transaction.atomic():
        rows().select_for_update().get(pk=integration.pk)
        there = sorted(keys_in_use(integration), key=lambda key: (key.created_at, key.pk))
        if len(there) < AT_MOST:
            return None
        old, *newer = there
        SpKey.everywhere.filter(pk=old.pk).update(private_key=None, retired_at=now)
        SpKey.everywhere.filter(pk__in=[key.pk for key in newer], signs_from__gt=now).update(signs_from=now)
        _changed(integration)
        note(integration, EventKind.KEYS, detail=f"-{old.fingerprint[:16]}", user=user)
    return old


def _changed(integration: SamlIntegration) -> None:
    rows().filter(pk=integration.pk).update(config_version=F("config_version") + 1)
    integration.refresh_from_db(fields=["config_version"])
