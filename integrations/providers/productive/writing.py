"""What is told back to Productive: payments that accounting brought, and what was copied to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from integrations.providers.productive.references import REFERENCE, with_reference
from integrations.records.currencies import from_minor, to_minor
from integrations.records.models import Payment
from integrations.source import plain

ADDRESS = {"invoice": "export_invoice_url", "credit_note": "export_invoice_url", "expense": "export_url"}
"""The column that leads to the copy, by the kinds of which copies are marked."""
OF_PAYMENTS = ("amount", "paid_on", "written_off_on", "note", "external_id", "invoice_id", "currency")
IDS_A_CALL = 50


def ours(integration: Any, record: Any) -> Collection[str]:
    """The columns that are written from here."""
    if address := ADDRESS.get(record.kind):
        number = ("number",) if integration.writes_numbers and record.kind != "expense" else ()
        return ("exported", "export_id", address, "export_integration_type_id", *number)
    return OF_PAYMENTS if record.kind == "payment" and record.origin == "import" else ()


def reference(resource: Mapping[str, Any]) -> str:
    return str(resource.get("reference", ""))


# Payments -------------------------------------------------------------------------------------------------------------


def build_payment(copy: Copy, payment: Payment) -> tuple[dict[str, Any], dict[str, Decimal]]:
    invoice, amount = payment.invoice, payment.amount
    if invoice is None or not invoice.productive_id:
        raise Rejected(_("Its invoice is not in Productive."), field="invoice", advice=_("Bring the invoices first, then try again."))
    if amount is None:
        raise Rejected(_("The payment has no amount."), field="amount", advice=_("Correct it where it was entered."))
    currency = payment.currency or invoice.currency
    note = with_reference(payment.note, copy.reference)
    days = {name: plain(getattr(payment, name)) for name in ("paid_on", "written_off_on")}
    payload = {
        "type": "payments",
        "attributes": {"amount": to_minor(amount, currency), **days, "note": note},
        "relationships": {"invoice": {"data": {"type": "invoices", "id": invoice.productive_id}}},
        "currency": currency,
        **terms(copy, {"amount": plain(amount), **days}),
    }
    return payload, {"amount": amount}


def create_payments(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [
        _paid(client, draft, client.create("payments", draft.payload["attributes"], draft.payload["relationships"])) for draft in drafts
    ]


def update_payments(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_update_payment(client, draft) for draft in drafts]


def _update_payment(client: ProductiveClient, draft: Draft) -> Outcome:
    there = client.one("payments", draft.remote_id)
    days = {name: there.attributes.get(name) for name in ("paid_on", "written_off_on")}
    clash = conflict(draft.payload, {"amount": plain(_units(there.attributes["amount"], draft)), **days})
    return clash or _paid(client, draft, client.update("payments", draft.remote_id, draft.payload["attributes"]))


def find_payments(client: ProductiveClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """Ours carry our reference in their note; looked for among those of the same invoices."""
    by_reference = {draft.reference: draft for draft in drafts}
    invoices = sorted({_invoice_of(draft) for draft in drafts})
    found = {}
    for start in range(0, len(invoices), IDS_A_CALL):
        for resource in client.find("payments", {"invoice_id": ",".join(invoices[start : start + IDS_A_CALL])}):
            seen = REFERENCE.search(str(resource.attributes.get("note") or ""))
            if seen and (draft := by_reference.get(seen[1])):
                found[draft.item] = _paid(client, draft, resource)
    return found


def _paid(client: ProductiveClient, draft: Draft, resource: Resource) -> Done:
    amount = _units(resource.attributes["amount"], draft)
    url = client.page_url("invoices", _invoice_of(draft))
    return Done(remote_id=resource.id, number=resource.id, url=url, totals={"amount": amount}, agreed=draft.payload["ours"])


def _invoice_of(draft: Draft) -> str:
    return str(draft.payload["relationships"]["invoice"]["data"]["id"])


def _units(minor: Any, draft: Draft) -> Decimal:
    return from_minor(minor, draft.payload["currency"])


# What was copied ------------------------------------------------------------------------------------------------------


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
        totals={} if total is None else {"amount_with_tax": _units(total, draft)},
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


EXPORTS = (
    _marks("invoice", gettext_lazy("Marks of copied invoices")),
    _marks("credit_note", gettext_lazy("Marks of copied credit notes")),
    _marks("expense", gettext_lazy("Marks of copied expenses")),
    Export(
        kind="payment",
        label=gettext_lazy("Payments from accounting"),
        switches=("writes_payments",),
        select={"origin": "import"},
        not_ready=gettext_lazy("It comes from Productive."),
        by_itself="writes_by_itself",
        reads=("invoice",),
        incidental=INCIDENTAL,
        choices=(OVERWRITE,),
        build=build_payment,
        create=create_payments,
        update=update_payments,
        find_existing=find_payments,
        exclusive=False,
    ),
)
