"""One organisation's books, in memory: what there is, and the indexes that find it quickly. Rows are as Xero shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integrations import clock
from integrations.providers.xero.sandbox.organisations import (
    CURRENCIES,
    PATTERNS,
    PER_EURO,
    account_rows,
    company_name,
    fixed_id,
    organisation_row,
    tax_rate_rows,
    tracking_rows,
)
from integrations.providers.xero.sandbox.wire import Row, ms_date, ms_time, time_string

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class DocumentKind:
    """Invoices, credit notes or purchase orders. `types` tells of each type of document whether it is a sale; "" is that of a kind
    without types. `next_statuses` are those that a document may have after each.
    """

    name: str
    plural: str
    words: str
    types: dict[str, bool]
    prefix: str
    payment_types: dict[str, str]
    next_statuses: dict[str, tuple[str, ...]]
    planned_dates: tuple[str, ...] = ("ExpectedPaymentDate", "PlannedPaymentDate")

    @property
    def id_key(self) -> str:
        return f"{self.name}ID"

    @property
    def number_key(self) -> str:
        return f"{self.name}Number"

    def is_numbered(self, document_type: str) -> bool:
        """Whether numbers are unique and given by Xero: those of bills are their vendors'."""
        return self.types[document_type] or "" in self.types

    @property
    def is_owed(self) -> bool:
        """Whether documents of the kind are paid, stand in the books and may be locked there."""
        return bool(self.payment_types)


SALE_STATUSES = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
    "PAID": ("PAID",),
    "VOIDED": (),
    "DELETED": (),
}
INVOICE = DocumentKind(
    "Invoice",
    "Invoices",
    "Invoice",
    {"ACCREC": True, "ACCPAY": False},
    "INV-",
    {"ACCREC": "ACCRECPAYMENT", "ACCPAY": "ACCPAYPAYMENT"},
    SALE_STATUSES,
)
CREDIT_NOTE = DocumentKind(
    "CreditNote",
    "CreditNotes",
    "Credit Note",
    {"ACCRECCREDIT": True, "ACCPAYCREDIT": False},
    "CN-",
    {"ACCRECCREDIT": "ARCREDITPAYMENT", "ACCPAYCREDIT": "APCREDITPAYMENT"},
    SALE_STATUSES,
)
PURCHASE_ORDER = DocumentKind(
    "PurchaseOrder",
    "PurchaseOrders",
    "Purchase Order",
    {"": False},
    "PO-",
    {},
    {
        "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
        "SUBMITTED": ("SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"),
        "AUTHORISED": ("AUTHORISED", "BILLED", "DELETED"),
        "BILLED": ("BILLED", "AUTHORISED"),
        "DELETED": (),
    },
    ("DeliveryDate", "ExpectedArrivalDate"),
)
KINDS = (INVOICE, CREDIT_NOTE, PURCHASE_ORDER)


@dataclass(slots=True, eq=False)
class Contact:
    """`row` is the whole contact; `brief` is what a document in a list shows of it."""

    id: str
    row: Row
    brief: Row
    updated: float = 0.0

    def touch(self) -> None:
        self.updated = clock.timestamp()
        self.row["UpdatedDateUTC"] = ms_time(self.updated)


@dataclass(slots=True, eq=False)
class Payment:
    id: str
    row: Row
    document: Document
    amount: Decimal
    day: date
    updated: float = 0.0

    def touch(self) -> None:
        self.updated = clock.timestamp()
        self.row |= {"UpdatedDateUTC": ms_time(self.updated), "UpdatedDateUTCString": time_string(self.updated)}


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """So much of a credit note's credit was given to an invoice."""

    id: str
    note: Document
    invoice: Document
    amount: Decimal
    day: date


@dataclass(slots=True, eq=False)
class Document:
    """An invoice, bill, credit note or purchase order. `fine` tells that a unit amount has more than two decimals.

    `files` are rows and contents by name, `noted` is the history, oldest first.
    """

    id: str
    kind: DocumentKind
    row: Row
    contact: Contact
    day: date
    due: date | None
    fine: bool
    created_by: str
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    files: dict[str, tuple[Row, bytes]] = field(default_factory=dict)
    noted: list[Row] = field(default_factory=list)
    updated: float = 0.0

    @property
    def is_settled_with(self) -> bool:
        """Whether money or credit went to it, so that it cannot be edited freely any more."""
        return bool(self.payments or self.allocations)

    @property
    def status(self) -> str:
        return str(self.row["Status"])

    @property
    def number(self) -> str:
        return str(self.row.get(self.kind.number_key) or "")

    @property
    def type(self) -> str:
        return str(self.row.get("Type", ""))

    @property
    def page(self) -> str:
        """Where Xero's own page of it is."""
        if self.kind is PURCHASE_ORDER:
            return f"/Accounts/Payable/PurchaseOrders/Edit/{self.id}"
        if self.kind is CREDIT_NOTE:
            return f"/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={self.id}"
        return f"/Accounts{'Receivable' if self.kind.types[self.type] else 'Payable'}/View.aspx?InvoiceID={self.id}"

    @property
    def total(self) -> Decimal:
        return Decimal(self.row["Total"])

    @property
    def outstanding(self) -> Decimal:
        if not self.kind.is_owed:
            return ZERO
        return Decimal(self.row["AmountDue" if self.kind is INVOICE else "RemainingCredit"])

    def settle(self) -> None:
        """Make the amounts and the status agree with payments and allocations, and note the time of the change."""
        row = self.row
        self.updated = clock.timestamp()
        row["UpdatedDateUTC"] = ms_time(self.updated)
        if not self.kind.is_owed:
            return
        row["UpdatedDateUTCString"] = time_string(self.updated)
        paid = sum((payment.amount for payment in self.payments), ZERO)
        allocated = sum((allocation.amount for allocation in self.allocations), ZERO)
        left = self.total - paid - allocated
        row["Payments"] = [_payment_in_document(payment.row) for payment in self.payments]
        if self.kind is INVOICE:
            row |= {"AmountDue": left if self.status in ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID") else ZERO, "AmountPaid": paid}
            row |= {"AmountCredited": allocated, "CreditNotes": [_credit_in_invoice(allocation) for allocation in self.allocations]}
        else:
            row |= {"RemainingCredit": left, "AppliedAmount": paid + allocated}
            row["Allocations"] = [_allocation_in_note(allocation) for allocation in self.allocations]
        row.pop("FullyPaidOnDate", None)
        if self.is_settled_with and left == 0:
            days = [*(payment.day for payment in self.payments), *(allocation.day for allocation in self.allocations)]
            row |= {"Status": "PAID", "FullyPaidOnDate": ms_date(max(days))}
        elif self.status == "PAID":
            row["Status"] = "AUTHORISED"


def _payment_in_document(row: Row) -> Row:
    shown: Row = {key: row[key] for key in ("PaymentID", "Date", "Amount", "Reference", "CurrencyRate") if key in row}
    return {**shown, "HasAccount": False, "HasValidationErrors": False}


def _credit_in_invoice(allocation: Allocation) -> Row:
    row: Row = {"CreditNoteID": allocation.note.id, "CreditNoteNumber": allocation.note.number, "ID": allocation.note.id}
    return {**row, "AppliedAmount": allocation.amount, "Date": ms_date(allocation.day)}


def _allocation_in_note(allocation: Allocation) -> Row:
    invoice = {"InvoiceID": allocation.invoice.id, "InvoiceNumber": allocation.invoice.number}
    return {"AllocationID": allocation.id, "Amount": allocation.amount, "Date": ms_date(allocation.day), "Invoice": invoice}


class Books:
    """`number` picks the pattern; lock dates are None when the books are open."""

    def __init__(self, number: int, *, period_lock: date | None = None, year_lock: date | None = None) -> None:
        pattern = PATTERNS[number % len(PATTERNS)]
        self.pattern = pattern
        self.name = company_name(number)
        self.id = fixed_id(self.name)
        self.currency = pattern.currency
        self.locks = {"period lock date": period_lock, "end of year lock date": year_lock}
        now = ms_time(clock.timestamp())
        locks = {key: ms_date(day) for key, day in (("PeriodLockDate", period_lock), ("EndOfYearLockDate", year_lock)) if day}
        self.organisation = organisation_row(pattern, self.name, number + 1, now, locks)
        self.accounts = account_rows(pattern, self.name, now)
        self.account_by_code = {row["Code"]: row for row in self.accounts if "Code" in row}
        self.account_by_id = {row["AccountID"]: row for row in self.accounts}
        self.tax_rates = {row["TaxType"]: row for row in tax_rate_rows(pattern)}
        self.tracking = tracking_rows(pattern, self.name)
        self.currencies = {code: CURRENCIES[code] for code in pattern.currencies}
        self.themes = [
            {"BrandingThemeID": fixed_id(self.name, "theme", *more), "Name": name, "SortOrder": order, "CreatedDateUTC": now}
            for order, (name, more) in enumerate((("Standard", ()), ("Special Projects", ("special",))))
        ]
        self.contacts: dict[str, Contact] = {}
        self.contact_by_name: dict[str, Contact] = {}  # active ones, by folded name
        self.contact_by_number: dict[str, Contact] = {}
        self.documents: dict[str, dict[str, Document]] = {kind.name: {} for kind in KINDS}
        self.numbers: dict[str, dict[str, Document]] = {kind.name: {} for kind in KINDS}  # unique ones, the newest, by folded number
        self.payments: dict[str, Payment] = {}
        self._last_number = {kind.name: 0 for kind in KINDS}

    def rate(self, currency: str) -> Decimal:
        """Units of `currency` for one unit of the base currency, of today."""
        return (PER_EURO[currency] / PER_EURO[self.currency]).quantize(Decimal("0.000001"))

    def next_number(self, kind: DocumentKind) -> str:
        while True:
            self._last_number[kind.name] += 1
            number = f"{kind.prefix}{self._last_number[kind.name]:04d}"
            if number.casefold() not in self.numbers[kind.name]:
                return number

    def holder(self, kind: DocumentKind, number: str) -> Document | None:
        """The document that has this unique number; a living one before one that was voided or deleted."""
        return self.numbers[kind.name].get(number.casefold())

    def find(self, kind: DocumentKind, key: str) -> Document | None:
        """By id, else by number."""
        return self.documents[kind.name].get(key.lower()) or self.holder(kind, key)

    def index(self, document: Document, old_number: str = "") -> None:
        """Take in a document that is new, or that may have got another number (than `old_number`) or status."""
        self.documents[document.kind.name][document.id] = document
        numbers = self.numbers[document.kind.name]
        if old_number and old_number != document.number and numbers.get(old_number.casefold()) is document:
            del numbers[old_number.casefold()]
        key = document.number.casefold()
        if document.kind.is_numbered(document.type) and key and (document.status not in ("VOIDED", "DELETED") or key not in numbers):
            numbers[key] = document

    def index_contact(self, contact: Contact, old: Row | None = None) -> None:
        """Take in a contact that is new, or that was `old` before."""
        if old:
            for index, key in (
                (self.contact_by_name, str(old["Name"]).casefold()),
                (self.contact_by_number, str(old.get("ContactNumber"))),
            ):
                if index.get(key) is contact:
                    del index[key]
        self.contacts[contact.id] = contact
        if contact.row["ContactStatus"] == "ACTIVE":
            self.contact_by_name[str(contact.row["Name"]).casefold()] = contact
        if contact.row.get("ContactNumber"):
            self.contact_by_number[str(contact.row["ContactNumber"])] = contact
