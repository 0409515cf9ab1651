"""Who is told: always asked of today's memberships, so that whoever left an organization hears nothing of it any more."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Membership, Organization, Role
from integrations import clock
from integrations.models import Integration, Notice, NoticeEndpoint, NoticeKind


def readers(organization: Organization | int) -> QuerySet[Membership]:
    """The owners and admins who want mail: those who get the digest."""
    return _wanting(organization).filter(role__in=(Role.OWNER, Role.ADMIN))


def people(integration: Integration) -> QuerySet[Membership]:
    """Whom the incidents of an integration concern: its creator, if still a member, and the organization's owners and admins."""
    concerned = Q(role__in=(Role.OWNER, Role.ADMIN)) | Q(user=integration.creator_id)
    return _wanting(integration.organization_id).filter(concerned)


def endpoints(integration: Integration) -> QuerySet[NoticeEndpoint]:
    return NoticeEndpoint.everywhere.filter(organization=integration.organization_id, active=True)


def is_muted(integration: Integration) -> bool:
    return integration.muted_until is not None and integration.muted_until > clock.now()


def is_wanted(notice: Notice) -> bool:
    """Whether it is still to be sent, now that its time has come."""
    incident = notice.incident
    if incident is None:
        return readers(notice.organization_id).filter(user=notice.person_id).exists()
    if notice.kind != NoticeKind.CLOSED and is_muted(incident.integration):
        return False
    if notice.endpoint is not None:
        return notice.endpoint.active
    return people(incident.integration).filter(user=notice.person_id).exists()


def _wanting(organization: Organization | int) -> QuerySet[Membership]:
    return Membership.everywhere.filter(organization=organization, wants_mail=True, user__is_active=True)
