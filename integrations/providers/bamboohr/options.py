"""What BambooHR has to choose from: fields of employees, and the values of the one that is the workplace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.provider import OptionSource, RemoteOption
from integrations.providers.bamboohr.client import COLUMNS, BambooClient, ListField

LOCATION = "location"


def fields(client: BambooClient) -> Iterator[RemoteOption]:
    """The columns of the dataset. What they hold is told elsewhere, where a column goes by its alias, its id or its label."""
    lists = _by_name({str(found.alias or found.field_id): found for found in client.lists()})
    types: dict[str, str] = {}
    for known in client.fields():
        if not known.deprecated:
            types |= dict.fromkeys(filter(None, (known.alias, str(known.id), known.name.casefold())), known.type)
    for column in client.dataset_fields():
        chosen_of = lists.get(column.name) or lists.get(column.label.casefold())
        kind = types.get(column.name) or types.get(column.label.casefold()) or "text"
        uses = [] if column.name in COLUMNS.names() else ["custom_field"]
        if chosen_of is not None:
            kind = "list" if chosen_of.multiple == "no" else "multilist"
            uses += ["workplace"] if chosen_of.multiple == "no" else []
        yield RemoteOption(value=column.name, label=column.label or column.name, uses=tuple(uses), facts={"type": kind})


def workplaces(client: BambooClient) -> Iterator[RemoteOption]:
    """The values of the workplace field; of the location, while none is chosen."""
    wanted: str = client.integration.bamboo_workplace_field or LOCATION
    label = next((column.label for column in client.dataset_fields() if column.name == wanted), "") if wanted != LOCATION else ""
    for found in client.lists():
        if wanted in (found.alias, str(found.field_id)) or (label and found.name.casefold() == label.casefold()):
            for option in found.options:
                if option.archived == "no" and option.name:
                    yield RemoteOption(value=option.name, label=option.name)


def _by_name(found: Mapping[str, ListField]) -> dict[str, Any]:
    return {**{listed.name.casefold(): listed for listed in found.values()}, **found}


OPTIONS = (
    OptionSource(name="fields", label=_("Fields"), fetch=fields),
    OptionSource(name="workplaces", label=_("Workplaces"), fetch=workplaces),
)
