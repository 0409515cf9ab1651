"""What the integration is called, and whose records it moves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.admin.integration.fields import IntegrationForm
from integrations.admin.integration.section import lock
from integrations.admin.integration.steps import SCOPE, address
from integrations.models import Integration
from integrations.records.models import Subsidiary
from integrations.sync import routes
from integrations.sync.readiness import Readiness

EVERY = gettext_lazy("Every subsidiary without a connection of its own")


class ScopeForm(IntegrationForm):
    class Meta:
        model = Integration
        fields = ("name", "subsidiary")

    def __init__(self, *args: Any, locked: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = Q(pk=self.instance.subsidiary_id)
        subsidiary: Any = self.fields["subsidiary"]
        subsidiary.queryset = Subsidiary.objects.filter(Q(archived_at=None, remote_deleted_at=None) | current).order_by("name", "pk")
        subsidiary.empty_label = EVERY
        for field in self.fields.values():
            field.disabled = locked

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if Integration.objects.non_polymorphic().filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            text = _("Another connection is called “%(name)s” already. Choose a name that tells the two apart.")
            raise ValidationError(text, params={"name": name})
        return name


def panel(request: HttpRequest, readiness: Readiness) -> dict[str, Any] | HttpResponse:
    locked = not request.user.has_perm("integrations.change_integration")
    if request.method != "POST":
        return {"form": ScopeForm(instance=readiness.integration, locked=locked)}
    with transaction.atomic():
        form = ScopeForm(request.POST, instance=lock(readiness.integration))
        saved = form.is_valid() and save_scope(form)
        if not saved:
            transaction.set_rollback(True)
    if not saved:
        return {"form": form}
    messages.success(request, _("Saved."))
    return redirect(address(readiness, SCOPE))


def save_scope(form: ScopeForm) -> bool:
    """Write a valid form. False when another integration does already what this one would do for the subsidiary."""
    integration: Integration = form.instance
    integration.save(update_fields=["name", "subsidiary"])
    conflicts = routes.write_routes(integration)
    if "subsidiary" in form.changed_data:
        for taken in conflicts:
            form.add_error("subsidiary", ValidationError(str(taken)))
        return not conflicts
    return True
