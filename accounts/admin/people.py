"""People and roles of the current organization."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.models import Membership, Organization, Role
from accounts.second_factor import has_one
from accounts.tenancy import OrganizationScopedAdmin, current_organization


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        alone_in_organization()
        if role != Role.OWNER and self.instance.is_last_owner:
            raise ValidationError(_("This is the last owner. Make somebody else an owner first."))
        return role


@admin.register(Membership)
class MembershipAdmin(OrganizationScopedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Members come in by invitation only. Removing one ends the membership; the person's account stays."""

    form = MembershipForm
    actions = None
    list_display = ["email", "name", "role", "has_second_factor", "last_login"]
    list_filter = ["role"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__first_name", "user__last_name"]
    fields = ["email", "name", "role", "sees_pay", "has_second_factor", "last_login", "created_at"]
    readonly_fields = ["email", "name", "has_second_factor", "last_login", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.annotate(second_factor=has_one("user"))

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        """Only who sees pay may let others see it."""
        assert request.user.is_authenticated
        return [*self.readonly_fields, *([] if roles.sees_pay(request.user) else ["sees_pay"])]

    def formfield_for_choice_field(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> forms.TypedChoiceField | None:
        return super().formfield_for_choice_field(db_field, request, choices=role_choices(request), **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_give(request, obj.role))

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or (may_give(request, obj.role) and not obj.is_last_owner))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        alone_in_organization()
        if obj.is_last_owner:
            raise PermissionDenied
        super().delete_model(request, obj)

    @admin.display(description=_("e-mail address"), ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @admin.display(description=_("name"), ordering="user__last_name")
    def name(self, membership: Membership) -> str:
        return membership.user.get_full_name()

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, membership: Any) -> bool:
        return bool(membership.second_factor)

    @admin.display(description=_("last login"), ordering="user__last_login")
    def last_login(self, membership: Membership) -> str:
        last = membership.user.last_login
        return date_format(localtime(last), "DATETIME_FORMAT") if last else ""


def may_give(request: HttpRequest, role: str) -> bool:
    return request.user.is_authenticated and role in roles.gives(request.user)


def role_choices(request: HttpRequest) -> list[tuple[str, str]]:
    """The roles that the request's user may give."""
    return [(value, str(label)) for value, label in Role.choices if may_give(request, value)]


def alone_in_organization() -> None:
    """Inside a transaction: wait until nobody else changes who belongs to the current organization."""
    if organization := current_organization():
        Organization.objects.select_for_update().get(pk=organization.pk)
