"""Single sign-on only: what has to be true before it may be switched on, and switching."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization, Role, User
from integrations import clock
from integrations.models.integration import Connection
from integrations.providers.saml.audit import note
from integrations.providers.saml.emergency import works
from integrations.providers.saml.models import BreakGlass, Event, EventKind, SamlIntegration, rows


@dataclass(frozen=True)
class Requirement:
    """One thing that has to be true, and where to make it so (a panel's or a section's name; '' for the head of the page)."""

    text: str | Promise
    is_met: bool
    place: str = ""


def requirements(integration: SamlIntegration, user: User) -> list[Requirement]:
    """What `user` needs before switching it on."""
    connected = integration.connection == Connection.CONNECTED and integration.deactivated_at is None
    return [
        Requirement(_("Single sign-on is switched on."), connected),
        Requirement(_("You have tested the sign-on yourself, with the metadata of now."), has_tested(integration, user), "test"),
        Requirement(_("At least one owner has working emergency access."), bool(working_accesses(integration)), "enforcement"),
    ]


def has_tested(integration: SamlIntegration, user: User) -> bool:
    """Whether a test of the person succeeded, and named just this person, since the metadata was last changed."""
    tests = Event.everywhere.filter(integration=integration, kind=EventKind.TEST, user=user, subject=user.email, is_refusal=False)
    return bool(integration.idp) and tests.filter(trust_version=integration.trust_version).exists()


def working_accesses(integration: SamlIntegration) -> list[BreakGlass]:
    named = BreakGlass.everywhere.filter(integration=integration).select_related("user")
    return [access for access in named if works(integration, access.user)]


@transaction.atomic
def switch_on(integration: SamlIntegration, user: User) -> list[Requirement]:
    """Close every other door; answers what is missing instead, and then changes nothing."""
    missing = [requirement for requirement in requirements(integration, user) if not requirement.is_met]
    if not missing:
        rows().filter(pk=integration.pk).update(force_sso_login=True)
        tell_organization(integration)
        note(integration, EventKind.ENFORCEMENT, detail="on", user=user)
    return missing


@transaction.atomic
def switch_off(integration: SamlIntegration, user: User) -> None:
    rows().filter(pk=integration.pk).update(force_sso_login=False)
    tell_organization(integration)
    note(integration, EventKind.ENFORCEMENT, detail="off", user=user)


def tell_organization(integration: SamlIntegration) -> None:
    """Note on the organization whether the doors have to ask at all."""
    enforced = rows().filter(organization_id=integration.organization_id, force_sso_login=True).exists()
    Organization.objects.filter(pk=integration.organization_id).update(sign_on_only=enforced)


def name_access(integration: SamlIntegration, owner: User, user: User) -> bool:
    """Give an owner emergency access; False, and nothing is changed, unless it would work."""
    if not works(integration, owner):
        return False
    BreakGlass.everywhere.get_or_create(
        integration=integration, user=owner, defaults={"organization_id": integration.organization_id, "named_at": clock.now()}
    )
    note(integration, EventKind.EMERGENCY, detail=f"named {owner.email}", user=user)
    return True


def remove_access(integration: SamlIntegration, access: BreakGlass, user: User) -> bool:
    """Take it away; False, and nothing is changed, for the last one that works while nothing else lets anybody in."""
    others = [other for other in working_accesses(integration) if other.pk != access.pk]
    if integration.force_sso_login and not others:
        return False
    note(integration, EventKind.EMERGENCY, detail=f"removed {access.user.email}", user=user)
    access.delete()
    return True


def candidates(integration: SamlIntegration) -> list[User]:
    """Owners who are not named yet."""
    named = BreakGlass.everywhere.filter(integration=integration).values("user")
    owners = Membership.everywhere.filter(organization_id=integration.organization_id, role=Role.OWNER, user__is_active=True)
    return [row.user for row in owners.exclude(user__in=named).select_related("user").order_by("user__email")]
