"""The organization's domains: added here, verified by a TXT record, or by an operator who knows better."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.invitations import chip
from accounts.admin.people import alone_in_organization
from accounts.domains import UNDER, mark_verified, normalized, record_of, verify_by_dns
from accounts.models import Domain
from accounts.tenancy import OrganizationScopedAdmin


class DomainForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_name(self) -> str:
        name = normalized(str(self.cleaned_data["name"]))
        alone_in_organization()
        if Domain.objects.filter(name=name).exists():
            raise ValidationError(_("%(domain)s is in the list already."), params={"domain": name})
        return name


@admin.register(Domain)
class DomainAdmin(OrganizationScopedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """A domain is never edited: it is verified, or deleted."""

    form = DomainForm
    fields = ["name"]
    list_display = ["name", "state", "record", "verified_at"]
    search_fields = ["name"]
    actions = ["verify", "vouch"]
    empty_text = _("Whose addresses lie in a verified domain can be created and linked by single sign-on. None is added yet.")

    def has_change_permission(self, request: HttpRequest, obj: Domain | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        hidden = set() if getattr(request.user, "is_operator", False) else {"vouch"}
        return {name: action for name, action in super().get_actions(request).items() if name not in hidden}

    def response_add(self, request: HttpRequest, obj: Domain, post_url_continue: str | None = None) -> Any:
        text = _("Now set a TXT record %(record)s at %(domain)s, or at %(under)s.%(domain)s, and choose “Verify now”.")
        messages.info(request, text % {"record": record_of(obj), "domain": obj.name, "under": UNDER})
        return super().response_add(request, obj, post_url_continue)

    @admin.action(description=_("Verify now"), permissions=["add"])
    def verify(self, request: HttpRequest, queryset: QuerySet[Domain]) -> None:
        for domain in queryset.filter(verified_at=None):
            self._try(request, domain, verify_by_dns)

    @admin.action(description=_("Verify without a record"), permissions=["add"])
    def vouch(self, request: HttpRequest, queryset: QuerySet[Domain]) -> None:
        """An operator's word stands for the record."""
        for domain in queryset.filter(verified_at=None):
            self._try(request, domain, partial(mark_verified, how=Domain.How.OPERATOR))

    def _try(self, request: HttpRequest, domain: Domain, verify: Callable[[Domain], None]) -> None:
        try:
            verify(domain)
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        else:
            messages.success(request, _("%(domain)s is verified.") % {"domain": domain.name})

    @admin.display(description=_("state"))
    def state(self, domain: Domain) -> SafeString:
        return chip("ok", _("verified")) if domain.verified_at else chip("warn", _("not verified"))

    @admin.display(description=_("TXT record"))
    def record(self, domain: Domain) -> str:
        return "" if domain.verified_at else record_of(domain)
