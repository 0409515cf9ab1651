"""Named owners who may come in without the identity provider, should that fail; and the alarm whenever one does."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.addresses import client_address
from accounts.mails import send
from accounts.models import Membership, Role, User
from accounts.second_factor import is_set_up
from integrations import clock
from integrations.findings import Finding, found
from integrations.providers.saml.audit import note
from integrations.providers.saml.models import BreakGlass, EventKind, SamlIntegration


def is_named(integration: SamlIntegration, user: User) -> bool:
    return BreakGlass.everywhere.filter(integration=integration, user=user).exists()


def works(integration: SamlIntegration, user: User) -> bool:
    """Whether the named person could come in now: still an active owner, with a second factor and a password."""
    owner = Membership.everywhere.filter(organization_id=integration.organization_id, user=user, role=Role.OWNER).exists()
    return owner and user.is_active and user.has_usable_password() and is_set_up(user)


def alarm(integration: SamlIntegration, user: User, request: HttpRequest) -> None:
    """Somebody came in this way: the owners are told by mail, an incident is opened, the audit has it."""
    now = clock.now()
    BreakGlass.everywhere.filter(integration=integration, user=user).update(used_at=now)
    note(integration, EventKind.EMERGENCY, user=user, request=request)
    title = _("%(person)s came in with emergency access.") % {"person": user}
    finding = Finding(
        cause=f"emergency:{user.pk}:{now:%Y%m%d}",
        title=title,
        advice=_("Ask whether it was needed. If it was somebody else, change the password and the second factor at once."),
    )
    found.send(sender=SamlIntegration, integration=integration, finding=finding)
    owners = Membership.everywhere.filter(organization_id=integration.organization_id, role=Role.OWNER, user__is_active=True)
    for email in owners.values_list("user__email", flat=True):
        send("emergency_access", email, person=user, organization=integration.organization, address=client_address(request), at=now)
