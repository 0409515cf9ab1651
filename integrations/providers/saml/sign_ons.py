"""Sessions that an identity provider vouches for: kept so that it can end them, and ended on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import doors
from accounts.models import User
from integrations import clock
from integrations.providers.saml.config import Identity, LogoutMessage
from integrations.providers.saml.models import SamlIntegration, SignOn

HOW = "saml"
"""What the proofs of such sessions say."""

SessionStore: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore


def until(integration: SamlIntegration, identity: Identity) -> datetime:
    """When the sign-on ends: as the identity provider says, and never later than the organization's longest session."""
    longest = clock.now() + timedelta(hours=integration.session_hours)
    return min(longest, identity.session_until) if identity.session_until else longest


def lengthen(request: HttpRequest, ends: datetime) -> None:
    """The session lasts as long as the last of what it proved; each proof ends by itself. A password's session keeps its own time."""
    if doors.PERSON not in request.session:
        others = [proof["until"] for proof in request.session.get(doors.PROOFS, {}).values() if "until" in proof]
        last = max([ends, *map(datetime.fromisoformat, others)])
        request.session.set_expiry(max(1, int((last - clock.now()).total_seconds())))


def record(request: HttpRequest, integration: SamlIntegration, user: User, identity: Identity, ends: datetime) -> None:
    """Keep how the session just begun is found when the identity provider ends it; in the transaction of the sign-on."""
    key = request.session.session_key
    assert key
    SignOn.everywhere.create(
        organization_id=integration.organization_id,
        integration=integration,
        user=user,
        session_key=key,
        name_id=identity.name_id,
        name_id_format=identity.name_id_format,
        name_qualifier=identity.name_qualifier,
        sp_name_qualifier=identity.sp_name_qualifier,
        session_index=identity.session_index,
        created_at=clock.now(),
        expires_at=ends,
    )


def return_to_session(request: HttpRequest, key: str) -> None:
    """Go on with the session in which the sign-on was begun: browsers did not send its cookie with the cross-site POST."""
    if key and not request.session.session_key:
        earlier = SessionStore(session_key=key)
        if earlier.exists(key):
            request.session = earlier


def follow_session(request: HttpRequest, integration: SamlIntegration, before: str | None) -> None:
    """The session's key has changed with the sign-on: what others vouch for in it goes on under the new one."""
    if before:
        SignOn.everywhere.filter(session_key=before, integration=integration).delete()
        SignOn.everywhere.filter(session_key=before).update(session_key=request.session.session_key)


def matching(integration: SamlIntegration, message: LogoutMessage) -> QuerySet[SignOn]:
    """The sessions that a logout request is about: of this person, and of these sessions where it names some."""
    found = SignOn.everywhere.filter(integration=integration, name_id=message.name_id)
    if message.session_indexes:
        found = found.filter(session_index__in=message.session_indexes)
    return found


def end(sign_ons: Iterable[SignOn]) -> int:
    """End them: the sessions prove nothing to the organization any more. What a session proved to others stays."""
    ended = 0
    for sign_on in sign_ons:
        sign_on.delete()
        ended += 1
        session = SessionStore(session_key=sign_on.session_key)
        if not session.exists(sign_on.session_key):
            continue
        proofs = dict(session.get(doors.PROOFS, {}))
        proofs.pop(str(sign_on.organization_id), None)
        if proofs or doors.PERSON in session:
            session[doors.PROOFS] = proofs
            session.save()
        else:
            session.delete()
    return ended


def of_session(request: HttpRequest) -> QuerySet[SignOn]:
    """The sign-ons of the request's session, the newest first."""
    key = request.session.session_key
    return SignOn.everywhere.filter(session_key=key or "-").select_related("integration__organization").order_by("-pk")
