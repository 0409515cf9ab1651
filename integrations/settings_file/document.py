"""Documents made of integrations, and read back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.tenancy import within
from integrations.models import Integration
from integrations.settings_file.change import Change
from integrations.settings_file.shapes import Shape, shape_of
from integrations.sync import routes, schedule
from integrations.sync.offers import Offers

HEAD = ("name", "subsidiary")
KEYS = ("provider", *HEAD, "settings")


def as_document(integration: Integration) -> dict[str, Any]:
    """Everything that `apply` understands; rows of mappings whose record is gone are left out."""
    written = {name: shape.write(getattr(integration, name)) for name, shape in _shapes(integration).items()}
    head = {name: written.pop(name) for name in HEAD}
    return {"provider": integration.provider, **head, "settings": written}


def changes(integration: Integration, document: Any) -> list[Change]:
    """What `apply` would change, and everything that keeps it from it."""
    return _plan(integration, document)[1]


@transaction.atomic
def apply(integration: Integration, document: Any) -> list[Change]:
    """Change the saved integration as the document says, unless one of the returned changes has a problem: then nothing is changed."""
    Integration.everywhere.non_polymorphic().select_for_update(no_key=True).get(pk=integration.pk)
    integration.refresh_from_db()
    values, found = _plan(integration, document)
    if not any(change.problem for change in found):
        for name, value in values.items():
            setattr(integration, name, value)
        if values:
            integration.save(update_fields=list(values))
        routes.write_routes(integration)
        if integration.can_work:
            schedule.plan(integration)
    return found


def _shapes(integration: Integration) -> dict[str, Shape]:
    """By the names of the fields, in the order of the provider's sections."""
    offers = Offers(integration)
    names = [*HEAD, *(name for section in integration.declaration.sections for name in section.fields)]
    fields: dict[str, models.Field[Any, Any]] = {name: integration._meta.get_field(name) for name in names}  # type: ignore[misc]
    return {name: shape_of(field, offers) for name, field in fields.items()}


def _plan(integration: Integration, document: Any) -> tuple[dict[str, Any], list[Change]]:
    """The new values by field, and the changes that lead to them."""
    if problem := _misread(integration, document):
        return {}, [_of_document(problem)]
    shapes = _shapes(integration)
    settings = document.get("settings", {})
    known = [name for name in shapes if name not in HEAD]
    found = [_unknown(str(name), known) for name in settings if name not in known]
    values = {}
    given = {name: document[name] for name in HEAD if name in document} | {name: settings[name] for name in known if name in settings}
    for name, raw in given.items():
        new, differences = shapes[name].compare(getattr(integration, name), raw)
        found += differences
        if differences:
            values[name] = new
    if values and not any(change.problem for change in found):
        found += _objections(integration, values)
    return values, found


def _misread(integration: Integration, document: Any) -> str:
    """What is wrong with the document as a whole; blank when it can be read."""
    if not isinstance(document, Mapping) or not isinstance(document.get("settings", {}), Mapping):
        return _("A settings file is an object with %(keys)s; “settings” is an object itself.") % {"keys": ", ".join(KEYS)}
    if unknown := [str(key) for key in document if key not in KEYS]:
        return _("A settings file has no %(unknown)s. It has: %(keys)s.") % {"unknown": ", ".join(unknown), "keys": ", ".join(KEYS)}
    if document.get("provider") != integration.provider:
        words = {"theirs": document.get("provider"), "ours": integration.provider}
        return _("The settings file is for “%(theirs)s”, this integration is one of “%(ours)s”. Choose another file.") % words
    return ""


def _objections(integration: Integration, values: Mapping[str, Any]) -> list[Change]:
    """What the integration itself, and the others beside it, have against the new values together."""
    candidate = copy.copy(integration)
    for name, value in values.items():
        setattr(candidate, name, value)
    with within(integration.organization):
        try:
            candidate.full_clean()
        except ValidationError as error:
            return [_refused(integration, name, " ".join(messages)) for name, messages in error.message_dict.items()]
        if "name" in values and Integration.objects.non_polymorphic().filter(name__iexact=candidate.name).exclude(pk=candidate.pk).exists():
            return [_refused(integration, "name", _("Another connection has this name already. Choose a name that tells the two apart."))]
    return [
        _refused(integration, next(iter(taken.export.switches), "subsidiary"), _("%(taken)s Switch it off there first.") % {"taken": taken})
        for taken in routes.taken(candidate)
        if values.keys() & {"subsidiary", *taken.export.switches}
    ]


def _refused(integration: Integration, name: str, problem: str) -> Change:
    if name == NON_FIELD_ERRORS:
        return _of_document(problem)
    return Change(field=name, label=integration._meta.get_field(name).verbose_name, problem=problem)  # type: ignore[union-attr]


def _unknown(name: str, known: list[str]) -> Change:
    return Change(field=name, label=name, problem=_("There is no such setting. The settings are: %(names)s.") % {"names": ", ".join(known)})


def _of_document(problem: str) -> Change:
    return Change(field="", label=_("The settings file"), problem=problem)
