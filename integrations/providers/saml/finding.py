"""Which single sign-on is meant: by an organization's short name, by an address of the organization's people."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import Organization
from integrations.models.integration import Connection
from integrations.providers.saml.models import SamlIntegration, rows


def switched_on(organization: Organization) -> SamlIntegration | None:
    """The one that the organization's people sign in with: the first that is switched on and has metadata that counts."""
    on = rows().filter(organization=organization, connection=Connection.CONNECTED, deactivated_at=None)
    return on.exclude(idp={}).select_related("organization").order_by("pk").first()


def sign_on_of(slug: str) -> SamlIntegration:
    """For commands: the organization's, switched on or not. Raises `CommandError` with the cure."""
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        known = ", ".join(Organization.objects.values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no organization “{slug}”. There are: {known or 'none'}.")
    found = switched_on(organization) or rows().filter(organization=organization).select_related("organization").order_by("pk").first()
    if found is None:
        raise CommandError(f"“{organization}” has no single sign-on yet. Add it in the catalogue.")
    return found
