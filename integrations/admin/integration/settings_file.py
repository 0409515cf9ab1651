"""Settings as a file: downloaded, and uploaded again with every change shown before it is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.admin.integration.section import lock
from integrations.admin.integration.steps import SETTINGS_FILE, address
from integrations.models import Integration
from integrations.settings_file import MOST_BYTES, Change, Unfit, apply, changes, read
from integrations.sync.readiness import Readiness
from integrations.templatetags.words import whole

SALT = "settings-file"
LINES_SHOWN = 500


class UploadForm(forms.Form):
    """The document in the file is `cleaned_data["file"]`."""

    file = forms.FileField(
        label=gettext_lazy("Settings file"),
        help_text=gettext_lazy("A file that was downloaded here or from another integration of the same vendor, up to 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={
            "required": gettext_lazy("Choose a settings file."),
            "empty": gettext_lazy("The file is empty. Choose another one."),
        },
    )

    def clean_file(self) -> Any:
        try:
            return read(self.cleaned_data["file"].read(MOST_BYTES + 1))
        except Unfit as unfit:
            raise ValidationError(str(unfit)) from None


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any] | HttpResponse:
    if request.method != "POST":
        return {"form": UploadForm()}
    if "shown" in request.POST:
        return _apply(request, readiness)
    form = UploadForm(files=request.FILES)
    if not form.is_valid():
        return {"form": form}
    document = form.cleaned_data["file"]
    return {"form": UploadForm(), **_difference(readiness.integration, document, changes(readiness.integration, document))}


def _apply(request: HttpRequest, readiness: Readiness) -> dict[str, Any] | HttpResponse:
    """Make the changes that were shown: exactly those, or none."""
    integration = readiness.integration
    try:
        document, shown = signing.loads(request.POST["shown"], salt=f"{SALT}:{integration.pk}")
    except signing.BadSignature:
        messages.error(request, _("What was shown is not known any more. Choose the file again; nothing was changed."))
        return redirect(address(readiness, SETTINGS_FILE))
    with transaction.atomic():
        locked = lock(integration)
        found = changes(locked, document)
        if is_same := _digest(found) == shown:
            found = apply(locked, document)
    if not is_same or any(change.problem for change in found):
        messages.warning(request, _("The settings were changed meanwhile, so nothing was applied. This is what the file would change now."))
        return {"form": UploadForm(), **_difference(integration, document, found)}
    text = ngettext("%(count)s change was applied.", "%(count)s changes were applied.", len(found))
    messages.success(request, text % {"count": whole(len(found))})
    return redirect(address(readiness, SETTINGS_FILE))


def _difference(integration: Integration, document: Any, found: Sequence[Change]) -> dict[str, Any]:
    """What the page shows of the changes; `shown` is what confirms them, '' where nothing can be applied."""
    problems = sum(1 for change in found if change.problem)
    shown = signing.dumps((document, _digest(found)), salt=f"{SALT}:{integration.pk}", compress=True) if found and not problems else ""
    ranked = sorted(found, key=lambda change: not change.problem)
    return {
        "compared": True,
        "found": ranked[:LINES_SHOWN],
        "more": max(0, len(ranked) - LINES_SHOWN),
        "count": len(ranked),
        "problems": problems,
        "shown": shown,
    }


def _digest(found: Sequence[Change]) -> str:
    lines = [(change.field, change.row, change.old, change.new, change.problem) for change in found]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()
