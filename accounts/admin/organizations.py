"""The settings of the current organization; for operators every organization, and new ones."""

from __future__ import annotations

from functools import cache, partial
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin.invitations import send
from accounts.invitations import found, free_slug
from accounts.models import Organization
from accounts.tenancy import current_organization

FIELDS = ["name", "slug", "time_zone", "currency", "requires_second_factor"]


@cache
def time_zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones())]


class NewOrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    slug = forms.SlugField(
        label=_("Short name"), max_length=50, required=False, help_text=_("Part of its addresses; made from the name when left empty.")
    )
    owner_email = forms.EmailField(label=_("First owner"), max_length=254, help_text=_("The invitation goes to this e-mail address."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "slug" in cleaned:
            cleaned["slug"] = cleaned["slug"] or free_slug(cleaned.get("name", ""))
        return cleaned


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "slug", "time_zone", "currency", "requires_second_factor", "created_at"]
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """Operators see all, everybody else the one that is current."""
        rows: QuerySet[Organization] = super().get_queryset(request)
        if request.user.is_authenticated and request.user.is_operator:
            return rows
        current = current_organization()
        return rows.filter(pk=current.pk) if current else rows.none()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """For those who see one organization only, its settings."""
        current = current_organization()
        if current and request.user.is_authenticated and not request.user.is_operator:
            return HttpResponseRedirect(reverse("admin:accounts_organization_change", args=[current.pk]))
        return super().changelist_view(request, extra_context)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        return ["slug"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        return FIELDS if obj else [*FIELDS, "owner_email"]

    def get_form(self, request: HttpRequest, obj: Organization | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": NewOrganizationForm}), **kwargs)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        if db_field.name == "time_zone":
            return forms.ChoiceField(label=_("Time zone"), choices=time_zones, initial="UTC")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        elif request.user.is_authenticated:
            invitation, token = found(obj, form.cleaned_data["owner_email"], invited_by=request.user)
            transaction.on_commit(partial(send, request, invitation, token))
