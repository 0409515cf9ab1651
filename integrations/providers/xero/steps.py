"""What follows a copied invoice or credit note, each as a step of its own: PDF, note, allocation, “sent”.

A draft's `payload` names the document there, so that a copy made anew gets everything anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from integrations.documents.invoices import invoice_file_name, invoice_pdf
from integrations.errors import ProviderError, Rejected
from integrations.provider import Copy, Done, Draft, File, Outcome
from integrations.providers.xero.client import Document, moment
from integrations.providers.xero.enclosures import PDF, PLURALS, Allocation, EnclosingClient
from integrations.providers.xero.exports import refusal
from integrations.providers.xero.payloads import Payload, for_customers
from integrations.records import files
from integrations.records.base import Origin
from integrations.records.custom_values import custom_value
from integrations.records.models import Invoice

LONGEST_NOTE = 2500
BACK = timedelta(minutes=5)  # what the history of a document may be behind our clock
APPROVED = ("AUTHORISED", "PAID")

Send = Callable[[EnclosingClient, Draft, str], Done]


def one_by_one(send: Send) -> Callable[[EnclosingClient, Sequence[Draft], str], Sequence[Outcome]]:
    """Steps are written one in a call: what is refused is the outcome of that one."""

    def send_all(client: EnclosingClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
        return [send(client, draft, key) for draft in drafts]

    return send_all


# Our PDF ------------------------------------------------------------------------------------------------------------


def build_pdf(copy: Copy, invoice: Invoice) -> Payload:
    """The file is kept before anything is sent: the payload names it by its digest, and a retry sends the same bytes.

    A file that was attached keeps its name, by which Xero knows it: `remote_id`.
    """
    with for_customers():
        content = _own_document(invoice) or invoice_pdf(invoice)
        name = copy.remote_id or invoice_file_name(invoice)
    kept = {"organization": invoice.organization_id, "digest": files.keep(invoice.organization_id, content)}
    return {"kind": invoice.kind, "document": copy.main_id, "name": name, **kept}, {}


def _own_document(invoice: Invoice) -> bytes | None:
    """Productive's own PDF, if it is here; never one that came from an accounting system."""
    attachment = invoice.attachment
    if attachment is None or attachment.origin == Origin.IMPORT or not attachment.digest:
        return None
    try:
        return files.read(invoice.organization_id, attachment.digest)
    except files.Missing:
        return None


def attach_pdf(client: EnclosingClient, draft: Draft, key: str) -> Done:
    return _attach(client.attach, draft, key)


def attach_pdf_again(client: EnclosingClient, draft: Draft, key: str) -> Done:
    return _attach(client.attach_again, draft, key)


def _attach(send: Callable[..., Any], draft: Draft, key: str) -> Done:
    wanted = draft.payload
    try:
        content = files.read(wanted["organization"], wanted["digest"])
    except files.Missing:
        raise Rejected(_("The PDF is not in the folder of files any more."), advice=_("Copy the record again.")) from None
    send(PLURALS[wanted["kind"]], wanted["document"], wanted["name"], content, key)
    return Done(remote_id=wanted["name"], number=wanted["name"])


def find_pdf(client: EnclosingClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """By the file's name, which is unique in a document."""
    found = {}
    for draft in drafts:
        names = {attachment.name for attachment in client.attachments(PLURALS[draft.payload["kind"]], draft.payload["document"])}
        if draft.payload["name"] in names:
            found[draft.item] = Done(remote_id=draft.payload["name"], number=draft.payload["name"])
    return found


# Their PDF ----------------------------------------------------------------------------------------------------------


def build_fetch(copy: Copy, invoice: Invoice) -> Payload:
    """Fetched anew whenever the record has changed, so the revision is part of it."""
    with for_customers():
        name = invoice_file_name(invoice)
    return {"kind": invoice.kind, "document": copy.main_id, "name": name, "revision": invoice.revision}, {}


def fetch_pdf(client: EnclosingClient, draft: Draft, key: str) -> Done:
    wanted = draft.payload
    content = client.pdf(PLURALS[wanted["kind"]], wanted["document"])
    return Done(remote_id=wanted["document"], number=wanted["name"], file=File(name=wanted["name"], content_type=PDF, content=content))


def find_nothing(client: EnclosingClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """What only reads can always be done again."""
    return {}


# The note -----------------------------------------------------------------------------------------------------------


def build_note(copy: Copy, invoice: Invoice) -> Payload:
    text = custom_value(copy.integration.xero_internal_note_cf, invoice.custom_fields)
    if not text:
        return {}, {}
    return {"kind": invoice.kind, "document": copy.main_id, "note": text[:LONGEST_NOTE]}, {}


def add_note(client: EnclosingClient, draft: Draft, key: str) -> Done:
    wanted = draft.payload
    client.add_note(PLURALS[wanted["kind"]], wanted["document"], wanted["note"], key)
    return Done(remote_id=wanted["document"])


def find_note(client: EnclosingClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """By its text, among what was noted since: the same text may have been noted long before."""
    found = {}
    for draft in drafts:
        notes = client.history(PLURALS[draft.payload["kind"]], draft.payload["document"])
        if any(note.text == draft.payload["note"] and note.made and moment(note.made) >= since - BACK for note in notes):
            found[draft.item] = Done(remote_id=draft.payload["document"])
    return found


# The allocation -----------------------------------------------------------------------------------------------------


def build_allocation(copy: Copy, credit_note: Invoice) -> Payload:
    assert credit_note.parent_invoice_id is not None
    invoice = copy.linked("invoice", credit_note.parent_invoice_id)
    if not invoice:
        message = _("The invoice that it credits, %(invoice)s, has not been copied.") % {"invoice": credit_note.parent_invoice}
        raise Rejected(message, field="parent_invoice", advice=_("Copy the invoice, then try this again."))
    amount = abs(credit_note.amount_with_tax or Decimal(0))
    dated = credit_note.invoiced_on or credit_note.finalized_on
    return {"document": copy.main_id, "invoice": invoice, "amount": str(amount), "date": dated.isoformat() if dated else ""}, {}


def allocate(client: EnclosingClient, draft: Draft, key: str) -> Done:
    """As much of the credit as is left, at most what is due of the invoice; once, whatever was allocated since."""
    wanted = draft.payload
    note = client.balance("CreditNotes", wanted["document"])
    if done := _allocated(note.allocations, draft):
        return done
    invoice = client.balance("Invoices", wanted["invoice"])
    _check_approved(note.status, _("The credit note"))
    _check_approved(invoice.status, _("The invoice that it credits"))
    amount = min(Decimal(wanted["amount"]), note.credit, invoice.due)
    if amount <= 0:
        empty = _("Nothing is due of the invoice any more.") if invoice.due <= 0 else _("Nothing is left of the credit.")
        raise Rejected(empty, advice=_("Look into Xero whether the credit is to be refunded or used otherwise; then skip this."))
    allocation = {"Invoice": {"InvoiceID": wanted["invoice"]}, "Amount": amount, "Date": wanted["date"]}
    for answered in client.allocate(wanted["document"], allocation, key):
        if answered.errors:
            raise refusal(answered.errors)
    return Done(remote_id=wanted["invoice"])


def find_allocation(client: EnclosingClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    notes = ((draft, client.balance("CreditNotes", draft.payload["document"])) for draft in drafts)
    return {draft.item: done for draft, note in notes if (done := _allocated(note.allocations, draft))}


def _allocated(allocations: Sequence[Allocation], draft: Draft) -> Done | None:
    to_it = any(allocation.invoice is not None and allocation.invoice.id == draft.payload["invoice"] for allocation in allocations)
    return Done(remote_id=draft.payload["invoice"]) if to_it else None


def _check_approved(status: str, what: str) -> None:
    if status not in APPROVED:
        words = {"what": what, "status": status}
        raise Rejected(_("%(what)s is %(status)s in Xero.") % words, advice=_("Approve both in Xero, then try this again."))


# Sent ---------------------------------------------------------------------------------------------------------------


def build_sent(copy: Copy, invoice: Invoice) -> Payload:
    return {"document": copy.main_id}, {}


def mark_sent(client: EnclosingClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    """Only of approved invoices Xero keeps whether they were sent."""
    answers = client.mark_sent([draft.payload["document"] for draft in drafts], key)
    return list(map(_marked, drafts, answers))


def _marked(draft: Draft, document: Document) -> Outcome:
    error: ProviderError | None = refusal(document.errors) if document.has_errors or document.errors else None
    if error is None and not document.is_sent:
        message = _("It is %(status)s in Xero, which keeps only of approved invoices whether they were sent.")
        error = Rejected(message % {"status": document.status}, advice=_("Approve it in Xero, then try this again."))
    return error or Done(remote_id=draft.payload["document"])
