"""Drafts to Xero and its verdict on each; and how a copy is recognised that Xero may have already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Done, Draft, Outcome
from integrations.providers.xero.client import Changed, Contact, Document, Message, XeroClient
from integrations.providers.xero.payloads import read_contact, read_document

CONTACTS_A_QUERY = 10  # four conditions each; the address of a call must stay below about 8,000 characters

ADVICE = (
    (r"must be unique", gettext_lazy("Xero has another document with this number. Link the two, or give this one a new number.")),
    (r"lock date", gettext_lazy("Ask your bookkeeper to open the period in Xero, or change the date.")),
    (r"not of valid status for modification", gettext_lazy("It is paid, voided or locked in Xero. Change it there, or leave it.")),
    (
        r"TaxType|[Tt]ax [Tt]ype",
        gettext_lazy("Map the tax rate to one of Xero's that may be used there: some are for sales only, some for purchases."),
    ),
    (r"[Aa]ccount code", gettext_lazy("Refresh the list of accounts and map the service type to another one.")),
    (r"already assigned to another contact", gettext_lazy("Choose that contact for the company, or rename one of the two.")),
    (r"[Cc]urrency", gettext_lazy("Add the currency in Xero under Settings, Currencies.")),
)


def advice_for(message: str) -> str:
    """What to do about a refusal. Xero has no error codes, only texts."""
    return next((str(advice) for pattern, advice in ADVICE if re.search(pattern, message)), "")


def refusal(errors: Sequence[Message]) -> Rejected:
    message = " ".join(error.message for error in errors) or _("Xero refused the record and gave no reason.")
    return Rejected(message, advice=advice_for(message))


def create_contacts(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _contact_outcomes(client, client.create_contacts([draft.payload for draft in drafts], key))


def update_contacts(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _contact_outcomes(client, client.update_contacts([draft.payload for draft in drafts], key))


def _contact_outcomes(client: XeroClient, contacts: Sequence[Contact]) -> Sequence[Outcome]:
    return [refusal(contact.errors) if contact.errors else read_contact(contact, client.contact_url(contact.id)) for contact in contacts]


def create_invoices(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.create_invoices([draft.payload for draft in drafts], key))


def update_invoices(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.update_invoices([draft.payload for draft in drafts], key))


def create_credit_notes(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.create_credit_notes([draft.payload for draft in drafts], key))


def update_credit_notes(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.update_credit_notes([draft.payload for draft in drafts], key))


def create_purchase_orders(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.create_purchase_orders([draft.payload for draft in drafts], key))


def update_purchase_orders(client: XeroClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return _document_outcomes(client, client.update_purchase_orders([draft.payload for draft in drafts], key))


def _document_outcomes(client: XeroClient, documents: Sequence[Document]) -> Sequence[Outcome]:
    return [
        refusal(document.errors) if document.has_errors or document.errors else read_document(document, client.document_url(document))
        for document in documents
    ]


def find_invoices(client: XeroClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """Invoices and bills carry our reference in their `Url`, which Xero cannot filter by: read what our app made since and compare."""
    by_reference = {draft.reference: draft for draft in drafts}
    found = {}
    for page in client.invoices_changed(since, createdByMyApp="true"):
        for document in page.rows:
            draft = by_reference.get(document.address.rpartition("copy=")[2])
            if draft and document.status not in {"DELETED", "VOIDED"}:
                found[draft.item] = read_document(document, client.document_url(document))
    return found


def find_credit_notes(client: XeroClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    return _by_content(client, drafts, client.credit_notes_changed(since), "CreditNoteNumber")


def find_purchase_orders(client: XeroClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    return _by_content(client, drafts, client.purchase_orders_changed(since), "PurchaseOrderNumber")


def _by_content(client: XeroClient, drafts: Sequence[Draft], pages: Iterable[Changed[Document]], number_key: str) -> Mapping[int, Done]:
    """What has no field for our reference: the number tells it, else contact, date, text and total together.

    Two of the same content are interchangeable, so each found one is given to one draft.
    """
    pending = list(drafts)
    found = {}
    for page in pages:
        for document in page.rows:
            draft = next((draft for draft in pending if _is_copy(document, draft, number_key)), None)
            if draft and document.status not in {"DELETED", "VOIDED"}:
                pending.remove(draft)
                found[draft.item] = read_document(document, client.document_url(document))
    return found


def _is_copy(document: Document, draft: Draft, number_key: str) -> bool:
    if number := draft.payload.get(number_key):
        return document.number == str(number)
    return bool(
        document.contact is not None
        and document.contact.id == draft.payload["Contact"]["ContactID"]
        and document.date.isoformat() == draft.payload["Date"]
        and document.reference == draft.payload.get("Reference", "")
        and document.total == draft.expected.get("total", document.total)
    )


def adopt_contacts(client: XeroClient, drafts: Sequence[Draft]) -> Mapping[int, Done]:
    """The contacts that Xero has already: by our number, else tax number, e-mail, name; what fits several is not taken."""
    found: dict[int, Done] = {}
    for start in range(0, len(drafts), CONTACTS_A_QUERY):
        some = drafts[start : start + CONTACTS_A_QUERY]
        where = " OR ".join(condition for draft in some for condition in _conditions(draft))
        contacts = [contact for contact in client.find_contacts(where) if contact.status == "ACTIVE"]
        for draft in some:
            if contact := _match(draft, contacts):
                found[draft.item] = read_contact(contact, client.contact_url(contact.id))
    return found


def find_contacts(client: XeroClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """A contact that we created carries our `ContactNumber`, the first that adoption looks for."""
    return adopt_contacts(client, drafts)


def _conditions(draft: Draft) -> Iterator[str]:
    """Names are unique in whatever case, and compared exactly."""
    for name in ("ContactNumber", "TaxNumber", "EmailAddress"):
        if value := draft.payload.get(name):
            yield f'{name}=="{_quoted(value)}"'
    yield f'Name.ToLower()=="{_quoted(draft.payload["Name"].lower())}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _match(draft: Draft, contacts: Sequence[Contact]) -> Contact | None:
    wanted = draft.payload
    criteria: tuple[Callable[[Contact], str], ...] = (
        lambda contact: contact.number,
        lambda contact: contact.tax_number,
        lambda contact: contact.email,
        lambda contact: contact.name,
    )
    for name, read in zip(("ContactNumber", "TaxNumber", "EmailAddress", "Name"), criteria, strict=True):
        value = wanted.get(name, "").casefold()
        same = [contact for contact in contacts if value and read(contact).casefold() == value]
        if len(same) == 1:
            return same[0]
    return None
