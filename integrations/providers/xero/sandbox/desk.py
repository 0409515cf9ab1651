"""Invoices, bills, credit notes and purchase orders: what may be created and changed, what Xero looks at first, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations import clock
from integrations.providers.xero.sandbox.batches import Staged
from integrations.providers.xero.sandbox.books import INVOICE, PURCHASE_ORDER, ZERO, Books, Contact, Document, DocumentKind
from integrations.providers.xero.sandbox.contacts import MATCHED_ARCHIVED, Contacts
from integrations.providers.xero.sandbox.lines import CENT, FOUR_PLACES, LineRules, Lines, NotConvertible, flag, number, text
from integrations.providers.xero.sandbox.wire import NO_ID, Row, date_string, ms_date, parse_date
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import split_url

AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")
LONGEST, LONGEST_INSTRUCTIONS = 255, 500
RATE_PLACES = Decimal("0.000001")
ALWAYS_EDITABLE = {
    "Type",
    "Status",
    "Reference",
    "Url",
    "SentToContact",
    "DueDate",
    "ExpectedPaymentDate",
    "PlannedPaymentDate",
    "BrandingThemeID",
}
CONTACT_KEYS = {"ContactID", "ContactNumber", "Name"}
NOT_EDITABLE = "{} not of valid status for modification"
HAS_PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."
NO_CONTACT = "A Contact must be specified for this type of transaction"
EMPTY_CONTACT = "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber"


@dataclass
class Plan:
    """What is to be written: everything a document will be, beside what it has already."""

    existing: Document | None
    changes: Row = field(default_factory=dict)
    contact: Contact | None = None
    contact_change: Staged | None = None  # a contact that is made, or changed, along with the document
    lines: Lines | None = None
    day: date | None = None
    due: date | None = None


@dataclass
class Desk:
    """Reads the elements of one request. `numbers` and `names` are those that earlier elements will take."""

    kind: DocumentKind
    books: Books
    chance: Chance
    contacts: Contacts
    client_id: str
    places: Decimal
    numbers: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def match(self, raw: Row) -> tuple[Document | None, list[str]]:
        """The document that an element of a POST is about: by id, else by the number of a sale."""
        if key := text(raw, self.kind.id_key).lower():
            document = self.books.documents[self.kind.name].get(key)
            return document, [] if document else [f"An existing {self.kind.words} with the specified {self.kind.id_key} could not be found"]
        wanted = text(raw, self.kind.number_key)
        return (self.books.holder(self.kind, wanted) if wanted and self.kind.types.get(text(raw, "Type"), True) else None), []

    def stage(self, raw: Row, existing: Document | None, errors: list[str]) -> Staged:
        """Look at an element; `errors` are those found before."""
        kind, plan = self.kind, Plan(existing)
        blank: Row = {kind.id_key: existing.id if existing else NO_ID, **({"HasErrors": True} if kind.is_owed else {})}
        staged = Staged(raw, errors, blank=blank, plan=plan)
        old: Row = existing.row if existing else {}
        changes = plan.changes
        document_type = "" if "" in kind.types else text(raw, "Type") or str(old.get("Type", ""))
        if errors:
            return staged
        if not document_type and "" not in kind.types:
            errors.append(f"{kind.words} type must be specified")
            return staged
        if document_type not in kind.types:
            raise NotConvertible(f"Error converting value \"{document_type}\" to type '{kind.name}Type'")
        status = text(raw, "Status") or str(old.get("Status", "DRAFT"))
        if status not in kind.next_statuses:
            raise NotConvertible(f"Error converting value \"{status}\" to type '{kind.name}StatusCode'")
        changes |= {**({"Type": document_type} if document_type else {}), "Status": status}
        if existing:
            errors += self._not_editable(existing, raw, status)
        elif status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
            errors.append(f"{kind.words} not of valid status for creation")
        sale, approved = kind.types[document_type], status in ("SUBMITTED", "AUTHORISED")
        self._read_contact(raw, plan, errors)
        self._read_dates(raw, plan, status, blank, errors)
        self._read_currency(raw, plan, staged)
        self._read_number(raw, plan, kind.is_numbered(document_type), errors)
        self._read_plain(raw, changes, errors)
        if approved or not existing or raw.keys() & {"LineItems", "LineAmountTypes"}:
            self._read_lines(raw, plan, sale, approved, errors)
        return staged

    def _not_editable(self, existing: Document, raw: Row, status: str) -> list[str]:
        touched = raw.keys() - ALWAYS_EDITABLE - {self.kind.id_key, self.kind.number_key}
        if existing.is_settled_with and status != existing.status == "AUTHORISED":
            return [f"The status {status} cannot be applied to the invoice because it has payments or credit notes allocated to it."]
        if status not in self.kind.next_statuses[existing.status]:
            return [NOT_EDITABLE.format(self.kind.words)]
        if existing.is_settled_with and touched:
            return [*([NOT_EDITABLE.format(self.kind.words)] if existing.status == "PAID" else []), HAS_PAYMENT]
        return []

    def _read_contact(self, raw: Row, plan: Plan, errors: list[str]) -> None:
        sent = raw.get("Contact")
        if plan.existing and sent is None:
            plan.contact = plan.existing.contact
            return
        if not isinstance(sent, dict):
            errors.append(NO_CONTACT)
            return
        key = text(sent, "ContactID").lower()
        if not any(sent.get(name) for name in CONTACT_KEYS):
            errors.append(EMPTY_CONTACT)
            return
        if key and key not in self.books.contacts:
            errors.append(f"The contact with ContactID '{key}' could not be found")
            return
        plan.contact = self.contacts.match(self.books, sent)
        if plan.contact and plan.contact.row["ContactStatus"] != "ACTIVE":
            errors.append(MATCHED_ARCHIVED)
        elif plan.contact is None or sent.keys() - CONTACT_KEYS:
            # an unknown one is made with its first document; a known one is changed by what is sent along with its id
            plan.contact_change = self.contacts.stage(self.books, sent, plan.contact, set())
            errors += plan.contact_change.errors

    def _read_dates(self, raw: Row, plan: Plan, status: str, blank: Row, errors: list[str]) -> None:
        existing, changes = plan.existing, plan.changes
        plan.day = _day(raw, "Date") or (existing.day if existing else clock.now().date())
        plan.due = _day(raw, "DueDate") or (existing.due if existing else None)
        for key, day in (("Date", plan.day), ("DueDate", plan.due)):
            if day:
                changes |= {f"{key}String": date_string(day), key: ms_date(day)}
                if key in raw:
                    blank[key] = ms_date(day)
        for key in self.kind.planned_dates:
            if planned := _day(raw, key):
                changes |= {key: ms_date(planned), **({} if self.kind.is_owed else {f"{key}String": date_string(planned)})}
        if status in ("SUBMITTED", "AUTHORISED") and plan.due is None and self.kind is INVOICE:
            errors.append("The document DueDate field must be specified.")
        if status in ("AUTHORISED", "VOIDED") and self.kind.is_owed:
            for name, lock in self.books.locks.items():
                if lock and plan.day <= lock:
                    errors.append(f"The document date cannot be before the {name}, currently set at {lock:%d-%b-%Y}")

    def _read_currency(self, raw: Row, plan: Plan, staged: Staged) -> None:
        books, old = self.books, plan.existing.row if plan.existing else {}
        currency = text(raw, "CurrencyCode") or str(old.get("CurrencyCode", books.currency))
        if currency not in books.currencies:
            staged.errors.append(f"Organisation is not subscribed to currency {currency}")
            return
        rate = number(raw, "CurrencyRate")
        if rate is not None and rate <= 0:
            staged.errors.append("The CurrencyRate has to be greater than 0.")
        if currency == books.currency:
            if rate is not None and rate != 1:
                staged.warnings.append("The CurrencyRate was ignored because the document is in the organisation's base currency.")
            rate = Decimal(1)
        elif rate is None:
            rate = old["CurrencyRate"] if old.get("CurrencyCode") == currency else books.rate(currency)
        plan.changes |= {"CurrencyCode": currency, "CurrencyRate": rate.quantize(RATE_PLACES, ROUND_HALF_UP) if rate is not None else None}

    def _read_number(self, raw: Row, plan: Plan, unique: bool, errors: list[str]) -> None:
        wanted = text(raw, self.kind.number_key)
        if not wanted:
            return
        if len(wanted) > LONGEST:
            errors.append(f"The {self.kind.number_key} field has more than {LONGEST} characters.")
        holder = self.books.holder(self.kind, wanted) if unique else None
        held = holder is not None and holder is not plan.existing and holder.status not in ("VOIDED", "DELETED")
        if held or (unique and wanted.casefold() in self.numbers and not plan.existing):
            errors.append(f"{self.kind.words} # must be unique.")
        if unique:
            self.numbers.add(wanted.casefold())
        plan.changes[self.kind.number_key] = wanted

    def _read_plain(self, raw: Row, changes: Row, errors: list[str]) -> None:
        if "Reference" in raw:
            changes["Reference"] = text(raw, "Reference")
            if len(changes["Reference"]) > LONGEST:
                errors.append(f"The Reference field has more than {LONGEST} characters.")
        for key in ("AttentionTo", "Telephone", "DeliveryAddress", "DeliveryInstructions") if self.kind is PURCHASE_ORDER else ():
            if key in raw:
                changes[key] = text(raw, key)
        if len(changes.get("DeliveryInstructions", "")) > LONGEST_INSTRUCTIONS:
            errors.append(f"The DeliveryInstructions field has more than {LONGEST_INSTRUCTIONS} characters.")
        if raw.get("Url"):
            changes["Url"] = text(raw, "Url")
            if split_url(changes["Url"]) is None:
                errors.append("Url must be valid.")
        if (sent := flag(raw, "SentToContact")) is not None:
            changes["SentToContact"] = sent and changes["Status"] in ("AUTHORISED", "PAID")  # kept of approved ones only
        if theme := text(raw, "BrandingThemeID").lower():
            changes["BrandingThemeID"] = theme
            if all(row["BrandingThemeID"] != theme for row in self.books.themes):
                errors.append("The BrandingThemeID specified does not exist.")

    def _read_lines(self, raw: Row, plan: Plan, sale: bool, approved: bool, errors: list[str]) -> None:
        old = plan.existing.row if plan.existing else {}
        amounts = text(raw, "LineAmountTypes") or str(old.get("LineAmountTypes", "Exclusive"))
        if amounts not in AMOUNT_TYPES:
            raise NotConvertible(f"Error converting value \"{amounts}\" to type 'LineAmountTypes'")
        sent = raw.get("LineItems")
        rules = LineRules(
            self.books,
            self.chance,
            amounts,
            FOUR_PLACES if sent is None else self.places,
            sale,
            approved,
            discounts=self.kind is INVOICE and sale,
            known_ids=frozenset(row["LineItemID"] for row in old.get("LineItems", ())),
        )
        lines = rules.read([_as_sent(row) for row in old.get("LineItems", ())] if sent is None else sent)
        errors += lines.errors
        if approved and not lines.rows:
            errors.append("One or more line items must be specified")
        if approved and lines.net + lines.tax < 0:
            errors.append("The document total cannot be less than zero.")
        if plan.existing and sent is None and amounts == old["LineAmountTypes"]:
            return  # they were only looked at again because the document is to be approved
        plan.lines = lines
        plan.changes |= {"LineAmountTypes": amounts, "LineItems": lines.rows, "SubTotal": lines.net, "TotalTax": lines.tax}
        plan.changes["Total"] = lines.net + lines.tax
        if self.kind is INVOICE:
            plan.changes["IsDiscounted"] = lines.discount != 0
            plan.changes |= {"TotalDiscount": lines.discount} if lines.discount else {}

    def commit(self, staged: Staged) -> Document:
        plan: Plan = staged.plan
        contact = plan.contact
        if plan.contact_change:
            made = contact is None and self.books.contact_by_name.get(str(plan.contact_change.plan[1]["Name"]).casefold())
            contact = made or self.contacts.commit(self.books, plan.contact_change)
        assert contact is not None
        assert plan.day is not None
        document = plan.existing or self._new(contact, plan.day)
        old_number = document.number
        document.contact, document.day, document.due = contact, plan.day, plan.due
        document.row |= plan.changes
        document.row["Contact"] = contact.brief
        if plan.lines:
            document.fine = plan.lines.fine
        if self.kind.is_numbered(document.type) and not document.number:
            document.row[self.kind.number_key] = self.books.next_number(self.kind)
        if self.kind.is_owed:
            contact.row["IsCustomer" if self.kind.types[document.type] else "IsSupplier"] = True
        document.settle()
        self.books.index(document, old_number)
        return document

    def _new(self, contact: Contact, day: date) -> Document:
        document_id = self.chance.uuid()
        row: Row = {"Type": ""} if self.kind.is_owed else {}
        row |= {self.kind.id_key: document_id, self.kind.number_key: "", "Reference": "", "HasAttachments": False}
        if not self.kind.is_owed:
            row |= {"SentToContact": False, "CurrencyRate": None, "AttentionTo": "", "Telephone": "", "DeliveryInstructions": ""}
            return Document(document_id, self.kind, row, contact, day, None, fine=False, created_by=self.client_id)
        row["Payments"] = []
        if self.kind is INVOICE:
            row |= {"CreditNotes": [], "Prepayments": [], "Overpayments": [], "AmountDue": ZERO, "AmountPaid": ZERO, "AmountCredited": ZERO}
            row |= {"SentToContact": False, "CurrencyRate": None, "IsDiscounted": False, "HasErrors": False}
        else:
            row |= {"ID": document_id, "Allocations": [], "RemainingCredit": ZERO, "AppliedAmount": ZERO, "CurrencyRate": None}
            row["HasErrors"] = False
        return Document(document_id, self.kind, row, contact, day, None, fine=False, created_by=self.client_id)


def shown(document: Document, places: Decimal, *, whole: bool) -> Row:
    """A document as an answer shows it: `whole` with its whole contact, unit amounts with so many places."""
    row = document.row
    if places == FOUR_PLACES:
        row = {**row, "LineItems": [{**line, "UnitAmount": line["UnitAmount"].quantize(FOUR_PLACES)} for line in row["LineItems"]]}
    elif document.fine:
        lines = [{**line, "UnitAmount": line["UnitAmount"].quantize(CENT, ROUND_HALF_UP)} for line in row["LineItems"]]
        row = {**row, "LineItems": lines}
    return {**row, "Contact": document.contact.row} if whole else row


def summary(document: Document) -> Row:
    """A document in a list without pages: no lines."""
    return {**document.row, "LineItems": []}


def lightweight(document: Document) -> Row:
    """A document with `summaryOnly`: nothing that takes time to put together."""
    heavy = ("LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments", "Allocations")
    return {key: value for key, value in document.row.items() if key not in heavy}


def _day(raw: Row, key: str) -> date | None:
    value: Any = raw.get(key)
    if value is None or value == "":
        return None
    try:
        return parse_date(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotConvertible(f"Could not convert string to DateTime: {value}. Path '{key}'") from error


def _as_sent(row: Row) -> Row:
    """A stored line as if it were sent again: what Xero works out itself is left out."""
    return {key: value for key, value in row.items() if key not in ("TaxAmount", "LineAmount", "AccountID", "ValidationErrors")}
