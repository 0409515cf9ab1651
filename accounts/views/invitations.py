"""Accepting an invitation.

The token leaves the address at once for the session, as a digest, so that neither a page nor a referrer carries it.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import doors, ports
from accounts.forms import NewPersonForm
from accounts.invitations import accept, by_digest
from accounts.middleware import refused
from accounts.models import Invitation, User
from accounts.ports import Door, Proof

OPENED = "invitation"


@login_not_required
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail."""
    digest = Invitation.digest(token)
    if by_digest(digest) is None:
        return _gone(request)
    request.session[OPENED] = digest
    return redirect("invitation_opened")


@login_not_required
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
def invitation_opened(request: HttpRequest) -> HttpResponse:
    found = opened_by(request)
    if found is None:
        return _gone(request)
    if request.user.is_authenticated:
        return _join(request, request.user, found)
    newcomer = User(email=found.email)
    if refusal := doors.refusal_at(Door.LOGIN, request, newcomer, found.organization, Proof(ports.INVITATION, timezone.now())):
        return refused(request, refusal)
    if User.objects.filter(email__iexact=found.email).exists():
        return render(request, "accounts/invitation_sign_in.html", {"invitation": found})
    return _arrive(request, found)


def opened_by(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link was opened in this session: its reader reads the mail of its address."""
    digest = request.session.get(OPENED)
    return by_digest(digest) if digest else None


def _join(request: HttpRequest, user: User, found: Invitation) -> HttpResponse:
    """Somebody with an account, who is signed in."""
    if user.email != found.email:
        return render(request, "accounts/invitation_other_address.html", status=403)
    if request.method != "POST":
        return render(request, "accounts/invitation_join.html", {"invitation": found})
    return _enter(request, found) if accept(found, user) else _gone(request)


def _arrive(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Somebody new, who chooses names and a password."""
    user = User(email=found.email)
    form = NewPersonForm(user, request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/invitation_new_person.html", {"invitation": found, "form": form})
    try:
        with transaction.atomic():
            form.save()
            accepted = accept(found, user)
    except IntegrityError:  # the same form, sent twice at once: the other one made the person
        accepted = False
    if not accepted:
        return _gone(request)
    if refusal := doors.sign_in(request, user, ports.INVITATION):
        return refused(request, refusal)
    return _enter(request, found)


def _enter(request: HttpRequest, found: Invitation) -> HttpResponse:
    request.session.pop(OPENED, None)
    request.session[doors.CHOSEN] = found.organization_id
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": found.organization})
    return redirect("home")


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/invitation_gone.html", status=404)
