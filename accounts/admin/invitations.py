"""Invitations into the current organization: adding one sends it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.people import alone_in_organization, may_give, role_choices
from accounts.invitations import renew
from accounts.mails import send_invitation
from accounts.models import Invitation, Membership
from accounts.tenancy import OrganizationScopedAdmin


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        alone_in_organization()
        if Membership.objects.filter(user__email__iexact=email).exists():
            raise ValidationError(_("This person is a member already. Change the role under People and roles."))
        if Invitation.objects.filter(email__iexact=email, accepted_at=None).exists():
            raise ValidationError(
                _("%(email)s is invited already. Send that invitation again, or revoke it first."), params={"email": email}
            )
        return email


@admin.register(Invitation)
class InvitationAdmin(OrganizationScopedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """An invitation is never edited: it is sent again, or revoked and made anew."""

    form = InvitationForm
    fields = ["email", "role"]
    list_display = ["email", "role", "state", "invited_by", "created_at", "expires_at"]
    list_filter = ["role"]
    list_select_related = ["invited_by"]
    search_fields = ["email"]
    actions = ["send_again", "revoke"]
    empty_text = _("Whoever should come in gets a link by mail. Nobody is waiting for one now.")

    def formfield_for_choice_field(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> forms.TypedChoiceField | None:
        return super().formfield_for_choice_field(db_field, request, choices=role_choices(request), **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or (obj.accepted_at is None and may_give(request, obj.role)))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        assert request.user.is_authenticated
        obj.invited_by = request.user
        token = obj.renew()
        super().save_model(request, obj, form, change)
        transaction.on_commit(partial(send, request, obj, token))

    @admin.action(description=_("Send again"), permissions=["add"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        for invitation in self._open(request, queryset):
            send(request, invitation, renew(invitation))

    @admin.action(description=_("Revoke"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        revoked = self._open(request, queryset)
        self.log_deletions(request, queryset.filter(pk__in=[invitation.pk for invitation in revoked]))
        for invitation in revoked:
            invitation.delete()
        text = ngettext("%(count)s invitation is revoked.", "%(count)s invitations are revoked.", len(revoked))
        messages.success(request, text % {"count": len(revoked)})

    def _open(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> list[Invitation]:
        """Those of the chosen that were not accepted yet and that the user may decide on; says which are left out."""
        rows = list(queryset)
        chosen = [row for row in rows if row.accepted_at is None and may_give(request, row.role)]
        for row in rows:
            if row not in chosen:
                reason = _("it was accepted already") if row.accepted_at else _("only owners decide about owners")
                self.message_user(
                    request, _("%(email)s is left out: %(reason)s.") % {"email": row.email, "reason": reason}, messages.WARNING
                )
        return chosen

    @admin.display(description=_("state"))
    def state(self, invitation: Invitation) -> SafeString:
        if invitation.accepted_at:
            return chip("ok", _("accepted"))
        return chip("warn", _("waiting")) if invitation.is_open else chip("bad", _("run out"))


def chip(kind: str, text: Any) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', kind, text)


def send(request: HttpRequest, invitation: Invitation, token: str) -> None:
    """Send the invitation and tell the request's user whether the mail server took it."""
    if send_invitation(invitation, token):
        messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
    else:
        text = _("The invitation of %(email)s is kept, but its mail could not be sent. Check the mail settings, then send it again.")
        messages.error(request, text % {"email": invitation.email})
