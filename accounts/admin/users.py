"""Every user of the installation, for operators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import second_factor
from accounts.models import User


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    editor: User

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another user has this e-mail address."))
        return email

    def clean_is_active(self) -> bool:
        return self._kept_by_oneself("is_active")

    def clean_is_staff(self) -> bool:
        return self._kept_by_oneself("is_staff")

    def _kept_by_oneself(self, name: str) -> bool:
        if self.instance == self.editor and not self.cleaned_data[name]:
            raise ValidationError(_("You cannot take this from yourself. Ask another operator."))
        return bool(self.cleaned_data[name])


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Users come by invitation, operators by `manage.py createsuperuser`; they are made inactive, never deleted."""

    form = UserForm
    list_display = ["email", "name", "is_active", "is_staff", "has_second_factor", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    fields = ["email", "first_name", "last_name", "is_active", "is_staff", "last_login", "date_joined"]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["remove_second_factor"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(second_factor=second_factor.has_one("pk"))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Who may see no user is refused before it is told whether there is one with this id."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"editor": request.user})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter on the hash of a password, which would tell it letter by letter."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    @admin.action(description=_("Remove the second factor"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who lost the phone and the recovery codes."""
        for user in queryset:
            second_factor.remove(user)
            self.log_change(request, user, "Removed the second factor.")
            messages.success(request, _("%(user)s signs in with the password alone now.") % {"user": user})

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.second_factor)
