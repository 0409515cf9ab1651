"""Notice endpoints of the current organization: what is called about incidents, and how that goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.tenancy import OrganizationScopedAdmin
from integrations import clock
from integrations.admin.pages import page
from integrations.admin.states import Chip, notice_chip
from integrations.errors import ConfigProblem
from integrations.models import Notice, NoticeEndpoint, NoticeState
from integrations.notices.calling import reach
from integrations.notices.signing import new_secret
from integrations.templatetags.look import chip
from integrations.templatetags.words import at

LAST = 20


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    url = forms.URLField(
        label=_("Address"), max_length=500, assume_scheme="https", help_text=NoticeEndpoint._meta.get_field("url").help_text
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            reach(url)
        except ConfigProblem as problem:
            message = problem.message
        else:
            return url
        raise ValidationError(message)


@admin.register(NoticeEndpoint)
class NoticeEndpointAdmin(OrganizationScopedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """The secret is shown once, when it is made: on the page that answers the form, and nowhere else."""

    form = EndpointForm
    change_form_template = "admin/integrations/noticeendpoint/change_form.html"
    list_display = ["url", "active", "state"]
    actions = ["send_again"]
    empty_text = _("An incident can also be told to a system of yours, such as a chat or an on-call rota. No address is added yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeEndpoint]:
        rows: QuerySet[NoticeEndpoint] = super().get_queryset(request)
        return rows.annotate(
            given_up=Count("notices", filter=Q(notices__state=NoticeState.GIVEN_UP)),
            failing=Count("notices", filter=Q(notices__state=NoticeState.WAITING, notices__tries__gt=0)),
        )

    def get_fields(self, request: HttpRequest, obj: NoticeEndpoint | None = None) -> Any:
        return ["url", "active", *(["state", "last_notices"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: NoticeEndpoint | None = None) -> list[str]:
        return ["state", "last_notices"] if obj else []

    def save_model(self, request: HttpRequest, obj: NoticeEndpoint, form: Any, change: bool) -> None:
        if not change:
            obj.secret = new_secret()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: NoticeEndpoint, post_url_continue: str | None = None) -> HttpResponse:
        return secret_shown(request, obj)

    @admin.display(description=_("state"))
    def state(self, endpoint: Any) -> SafeString:
        if endpoint.given_up:
            text = ngettext("gave up on %(count)s notice", "gave up on %(count)s notices", endpoint.given_up)
            return chip(Chip("bad", text % {"count": endpoint.given_up}))
        if endpoint.failing:
            text = ngettext("%(count)s notice is tried again", "%(count)s notices are tried again", endpoint.failing)
            return chip(Chip("warn", text % {"count": endpoint.failing}))
        return chip(Chip("ok", now("works")) if endpoint.active else Chip("off", now("off")))

    @admin.display(description=_("last notices"))
    def last_notices(self, endpoint: NoticeEndpoint) -> SafeString | str:
        rows = Notice.objects.filter(endpoint=endpoint).select_related("incident")[:LAST]
        lines = [(chip(notice_chip(row.state)), str(row), at(row.sent_at or row.made_at), row.trouble) for row in rows]
        return format_html_join("", '<p>{} {}, {} <span class="muted">{}</span></p>', lines) or now("Nothing was to be told yet.")

    @admin.action(description=_("Send again what was given up"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[NoticeEndpoint]) -> None:
        given_up = Notice.objects.filter(endpoint__in=list(queryset.values_list("pk", flat=True)), state=NoticeState.GIVEN_UP)
        count = given_up.update(state=NoticeState.WAITING, tries=0, due_at=clock.now())
        text = ngettext("%(count)s notice is sent again.", "%(count)s notices are sent again.", count)
        messages.success(request, text % {"count": count})


@page("endpoints/<int:pk>/secret/", "endpoint-secret", "integrations.change_noticeendpoint")
@require_POST
def renew_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on calls are signed with a new one; the old one is forgotten."""
    endpoint = get_object_or_404(NoticeEndpoint.objects, pk=pk)
    endpoint.secret = new_secret()
    endpoint.save(update_fields=["secret"])
    return secret_shown(request, endpoint)


def secret_shown(request: HttpRequest, endpoint: NoticeEndpoint) -> HttpResponse:
    context = {"title": now("The secret of this endpoint"), "endpoint": endpoint, "secret": endpoint.secret}
    return render(request, "admin/integrations/endpoint_secret.html", context)
