"""Whose manager somebody is: written when both are there, so that nobody has to wait for the manager, and circles do no harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.provider import Copy, Done, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource, related
from integrations.records.models import Person


def build_manager(copy: Copy, person: Person) -> tuple[dict[str, Any], dict[str, Decimal]]:
    if person.manager_id is None and not copy.remote_id:
        return {}, {}
    return {"person": copy.main_id, "manager": copy.linked("person", person.manager_id) if person.manager_id else ""}, {}


def write_managers(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_write(client, draft.payload["person"], draft.payload["manager"]) for draft in drafts]


def find_managers(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    read = ((draft, _read(client, draft.payload["person"])) for draft in drafts)
    return {draft.item: _done(client, there) for draft, there in read if there.linked("manager") == draft.payload["manager"]}


def _write(client: ProductiveClient, person: str, manager: str) -> Outcome:
    there = _read(client, person)
    if there.linked("manager") == manager:
        return _done(client, there)
    to = related("people", manager)
    return _done(client, client.update("people", person, {}, {"manager": to}))


def _read(client: ProductiveClient, person: str) -> Resource:
    return client.one("people", person, ("manager",))


def _done(client: ProductiveClient, there: Resource) -> Done:
    return Done(remote_id=there.id, number=there.id, url=client.page_url("people", there.id))


MANAGERS = Export(
    kind="person",
    step="manager",
    label=_("Managers"),
    switches=("writes_people",),
    needs={"manager": "person"},
    build=build_manager,
    create=write_managers,
    update=write_managers,
    find_existing=find_managers,
    exclusive=False,
)
