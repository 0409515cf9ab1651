"""The doors: signing in, and whether a session may enter an organization. Each door asks the registered policies.

A session remembers under `PROOFS` which organizations it has proved itself to and how, as
`{"<organization id>": {"how": "password", "at": "2026-01-31T09:30:00+00:00", "second_factor": true}}`, and under `PERSON`,
in the same shape, what the person proved of itself. That counts for each of the person's organizations whose policies let
it pass; what one organization vouched for (its identity provider) counts for that one alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY, login
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import ports
from accounts.models import Organization, User
from accounts.ports import Door, Proof, Refusal
from accounts.second_factor import is_set_up, is_verified
from accounts.tenancy import within

View = TypeVar("View", bound=Callable[..., Any])

PROOFS = "proofs"
PERSON = "person"
CHOSEN = "organization_id"
BACKEND = "accounts.backends.MembershipBackend"


def outside(view: View) -> View:
    """Mark a view as reachable by those who are signed in but may not, or not yet, enter an organization."""
    cast(Any, view).reachable_outside = True
    return view


def refusal_at(door: Door, request: HttpRequest, user: User, organization: Organization, proof: Proof | None) -> Refusal | None:
    """The first refusal of the registered policies."""
    with within(organization):
        answers = (policy.refusal(door, request, user, organization, proof) for policy in ports.sign_in_policies)
        return next((refusal for refusal in answers if refusal), None)


def refusal_of_reset(request: HttpRequest, user: User) -> Refusal | None:
    """Why the user may set no new password: every one of the user's organizations refuses it."""
    refusals = [refusal_at(Door.RESET, request, user, row.organization, None) for row in user.memberships.values()]
    return refusals[0] if refusals and all(refusals) else None


def sign_in(
    request: HttpRequest,
    user: User,
    how: str,
    *,
    second_factor: bool = False,
    organization: Organization | None = None,
    until: datetime | None = None,
) -> Refusal | None:
    """Sign `user` in, who has just proved to be that person, or only that `organization` vouches for it, `until` then.

    Answers a refusal, and changes nothing, when policies shut the door to every organization in question. What a session of the
    same person proved before goes on to count; a session of somebody else ends.
    """
    proof = Proof(how, timezone.now(), second_factor, until)
    asked = [organization] if organization else [row.organization for row in user.memberships.values()]
    refusals = {row.pk: refusal_at(Door.LOGIN, request, user, row, proof) for row in asked}
    if asked and all(refusals.values()):
        return refusals[asked[0].pk]
    if SESSION_KEY in request.session:
        request.session.cycle_key()  # login() keeps the key of a session that is signed in already
    login(request, user, backend=BACKEND)
    if organization is None:
        request.session[PERSON] = _written(proof)
    for row in asked:
        if refusals[row.pk] is None:
            prove(request, row, proof)
    return None


def prove(request: HttpRequest, organization: Organization, proof: Proof) -> None:
    """Remember in the session that it has proved itself to the organization."""
    request.session[PROOFS] = {**request.session.get(PROOFS, {}), str(organization.pk): _written(proof)}


def proof_for(request: HttpRequest, organization: Organization) -> Proof | None:
    """How this session has proved itself to the organization, if that counts still."""
    proof = _read(request.session.get(PROOFS, {}).get(str(organization.pk)))
    return proof if proof is None or proof.until is None or proof.until > timezone.now() else None


def proof_of_person(request: HttpRequest) -> Proof | None:
    """How the person proved itself, on its own and not through an organization."""
    return _read(request.session.get(PERSON))


def set_second_factor(request: HttpRequest, present: bool) -> None:
    """The person has just proved a second factor in this session, or has given it up. The session key changes."""
    request.session.cycle_key()
    proofs = request.session.get(PROOFS, {})
    own = {key: {**proof, "second_factor": present} for key, proof in proofs.items() if proof["how"] in ports.OWN}
    request.session[PROOFS] = {**proofs, **own}
    request.session[PERSON] = {**request.session[PERSON], "second_factor": present}


def entrance(request: HttpRequest) -> Organization | Refusal | None:
    """The organization that this request is about, or why the session may not enter it; None for who is not signed in."""
    user = request.user
    if not user.is_authenticated:
        return None
    organization = _organization_in_view(request, user)
    if organization is None:
        return Refusal(_("Choose an organization first."), reverse("organizations"), straight=True)
    proof = proof_for(request, organization)
    if proof is None:
        proof = proof_of_person(request)
        if proof is None:
            reason = _("You signed in for another organization only. Sign in with your password to enter this one.")
            return Refusal(reason, _login_address(request))
        if refusal := refusal_at(Door.LOGIN, request, user, organization, proof):
            return refusal
        prove(request, organization, proof)
    doors = [Door.SESSION, Door.ADMIN] if request.path.startswith(reverse("admin:index")) else [Door.SESSION]
    refusals = (refusal_at(door, request, user, organization, proof) for door in doors)
    return next((refusal for refusal in refusals if refusal), None) or _lack(request, user, organization, proof) or organization


def _organization_in_view(request: HttpRequest, user: User) -> Organization | None:
    """The one chosen in this session, if the user may; else the first proved one, else the one joined first. Operators choose."""
    chosen = request.session.get(CHOSEN)
    if user.is_operator:
        return Organization.objects.filter(pk=chosen).first() if chosen else None
    if chosen in user.memberships:
        return user.memberships[chosen].organization
    own = [row.organization for row in sorted(user.memberships.values(), key=lambda row: row.pk)]
    return next((row for row in own if proof_for(request, row)), own[0] if own else None)


def _lack(request: HttpRequest, user: User, organization: Organization, proof: Proof) -> Refusal | None:
    """What the organization's demand for a second factor says to somebody whom it does not vouch for itself."""
    if not organization.requires_second_factor or not proof.is_own or is_verified(user):
        return None
    if is_set_up(user):
        return Refusal(_("This organization asks for your second factor. Sign in once more."), _login_address(request), straight=True)
    return Refusal(_("This organization asks for a second factor. Set it up to go on."), reverse("two_factor_enrol"), straight=True)


def _login_address(request: HttpRequest) -> str:
    return f"{reverse('login')}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"


def _written(proof: Proof) -> dict[str, Any]:
    until = {"until": proof.until.isoformat()} if proof.until else {}
    return {"how": proof.how, "at": proof.at.isoformat(), "second_factor": proof.second_factor, **until}


def _read(written: dict[str, Any] | None) -> Proof | None:
    if not written:
        return None
    until = datetime.fromisoformat(written["until"]) if "until" in written else None
    return Proof(written["how"], datetime.fromisoformat(written["at"]), written["second_factor"], until)
