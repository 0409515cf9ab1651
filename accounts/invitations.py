"""How people come into an organization: invited by e-mail, and the first owner together with the organization."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Invitation, Membership, Organization, Role, User


def invite(organization: Organization, email: str, role: str, invited_by: User | None) -> tuple[Invitation, str]:
    """A new invitation and its token, which only the caller knows. At most one is open for an address."""
    invitation = Invitation(organization=organization, email=email.lower(), role=role, invited_by=invited_by)
    token = invitation.renew()
    invitation.save()
    return invitation, token


def renew(invitation: Invitation) -> str:
    """Give an invitation that was not accepted a new token and term; the earlier link is void."""
    token = invitation.renew()
    invitation.save(update_fields=["token_digest", "created_at", "expires_at"])
    return token


def found(organization: Organization, owner_email: str, invited_by: User | None = None) -> tuple[Invitation, str]:
    """Save a new organization with the invitation of its first owner."""
    with transaction.atomic():
        organization.save()
        return invite(organization, owner_email, Role.OWNER, invited_by)


def free_slug(name: str) -> str:
    """A short name made of the organization's name that no other organization has."""
    base = slugify(name)[:40].strip("-") or "organization"
    taken = set(Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for number in range(1, len(taken) + 2) if (slug := base if number == 1 else f"{base}-{number}") not in taken)


def by_digest(digest: str) -> Invitation | None:
    """The open invitation with this digest of a token."""
    rows = Invitation.everywhere.select_related("organization")
    return rows.filter(token_digest=digest, accepted_at=None, expires_at__gt=timezone.now()).first()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> bool:
    """Make `user` a member with the role of the invitation; False when it was used up in the meantime.

    Who is a member already keeps the role.
    """
    won = Invitation.everywhere.select_for_update().filter(pk=invitation.pk, accepted_at=None).first()
    if won is None or won.token_digest != invitation.token_digest:
        return False
    won.accepted_at = timezone.now()
    won.save(update_fields=["accepted_at"])
    Membership.everywhere.get_or_create(organization=won.organization, user=user, defaults={"role": won.role})
    return True
