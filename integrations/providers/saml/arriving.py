"""Whether somebody whom the identity provider named may come in, as whom, and with which role. Only looks; `pipeline` acts.

An identity provider's word counts for the people of its own organization, and for addresses in its verified domains: nobody
is ever looked up by address across organizations.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from social_django.models import UserSocialAuth

from accounts.domains import is_verified_for
from accounts.models import Invitation, Membership, Role, User
from integrations import clock
from integrations.providers.saml.codes import Code
from integrations.providers.saml.config import Identity
from integrations.providers.saml.models import SamlIntegration

NAME = "saml"
"""Under which associations are kept."""
LONGEST_UID = 255
BY_RANK = (Role.ADMIN, Role.AUDITOR, Role.MEMBER)


class Outcome(StrEnum):
    SIGNS_IN = "signs_in"
    LINKS = "links"
    CREATES = "creates"
    REFUSED = "refused"


@dataclass(frozen=True)
class Decision:
    """`user` is there unless somebody is created or refused before being known. `role` is the one to have from now on."""

    outcome: Outcome
    uid: str
    user: User | None = None
    role: str = ""
    code: str = ""
    association: UserSocialAuth | None = None
    membership: Membership | None = None


@dataclass(frozen=True)
class Known:
    """What the browser has proved before, without the identity provider: `user` signed in with a proof of its own, `invitation`
    was opened from a mail to its address.
    """

    user: User | None = None
    invitation: Invitation | None = None

    def proves(self, integration: SamlIntegration, email: str) -> bool:
        """Whether it reads the mail of the address, or is the person that has it."""
        invited = self.invitation is not None and self.invitation.organization_id == integration.organization_id
        return (self.user is not None and self.user.email == email) or (
            invited and self.invitation is not None and self.invitation.email.lower() == email
        )


NOBODY = Known()


def uid_of(integration: SamlIntegration, identity: Identity) -> str:
    """The name under which the person is known: it belongs to this integration alone."""
    uid = f"{integration.uuid}:{identity.name_id_format}:{identity.name_id}"
    return uid if len(uid) <= LONGEST_UID else f"{integration.uuid}:sha256:{sha256(uid.encode()).hexdigest()}"


def decide(integration: SamlIntegration, identity: Identity, known: Known = NOBODY) -> Decision:
    """What signing in would do now."""
    uid = uid_of(integration, identity)
    association = UserSocialAuth.get_social_auth(NAME, uid)
    if association:
        return _returning(integration, identity, uid, association)
    if not identity.email:
        return Decision(Outcome.REFUSED, uid, code=Code.EMAIL_MISSING)
    membership = Membership.everywhere.select_related("user").filter(
        organization_id=integration.organization_id, user__email=identity.email
    )
    if member := membership.first():
        return _linking(integration, identity, uid, member, known)
    return _new(integration, identity, uid, known)


def _returning(integration: SamlIntegration, identity: Identity, uid: str, association: UserSocialAuth) -> Decision:
    user: User = association.user
    membership = Membership.everywhere.filter(organization_id=integration.organization_id, user=user).first()
    if code := _shut_out(user):
        return Decision(Outcome.REFUSED, uid, user, code=code)
    if membership is None:
        return Decision(Outcome.REFUSED, uid, user, code=Code.PERSON_LEFT)
    role = role_for(integration, identity, membership.role)
    return Decision(Outcome.SIGNS_IN, uid, user, role, association=association, membership=membership)


def _linking(integration: SamlIntegration, identity: Identity, uid: str, member: Membership, known: Known) -> Decision:
    user = member.user
    if code := _shut_out(user):
        return Decision(Outcome.REFUSED, uid, user, code=code)
    if UserSocialAuth.objects.filter(provider=NAME, user=user, uid__startswith=f"{integration.uuid}:").exists():
        return Decision(Outcome.REFUSED, uid, user, code=Code.LINKED_OTHERWISE)
    if not (vouches_for(integration, identity.email) or known.proves(integration, identity.email)):
        return Decision(Outcome.REFUSED, uid, user, code=Code.LINK_UNVERIFIED)
    return Decision(Outcome.LINKS, uid, user, role_for(integration, identity, member.role), membership=member)


def _new(integration: SamlIntegration, identity: Identity, uid: str, known: Known) -> Decision:
    if not (vouches_for(integration, identity.email) or known.proves(integration, identity.email)):
        return Decision(Outcome.REFUSED, uid, code=Code.DOMAIN_UNVERIFIED)
    if User.objects.filter(email__iexact=identity.email).exists():
        return Decision(Outcome.REFUSED, uid, code=Code.ADDRESS_TAKEN)
    invitation = open_invitation(integration, identity.email)
    if not integration.creates_people and invitation is None:
        return Decision(Outcome.REFUSED, uid, code=Code.CREATING_OFF)
    return Decision(Outcome.CREATES, uid, role=role_for(integration, identity, invitation.role if invitation else ""))


def _shut_out(user: User) -> str:
    if user.is_staff:
        return Code.PERSON_OPERATOR
    return "" if user.is_active else Code.PERSON_DEACTIVATED


def vouches_for(integration: SamlIntegration, email: str) -> bool:
    """Whether the address lies in a domain that was verified for the organization."""
    return is_verified_for(integration.organization, email)


def open_invitation(integration: SamlIntegration, email: str) -> Invitation | None:
    waiting = Invitation.everywhere.filter(organization_id=integration.organization_id, email__iexact=email, accepted_at=None)
    return waiting.filter(expires_at__gt=clock.now()).first()


def role_for(integration: SamlIntegration, identity: Identity, current: str) -> str:
    """Where groups give roles, everybody but owners follows them with every sign-on; else what somebody has stays."""
    if current == Role.OWNER or (current and not integration.group_roles):
        return current
    given = {integration.group_roles[group] for group in identity.groups if group in integration.group_roles}
    return next((role.value for role in BY_RANK if role in given), integration.default_role)
