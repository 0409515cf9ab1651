"""Contacts: PUT creates, POST creates or updates (found by id, number or name)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from integrations import clock
from integrations.providers.xero.sandbox.batches import Resource, Staged, once, write
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, ZERO, Books, Contact
from integrations.providers.xero.sandbox.lines import NotConvertible, flag, text
from integrations.providers.xero.sandbox.listing import chosen, filtered, listed, modified_since, switched_on
from integrations.providers.xero.sandbox.wire import NO_ID, Row, answer, envelope, not_found
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request

LENGTHS = {
    "Name": 255,
    "FirstName": 255,
    "LastName": 255,
    "ContactNumber": 50,
    "AccountNumber": 50,
    "CompanyNumber": 50,
    "EmailAddress": 255,
    "TaxNumber": 50,
}
TEXTS = (
    *LENGTHS,
    "BankAccountDetails",
    "AccountsReceivableTaxType",
    "AccountsPayableTaxType",
    "DefaultCurrency",
    "SalesDefaultAccountCode",
    "PurchasesDefaultAccountCode",
    "SalesDefaultLineAmountType",
    "PurchasesDefaultLineAmountType",
)
STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
FIELDS = (
    *TEXTS,
    "ContactID",
    "ContactStatus",
    "Addresses",
    "Phones",
    "ContactPersons",
    "ContactGroups",
    "IsSupplier",
    "IsCustomer",
    "PaymentTerms",
    "UpdatedDateUTC",
    "HasAttachments",
    "HasValidationErrors",
)
SUMMARY = (
    "ContactID",
    "ContactNumber",
    "AccountNumber",
    "ContactStatus",
    "Name",
    "EmailAddress",
    "UpdatedDateUTC",
    "IsSupplier",
    "IsCustomer",
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ADDRESS_PARTS = ("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode", "Country", "AttentionTo")
PHONE_PARTS = ("PhoneNumber", "PhoneAreaCode", "PhoneCountryCode")
MATCHED_ARCHIVED = "The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the API."
NAME_TAKEN = "The contact name {} is already assigned to another contact. The contact name must be unique across all active contacts."


class Contacts(Resource):
    @route("GET", "/api.xro/2.0/Contacts")
    def listing(self, request: Request) -> Reply:
        books: Books = request.caller.books
        contacts = list(books.contacts.values())
        if ids := set(chosen(request, "IDs")):
            contacts = [contact for contact in contacts if contact.id in {key.lower() for key in ids}]
        elif not switched_on(request, "includeArchived"):
            contacts = [contact for contact in contacts if contact.row["ContactStatus"] == "ACTIVE"]
        since = modified_since(request)
        if since is not None:
            contacts = [contact for contact in contacts if contact.updated >= since]
        rows = [contact.row for contact in contacts]
        if term := request.query.get("searchTerm", "").lower():
            rows = [row for row in rows if any(term in str(row.get(key, "")).lower() for key in TEXTS)]
        rows = filtered(request, rows, "Contact", FIELDS)
        show = _summary if switched_on(request, "summaryOnly") else dict[str, Any]
        return listed(request, self.world.chance, "Contacts", rows, show)

    @route("GET", "/api.xro/2.0/Contacts/{key}")
    def one(self, request: Request) -> Reply:
        """By id or by contact number."""
        books: Books = request.caller.books
        key = request.params["key"]
        contact = books.contacts.get(key.lower()) or books.contact_by_number.get(key)
        if contact is None:
            return not_found()
        row = {**contact.row, "Balances": _balances(books, contact)}
        return answer(request, envelope(self.world.chance, "Contacts", [row]))

    @route("PUT", "/api.xro/2.0/Contacts")
    @once
    def create(self, request: Request) -> Reply:
        return self._written(request, lambda raw: None)

    @route("POST", "/api.xro/2.0/Contacts")
    @once
    def save(self, request: Request) -> Reply:
        return self._written(request, lambda raw: self.match(request.caller.books, raw))

    @route("POST", "/api.xro/2.0/Contacts/{key}")
    @once
    def update(self, request: Request) -> Reply:
        return self._written(request, lambda raw: self.match(request.caller.books, raw), {"ContactID": request.params["key"]})

    def _written(self, request: Request, match: Callable[[Row], Contact | None], only: Row | None = None) -> Reply:
        books: Books = request.caller.books
        taken: set[str] = set()

        def stage(raw: Row) -> Staged:
            return self.stage(books, raw, match(raw), taken)

        def commit(staged: Staged) -> Row:
            return self.commit(books, staged).row

        return write(request, self.world.chance, "Contacts", stage=stage, commit=commit, only=only)

    def match(self, books: Books, raw: Row) -> Contact | None:
        """The contact that an element is about: by id (`Refusal` when there is none), else by number, else by name."""
        if key := text(raw, "ContactID").lower():
            contact = books.contacts.get(key)
            if contact is None:
                raise Refusal(not_found())
            return contact
        return books.contact_by_number.get(text(raw, "ContactNumber")) or books.contact_by_name.get(text(raw, "Name").casefold())

    def stage(self, books: Books, raw: Row, existing: Contact | None, taken: set[str]) -> Staged:
        """`taken` are the folded names that earlier elements of the same request will take."""
        errors: list[str] = []
        old: Row = existing.row if existing else {}
        name = text(raw, "Name") or str(old.get("Name", ""))
        status = text(raw, "ContactStatus") or str(old.get("ContactStatus", "ACTIVE"))
        if existing and old["ContactStatus"] == "ARCHIVED":
            errors.append(MATCHED_ARCHIVED)
        if not name:
            errors.append("The Contact Name must be specified.")
        if status not in STATUSES:
            raise NotConvertible(f"Error converting value \"{status}\" to type 'ContactStatus'")
        holder = books.contact_by_name.get(name.casefold())
        if status == "ACTIVE" and name and ((holder and holder is not existing) or (existing is None and name.casefold() in taken)):
            errors.append(NAME_TAKEN.format(name))
        by_number = books.contact_by_number.get(text(raw, "ContactNumber")) if raw.get("ContactNumber") else None
        if by_number and by_number is not existing:
            errors.append("Another contact has this contact number. Please enter a different contact number.")
        if raw.get("EmailAddress") and not EMAIL.fullmatch(text(raw, "EmailAddress")):
            errors.append("Email address must be valid.")
        errors += [f"The {key} field has more than {most} characters." for key, most in LENGTHS.items() if len(text(raw, key)) > most]
        currency = text(raw, "DefaultCurrency")
        if currency and currency not in books.currencies:
            errors.append(f"Organisation is not subscribed to currency {currency}")
        taken.add(name.casefold())
        plan: Row = {key: text(raw, key) for key in TEXTS if key in raw} | {"Name": name, "ContactStatus": status}
        plan |= {key: flag(raw, key) for key in ("IsCustomer", "IsSupplier") if flag(raw, key) is not None}
        plan |= {
            "Addresses": _slots(raw.get("Addresses"), old.get("Addresses"), "AddressType", ("STREET", "POBOX"), ADDRESS_PARTS),
            "Phones": _slots(raw.get("Phones"), old.get("Phones"), "PhoneType", ("DDI", "DEFAULT", "FAX", "MOBILE"), PHONE_PARTS),
        }
        if "ContactPersons" in raw:
            plan["ContactPersons"] = _rows(raw["ContactPersons"], "ContactPersons")
        if isinstance(raw.get("PaymentTerms"), dict):
            plan["PaymentTerms"] = raw["PaymentTerms"]
        blank = {"ContactID": existing.id if existing else NO_ID, "HasValidationErrors": True}
        return Staged(raw, errors, blank=blank, plan=(existing, plan))

    def commit(self, books: Books, staged: Staged) -> Contact:
        existing, plan = staged.plan
        old = dict(existing.row) if existing else None
        contact = existing or _new(self.world.chance.uuid())
        contact.row |= plan
        contact.brief["Name"] = contact.row["Name"]
        contact.touch()
        books.index_contact(contact, old)
        return contact


def _new(contact_id: str) -> Contact:
    row: Row = {
        "ContactID": contact_id,
        "ContactStatus": "ACTIVE",
        "Name": "",
        "EmailAddress": "",
        "BankAccountDetails": "",
        "Addresses": [],
        "Phones": [],
        "UpdatedDateUTC": "",
        "ContactGroups": [],
        "IsSupplier": False,
        "IsCustomer": False,
        "SalesTrackingCategories": [],
        "PurchasesTrackingCategories": [],
        "ContactPersons": [],
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    nothing: Row = {"Addresses": [], "Phones": [], "ContactGroups": [], "ContactPersons": [], "HasValidationErrors": False}
    return Contact(contact_id, row, {"ContactID": contact_id, "Name": "", **nothing})


def _rows(value: Any, key: str) -> list[Row]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise NotConvertible(f"{key} is not a list of objects")
    return value


def _slots(sent: Any, old: Any, kind_key: str, kinds: tuple[str, ...], parts: tuple[str, ...]) -> list[Row]:
    """Xero keeps one address or phone of each kind: what was sent replaces the one of its kind, the others stay."""
    slots: dict[str, Row] = {kind: {kind_key: kind, **({} if kind_key == "AddressType" else dict.fromkeys(parts, ""))} for kind in kinds}
    slots |= {row[kind_key]: row for row in old or ()}
    for entry in _rows(sent, f"{kind_key}s") if sent is not None else ():
        kind = text(entry, kind_key) or kinds[0]
        if kind not in (*kinds, "OFFICE"):
            raise NotConvertible(f"Error converting value \"{kind}\" to type '{kind_key}'")
        slots[kind] = {kind_key: kind, **{part: text(entry, part) for part in parts if part in entry or kind_key == "PhoneType"}}
    return list(slots.values())


def _summary(row: Row) -> Row:
    return {key: row[key] for key in SUMMARY if key in row}


def _balances(books: Books, contact: Contact) -> Row:
    """What the contact owes and is owed, in the documents' own currencies, as Xero adds them up."""
    today = clock.now().date()
    sums = {True: [ZERO, ZERO], False: [ZERO, ZERO]}
    for kind, sign in ((INVOICE, 1), (CREDIT_NOTE, -1)):
        for document in books.documents[kind.name].values():
            if document.contact is contact and document.status == "AUTHORISED":
                sale = kind.types[document.type]
                sums[sale][0] += sign * document.outstanding
                if document.due and document.due < today:
                    sums[sale][1] += sign * document.outstanding
    shown = {sale: {"Outstanding": both[0], "Overdue": both[1]} for sale, both in sums.items()}
    return {"AccountsReceivable": shown[True], "AccountsPayable": shown[False]}
