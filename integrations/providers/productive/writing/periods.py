"""What a person has for some time (entitlements, bookings, salaries): how it is written once, followed, and taken back.

Productive gives no place for an id of ours, so each carries our reference in its note, and is found again by it among those of the
same person: dates and category do not tell two half days off on one day apart. Those do find what somebody entered there by hand
(`alike`), which is shown to a person before it is entered a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from integrations.errors import Rejected
from integrations.provider import Copy, Done, Draft, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource, related
from integrations.providers.productive.comparing import conflict, terms
from integrations.providers.productive.references import reference_in, with_reference, without_reference
from integrations.records.currencies import from_minor
from integrations.source import plain

NUMBERS = frozenset({"allocated", "percentage"})
PAY = "salaries"
IDS = {"person": "people", "event": "events"}


def only_once(copy: Copy) -> None:
    """Raises `Rejected` where a second copy is asked for."""
    if not copy.reference.endswith("-1"):
        raise Rejected(_("Productive has it already, and nobody has it twice."), advice=_("Copy it without making another."))


def linked(copy: Copy, record: Any, *names: str) -> dict[str, Any]:
    """Relationships to what the record belongs to. Raises `Rejected` where it belongs to nothing."""
    for name in names:
        if getattr(record, f"{name}_id") is None:
            raise Rejected(_("It has no person, or no absence category."), field=name, advice=_("Correct it where it was entered."))
    return {name: related(IDS[name], copy.linked(name, getattr(record, f"{name}_id"))) for name in names}


def number(value: Decimal | None) -> Decimal | int | None:
    return int(value) if value is not None and value == value.to_integral_value() else value


def written(
    copy: Copy,
    record: Any,
    path: str,
    *,
    columns: Sequence[str],
    alike: Sequence[str],
    relationships: Mapping[str, Any],
    at_first: Mapping[str, Any] | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    """The payload. `columns` are written as they are, but for the `attributes` that have to be put in another way; `at_first` is said
    when it is made, and left to Productive from then on. `alike` are the columns by which people know one from another."""
    ours = {name: plain(getattr(record, name)) for name in columns}
    note = with_reference(record.note, copy.reference)
    return {
        "type": path,
        "attributes": {**ours, **attributes, "note": note},
        "at_first": dict(at_first or {}),
        "relationships": dict(relationships),
        "alike": list(alike),
        **terms(copy, ours),
    }


def create(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_create(client, draft) for draft in drafts]


def _create(client: ProductiveClient, draft: Draft) -> Outcome:
    payload = draft.payload
    if not payload["overwrites"] and any(_is_alike(other, payload) for other in _of_person(client, payload)):
        advice = _("Delete it there and try again; or skip this one; or copy it and choose “Write what is here”, and both are there.")
        return Rejected(_("Somebody has entered the same in Productive."), advice=advice)
    made = client.create(payload["type"], {**payload["attributes"], **payload["at_first"]}, payload["relationships"])
    return _done(client, draft, made)


def update(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_withdraw(client, draft) if "withdrawn" in draft.payload else _update(client, draft) for draft in drafts]


def _withdraw(client: ProductiveClient, draft: Draft) -> Outcome:
    client.delete(draft.payload["type"], draft.remote_id)
    return Done(remote_id=draft.remote_id, gone=True)


def _update(client: ProductiveClient, draft: Draft) -> Outcome:
    payload, relationships = draft.payload, draft.payload["relationships"]
    there = client.one(payload["type"], draft.remote_id, tuple(relationships))
    said = _said(there, payload)
    if clash := conflict(payload, said, is_pay=payload["type"] == PAY):
        return clash
    if said == payload["ours"] and all(there.linked(name) == one["data"]["id"] for name, one in relationships.items()):
        return _done(client, draft, there)
    note = with_reference(payload["ours"]["note"], reference_in(there.attributes.get("note")) or draft.reference)
    return _done(client, draft, client.update(payload["type"], there.id, {**payload["attributes"], "note": note}, relationships))


def find_existing(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """Ours carry our reference in their note; looked for among those of the same person, category and dates, as the list may be asked."""
    found = {}
    for draft in drafts:
        for resource in _of_person(client, draft.payload):
            if reference_in(resource.attributes.get("note")) == draft.reference:
                found[draft.item] = _done(client, draft, resource)
    return found


def _of_person(client: ProductiveClient, payload: Mapping[str, Any]) -> Iterator[Resource]:
    """Salaries are listed by person only."""
    narrowed = {f"{name}_id": one["data"]["id"] for name, one in payload["relationships"].items()}
    if payload["type"] != PAY:
        narrowed |= {name: payload["ours"][name] for name in payload["alike"]}
    return client.find(payload["type"], narrowed)


def _is_alike(other: Resource, payload: Mapping[str, Any]) -> bool:
    """Whether it is the same, and not written from here."""
    attributes = other.attributes
    if attributes.get("canceled_at") or reference_in(attributes.get("note")):
        return False
    return all(attributes.get(name) == payload["ours"][name] for name in payload["alike"])


def _said(resource: Resource, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What it says of our columns, as our record would say it."""
    return {name: _as_ours(name, resource.attributes.get(name), resource) for name in payload["ours"]}


def _as_ours(name: str, raw: Any, resource: Resource) -> Any:
    if name == "note":
        return without_reference(str(raw or ""))
    if raw is not None and name in NUMBERS:
        return plain(Decimal(str(raw)))
    if raw is not None and name == "cost":
        return plain(from_minor(raw, resource.attributes["currency"]))
    return raw


def _done(client: ProductiveClient, draft: Draft, resource: Resource) -> Done:
    url = client.page_url("people", draft.payload["relationships"]["person"]["data"]["id"])
    return Done(remote_id=resource.id, number=resource.id, url=url, agreed=draft.payload["ours"])
