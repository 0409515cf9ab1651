"""What was copied to accounting says so in Productive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Copy, Done, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource
from integrations.providers.productive.comparing import INCIDENTAL, OVERWRITE, conflict, terms
from integrations.providers.productive.listings import PATH_OF
from integrations.records.currencies import from_minor

ADDRESS = {"invoice": "export_invoice_url", "credit_note": "export_invoice_url", "expense": "export_url"}
"""The column that leads to the copy, by the kinds of which copies are marked."""


def build_marks(copy: Copy, record: Any) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """What Productive shows of the copy. The record itself is Productive's: it is never made there, nor is there a second one."""
    if not record.productive_id:
        raise Rejected(_("It is not in Productive."), advice=_("Only what comes from Productive can be marked there."))
    if not copy.reference.endswith("-1"):
        raise Rejected(_("Productive has one of it, and marks that one."), advice=_("Copy it without making another."))
    attributes: dict[str, Any] = {"exported": True, "export_id": record.export_id}
    attributes[ADDRESS[record.kind]] = getattr(record, ADDRESS[record.kind])
    if copy.integration.writes_numbers and getattr(record, "number", ""):
        attributes["number"] = record.number
    payload = {"type": PATH_OF[record.kind], "id": record.productive_id, "attributes": attributes, "currency": record.currency}
    total = record.amount_with_tax
    compared = {name: value for name, value in attributes.items() if name != "number" or name in copy.agreed}  # until now it was theirs
    return {**payload, **terms(copy, compared)}, {} if total is None else {"amount_with_tax": total}


def mark(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_mark(client, draft) for draft in drafts]


def _mark(client: ProductiveClient, draft: Draft) -> Outcome:
    payload = draft.payload
    there = client.one(payload["type"], payload["id"])
    if clash := conflict(payload, there.attributes):
        return clash
    return _marked(client, draft, there if _is_marked(there, draft) else client.update(payload["type"], there.id, payload["attributes"]))


def find_marks(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    read = ((draft, client.one(draft.payload["type"], draft.payload["id"])) for draft in drafts)
    return {draft.item: _marked(client, draft, there) for draft, there in read if _is_marked(there, draft)}


def _is_marked(there: Resource, draft: Draft) -> bool:
    return all(there.attributes.get(name) == value for name, value in draft.payload["attributes"].items())


def _marked(client: ProductiveClient, draft: Draft, resource: Resource) -> Done:
    attributes, path = resource.attributes, draft.payload["type"]
    total = attributes.get("amount_with_tax")
    return Done(
        remote_id=resource.id,
        number=str(attributes.get("number") or attributes.get("name") or resource.id),
        url=client.page_url(path, resource.id),
        totals={} if total is None else {"amount_with_tax": from_minor(total, draft.payload["currency"])},
        agreed=draft.payload["attributes"],
    )


def _marks(kind: str, label: Any) -> Export:
    return Export(
        kind=kind,
        label=label,
        switches=("writes_copies",),
        select={"exported": True},
        not_ready=gettext_lazy("It was not copied to any accounting system yet."),
        by_itself="writes_by_itself",
        incidental=INCIDENTAL,
        choices=(OVERWRITE,),
        build=build_marks,
        create=mark,
        update=mark,
        find_existing=find_marks,
        exclusive=False,
    )


MARKS = (
    _marks("invoice", gettext_lazy("Marks of copied invoices")),
    _marks("credit_note", gettext_lazy("Marks of copied credit notes")),
    _marks("expense", gettext_lazy("Marks of copied expenses")),
)
