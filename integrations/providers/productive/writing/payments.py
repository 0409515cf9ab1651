"""Payments that accounting brought, entered at their invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Copy, Done, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient, Resource, related
from integrations.providers.productive.comparing import INCIDENTAL, OVERWRITE, conflict, terms
from integrations.providers.productive.references import reference_in, with_reference
from integrations.records.currencies import from_minor, to_minor
from integrations.records.models import Payment
from integrations.source import plain

OF_PAYMENTS = ("amount", "paid_on", "written_off_on", "note", "external_id", "invoice_id", "currency")
IDS_A_CALL = 50


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
        "relationships": {"invoice": related("invoices", invoice.productive_id)},
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
            if draft := by_reference.get(reference_in(resource.attributes.get("note"))):
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


PAYMENTS = Export(
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
)
