"""Setting the second factor up, renewing its recovery codes, giving it up."""

from __future__ import annotations

from functools import wraps
from typing import Any, Protocol

import django_otp
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import doors, second_factor
from accounts.doors import outside
from accounts.forms import EnrolForm, PasswordForm
from accounts.views import SignedInRequest

ENROLLING = "second_factor_key"


class Page(Protocol):
    def __call__(self, request: SignedInRequest) -> HttpResponse: ...


def own_page(view: Page) -> Page:
    """A page for people who signed in with their own password, whether or not an organization lets them in yet."""

    @outside
    @login_required
    @never_cache
    @sensitive_post_parameters("password", "code")
    @wraps(view)
    def page(request: SignedInRequest) -> HttpResponse:
        if doors.proof_of_person(request) is None or not request.user.has_usable_password():
            return render(request, "accounts/two_factor_elsewhere.html", status=403)
        return view(request)

    return page


@own_page
def two_factor(request: SignedInRequest) -> HttpResponse:
    is_set_up = second_factor.is_set_up(request.user)
    left = second_factor.recovery_codes_left(request.user)
    return render(request, "accounts/two_factor.html", {"is_set_up": is_set_up, "codes_left": left})


@own_page
def enrol(request: SignedInRequest) -> HttpResponse:
    """Shows a key, which the session keeps until the app proves with a code that it has it."""
    user = request.user
    if second_factor.is_set_up(user):
        return redirect("two_factor")
    key = request.session.setdefault(ENROLLING, second_factor.new_key())
    form = EnrolForm(request.POST or None)
    if form.is_valid():
        if made := second_factor.enrol(user, key, form.cleaned_data["code"]):
            device, codes = made
            del request.session[ENROLLING]
            doors.set_second_factor(request, present=True)
            django_otp.login(request, device)
            return _show_codes(request, codes)
        form.add_error("code", _("This code is not right. Check that the clock of your phone is right, and enter the code shown now."))
    context = {"form": form, "qr_code": second_factor.qr_code(user, key), "key": second_factor.written_key(key)}
    return render(request, "accounts/two_factor_enrol.html", context)


@own_page
def renew_codes(request: SignedInRequest) -> HttpResponse:
    return _behind_password(request, "accounts/two_factor_codes.html", _renew)


@own_page
def remove(request: SignedInRequest) -> HttpResponse:
    return _behind_password(request, "accounts/two_factor_remove.html", _remove)


def _behind_password(request: SignedInRequest, template: str, then: Page) -> HttpResponse:
    if not second_factor.is_set_up(request.user):
        return redirect("two_factor")
    form = PasswordForm(request, request.POST or None)
    return then(request) if form.is_valid() else render(request, template, {"form": form})


def _renew(request: SignedInRequest) -> HttpResponse:
    return _show_codes(request, second_factor.new_recovery_codes(request.user))


def _remove(request: SignedInRequest) -> HttpResponse:
    second_factor.remove(request.user)
    doors.set_second_factor(request, present=False)
    messages.success(request, _("Your second factor is removed. From now on the password alone signs you in."))
    return redirect("two_factor")


def _show_codes(request: SignedInRequest, codes: list[str]) -> HttpResponse:
    context: dict[str, Any] = {"codes": codes}
    return render(request, "accounts/recovery_codes.html", context)
