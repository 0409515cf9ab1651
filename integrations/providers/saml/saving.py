"""What follows when a row is saved: keys for a new one, the agreement made anew, pasted metadata read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.db.models import F

from integrations.errors import ConfigProblem
from integrations.providers.saml.configuring import note_problem, trust_anew
from integrations.providers.saml.enforcing import tell_organization
from integrations.providers.saml.models import SamlIntegration, rows
from integrations.providers.saml.refreshing import forget_source, take_pasted
from integrations.providers.saml.rotating import make_key

ADDRESSES = {"sso_url", "sso_target_url"}
SOURCES = {"sso_metadata_url", "sso_metadata"}


def saved(instance: SamlIntegration, created: bool, update_fields: Collection[str] | None = None, raw: bool = False, **_: Any) -> None:
    """Receiver of `post_save`. A row that is saved whole may have changed in everything."""
    if raw:  # loaddata brings keys and everything else itself
        return
    if created:
        make_key(instance)
    else:
        rows().filter(pk=instance.pk).update(config_version=F("config_version") + 1)
    instance.refresh_from_db(fields=["config_version"])
    changed = set(update_fields) if update_fields is not None else {"connection", *SOURCES}
    if not created and "sso_metadata_url" in changed:
        forget_source(instance)
    if changed & SOURCES:
        _read_pasted(instance)
    if changed & ADDRESSES:
        trust_anew(instance, "addresses given here")
    if "connection" in changed:
        tell_organization(instance)


def _read_pasted(instance: SamlIntegration) -> None:
    """The address goes before what was pasted: while there is one, that is read by the upkeep, or by hand."""
    if instance.sso_metadata_url:
        return
    if instance.sso_metadata:
        with suppress(ConfigProblem):  # which is noted for the admin
            take_pasted(instance)
    elif instance.metadata_problem:
        note_problem(instance, "")
