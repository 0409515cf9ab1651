"""What signing in does to accounts, step by step, as social-auth calls them."""

from __future__ import annotations

from typing import Any

from accounts.models import Membership, User
from integrations import clock
from integrations.providers.saml.arriving import Decision, Outcome, decide, open_invitation, vouches_for
from integrations.providers.saml.backend import SamlBackend
from integrations.providers.saml.config import Identity

LONGEST_NAME = 150


class NotLetIn(Exception):
    """`decision` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.code)
        self.decision = decision


def let_in(backend: SamlBackend, response: Identity, **_: Any) -> dict[str, Any]:
    decision = decide(backend.integration, response, backend.known)
    if decision.outcome == Outcome.REFUSED:
        raise NotLetIn(decision)
    known = decision.association
    return {"decision": decision, "uid": decision.uid, "social": known, "user": known.user if known else None}


def make_person(backend: SamlBackend, response: Identity, decision: Decision, user: User | None = None, **_: Any) -> dict[str, Any]:
    """Who was not linked before is the member to link, or is created now, without a password."""
    if user is not None:
        return {}
    integration = backend.integration
    invitation = open_invitation(integration, response.email)
    person = decision.user or User.objects.create_user(
        response.email, first_name=response.first_name[:LONGEST_NAME], last_name=response.last_name[:LONGEST_NAME]
    )
    if decision.outcome == Outcome.CREATES:
        Membership.everywhere.create(organization_id=integration.organization_id, user=person, role=decision.role)
    if invitation:
        invitation.accepted_at = clock.now()
        invitation.save(update_fields=["accepted_at"])
    return {"user": person, "is_new": decision.outcome == Outcome.CREATES}


def follow_groups(decision: Decision, **_: Any) -> None:
    membership = decision.membership
    if membership is not None and membership.role != decision.role:
        membership.role = decision.role
        membership.save(update_fields=["role"])


def follow_names(backend: SamlBackend, response: Identity, user: User, **_: Any) -> None:
    """Only where the address is the organization's own: somebody's name is shown in all of the person's organizations."""
    told = {"first_name": response.first_name[:LONGEST_NAME], "last_name": response.last_name[:LONGEST_NAME]}
    changed = {name: value for name, value in told.items() if value and value != getattr(user, name)}
    if changed and backend.integration.updates_profiles and vouches_for(backend.integration, user.email):
        for name, value in changed.items():
            setattr(user, name, value)
        user.save(update_fields=list(changed))
