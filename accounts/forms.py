"""The forms of the pages that everybody has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth import forms as auth_forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import second_factor
from accounts.models import Membership, User


class LoginForm(auth_forms.AuthenticationForm):
    username = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )

    error_messages = {
        "invalid_login": _("This e-mail address and password do not belong together. Check both, or reset your password."),
        "inactive": _("This e-mail address and password do not belong together. Check both, or reset your password."),
    }

    def clean_username(self) -> str:
        """In lower case, as addresses are kept, so that failures are counted for the person and not for a spelling."""
        return str(self.cleaned_data["username"]).lower()


class CodeForm(forms.Form):
    """The second step of signing in. A valid form carries the `device` that the code came from."""

    code = forms.CharField(
        label=_("Code"),
        max_length=30,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.device: Any = None

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if seconds := second_factor.seconds_to_wait(self.user, code):
            text = ngettext(
                "Too many wrong codes. Try again in %(seconds)s second.", "Too many wrong codes. Try again in %(seconds)s seconds.", seconds
            )
            raise ValidationError(text, params={"seconds": seconds})
        self.device = second_factor.device_for(self.user, code)
        if self.device is None:
            raise ValidationError(_("This code is not right, or it was used before. Wait for the next one and try again."))
        return code


class EnrolForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=10,
        help_text=_("The six digits that the app shows now."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasswordForm(forms.Form):
    """Asks for the password again. Wrong ones count like failed sign-ins."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autofocus": True, "autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        verify_password(self.request, password)
        return password


class PasswordChangeForm(auth_forms.PasswordChangeForm):
    """Wrong old passwords count like failed sign-ins."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        verify_password(self.request, password)
        return password


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["first_name", "last_name"]


class MailForm(forms.ModelForm):  # type: ignore[type-arg]
    """What one person is told by mail of one organization."""

    class Meta:
        model = Membership
        fields = ["wants_mail"]


class NewPersonForm(auth_forms.SetPasswordForm):  # type: ignore[type-arg]
    """Names and password of somebody who was invited and is new here."""

    first_name = forms.CharField(label=_("First name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(label=_("Last name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))

    field_order = ["first_name", "last_name", "new_password1", "new_password2"]

    def clean(self) -> dict[str, Any]:
        for name in ("first_name", "last_name"):
            setattr(self.user, name, self.cleaned_data.get(name, ""))
        return super().clean() or self.cleaned_data


def verify_password(request: HttpRequest, password: str) -> None:
    """Raise ValidationError unless this is the password of the request's user."""
    if not request.user.is_authenticated or authenticate(request, username=request.user.email, password=password) is None:
        raise ValidationError(_("This is not your password. Try again."))
