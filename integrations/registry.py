"""The installed providers: those whose apps Django has loaded. Computed once, then frozen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from django.apps import apps
from django.utils.translation import gettext as _

from integrations.provider import Provider


class UnknownProvider(LookupError):
    pass


@cache
def all_providers() -> Mapping[str, Provider]:
    """Slug -> provider, in the order of their names. Call it only after Django's apps are ready."""
    apps.check_apps_ready()
    found = (
        import_module(f"{config.name}.provider").PROVIDER
        for config in apps.get_app_configs()
        if config.name.startswith("integrations.providers.")
    )
    return MappingProxyType({provider.slug: provider for provider in sorted(found, key=lambda provider: provider.label.lower())})


def get(slug: str) -> Provider:
    try:
        return all_providers()[slug]
    except KeyError:
        known = ", ".join(all_providers())
        raise UnknownProvider(
            _("There is no provider “%(slug)s” here. Installed are: %(known)s.") % {"slug": slug, "known": known}
        ) from None
