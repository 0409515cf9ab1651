"""Nobody is told of an integration's incidents until a day: somebody is on it, or it cannot be helped before."""

from __future__ import annotations

from datetime import datetime, time

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from integrations import clock
from integrations.admin.integration.actions import installed
from integrations.admin.integration.page import CHANGE
from integrations.admin.pages import page


class MuteForm(forms.Form):
    """`until` is the first day on which somebody is told again, of the organization's calendar; without one it is today."""

    until = forms.DateField(required=False)


@page("integrations/<int:pk>/do/mute/", "integration-mute", CHANGE)
@require_POST
def mute(request: HttpRequest, pk: int) -> HttpResponse:
    integration = installed(pk)
    form = MuteForm(request.POST)
    day = form.cleaned_data["until"] if form.is_valid() else None
    if not form.is_valid() or (day and day <= timezone.localdate(clock.now())):
        messages.error(request, _("Choose a day that is still to come."))
    else:
        integration.muted_until = datetime.combine(day, time.min, timezone.get_current_timezone()) if day else None
        integration.save(update_fields=["muted_until"])
        if day:
            until = {"name": integration.name, "day": date_format(day)}
            messages.success(request, _("Nobody is told of incidents of %(name)s until %(day)s. They stay on the overview.") % until)
        else:
            messages.success(request, _("Incidents of %(name)s are told again.") % {"name": integration.name})
    return redirect(f"{reverse('admin:incidents')}?integration={integration.pk}")
