"""Signing in with a password, in one step or two, signing out, and setting a new password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import django_otp
from django.contrib import messages
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.plugins.otp_static.models import StaticDevice

from accounts import doors, ports, second_factor
from accounts.forms import CodeForm, LoginForm
from accounts.mails import send_password_reset
from accounts.middleware import refused
from accounts.models import User

HELD = "held_at_second_step"
HELD_FOR = timedelta(minutes=10)


class LoginView(views.LoginView):
    authentication_form = LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        choices = [choice for source in ports.sign_in_choices for choice in source(self.request)]
        return super().get_context_data(choices=choices, **kwargs)

    def form_valid(self, form: auth_forms.AuthenticationForm) -> HttpResponse:
        user, url = form.get_user(), self.get_success_url()
        assert isinstance(user, User)
        if second_factor.is_set_up(user):
            hold(self.request, user, url)
            return redirect("login_code")
        refusal = doors.sign_in(self.request, user, ports.PASSWORD)
        return refused(self.request, refusal) if refusal else HttpResponseRedirect(url)


class LogoutView(views.LogoutView):
    """Ends the session here first, whatever whoever vouched for it makes of that."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        farewell = next((answer for ask in ports.farewells if (answer := ask(request))), None)
        usual = super().post(request, *args, **kwargs)
        return farewell or usual


def hold(request: HttpRequest, user: User, url: str) -> None:
    """Remember whose password was right until the second step; nobody is signed in by this. The session key changes."""
    request.session.cycle_key()
    request.session[HELD] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "until": (timezone.now() + HELD_FOR).isoformat(),
        "url": url,
    }


def held(request: HttpRequest) -> User | None:
    """Who is held at the second step: not for longer than `HELD_FOR`, and not beyond a change of the password."""
    note = request.session.get(HELD)
    if note is None or datetime.fromisoformat(note["until"]) < timezone.now():
        return None
    user = User.objects.filter(pk=note["user"], is_active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), note["password"]) else None


@login_not_required
@never_cache
@sensitive_post_parameters("code")
def login_code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the authenticator app, or a recovery code."""
    user = held(request)
    if user is None:
        messages.warning(request, _("Enter your e-mail address and password once more: the second step waits ten minutes only."))
        return redirect("login")
    form = CodeForm(user, request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/login_code.html", {"form": form})
    url = request.session.pop(HELD)["url"]
    if refusal := doors.sign_in(request, user, ports.PASSWORD, second_factor=True):
        return refused(request, refusal)
    django_otp.login(request, form.device)
    if isinstance(form.device, StaticDevice):
        left = second_factor.recovery_codes_left(user)
        messages.warning(request, _("You used a recovery code; %(left)s are left.") % {"left": left})
    return HttpResponseRedirect(url)


class PasswordResetView(views.PasswordResetView):
    def form_valid(self, form: auth_forms.PasswordResetForm) -> HttpResponse:
        send_password_reset(self.request, form.cleaned_data["email"])
        return HttpResponseRedirect(str(self.success_url))


class PasswordResetConfirmView(views.PasswordResetConfirmView):
    """The door is asked again when the link is used: a policy may have come since it was sent."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refused() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refused() or super().post(request, *args, **kwargs)

    def _refused(self) -> HttpResponse | None:
        refusal = doors.refusal_of_reset(self.request, self.user) if isinstance(self.user, User) else None
        return refused(self.request, refusal) if refusal else None
