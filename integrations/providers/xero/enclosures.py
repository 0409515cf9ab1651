"""Typed calls for what goes along with an invoice or credit note: files, notes, allocations, themes and tracking.

Shapes: https://developer.xero.com/documentation/api/accounting/attachments, …/historyandnotes, …/creditnotes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote

from msgspec import Struct, field

from integrations.providers.xero.client import API, Document, Message, XeroClient

PDF = "application/pdf"
PLURALS = {"invoice": "Invoices", "credit_note": "CreditNotes"}
"""What Xero calls the documents of our kinds; the first argument of the calls below."""

Answer = TypeVar("Answer")


class Attachment(Struct):
    id: str = field(name="AttachmentID")
    name: str = field(name="FileName")
    size: int = field(name="ContentLength", default=0)


class Note(Struct):
    """An entry of a document's history."""

    text: str = field(name="Details", default="")
    made: str = field(name="DateUTC", default="")


class Credited(Struct):
    """The invoice that credit was given to."""

    id: str = field(name="InvoiceID", default="")


class Allocation(Struct):
    amount: Decimal = field(name="Amount")
    id: str = field(name="AllocationID", default="")
    invoice: Credited | None = field(name="Invoice", default=None)
    errors: list[Message] = field(name="ValidationErrors", default_factory=list)


class Balance(Struct):
    """An invoice or credit note as far as one is set off against the other."""

    status: str = field(name="Status", default="")
    due: Decimal = field(name="AmountDue", default=Decimal(0))
    credit: Decimal = field(name="RemainingCredit", default=Decimal(0))
    allocations: list[Allocation] = field(name="Allocations", default_factory=list)


class Theme(Struct):
    id: str = field(name="BrandingThemeID")
    name: str = field(name="Name")


class TrackingOption(Struct):
    id: str = field(name="TrackingOptionID")
    name: str = field(name="Name")
    status: str = field(name="Status", default="")


class TrackingCategory(Struct):
    id: str = field(name="TrackingCategoryID")
    name: str = field(name="Name")
    status: str = field(name="Status", default="")
    options: list[TrackingOption] = field(name="Options", default_factory=list)


class _Themes(Struct):
    rows: list[Theme] = field(name="BrandingThemes", default_factory=list)


class _Tracking(Struct):
    rows: list[TrackingCategory] = field(name="TrackingCategories", default_factory=list)


class _Attachments(Struct):
    rows: list[Attachment] = field(name="Attachments", default_factory=list)


class _History(Struct):
    rows: list[Note] = field(name="HistoryRecords", default_factory=list)


class _Allocations(Struct):
    rows: list[Allocation] = field(name="Allocations", default_factory=list)


class _Balances(Struct):
    invoices: list[Balance] = field(name="Invoices", default_factory=list)
    credit_notes: list[Balance] = field(name="CreditNotes", default_factory=list)


class EnclosingClient(XeroClient):
    def branding_themes(self) -> list[Theme]:
        return self._read("BrandingThemes", _Themes).rows

    def tracking_categories(self) -> list[TrackingCategory]:
        return self._read("TrackingCategories", _Tracking).rows

    def mark_sent(self, invoice_ids: Sequence[str], key: str) -> list[Document]:
        elements = [{"InvoiceID": invoice_id, "SentToContact": True} for invoice_id in invoice_ids]
        return self._write("POST", "Invoices", elements, key).invoices

    def balance(self, plural: str, id: str) -> Balance:
        answer = self._read(f"{plural}/{id}", _Balances)
        return [*answer.invoices, *answer.credit_notes][0]

    def pdf(self, plural: str, id: str) -> bytes:
        """The document as Xero prints it."""
        response = self._http.get(f"{API}/{plural}/{id}/pdf", headers={"Accept": PDF})
        if PDF not in response.content_type:
            raise response.unusable(f"its answer is {response.content_type or 'of no type'}, not a PDF")
        return response.content

    def attachments(self, plural: str, id: str) -> list[Attachment]:
        return self._read(f"{plural}/{id}/Attachments", _Attachments).rows

    def attach(self, plural: str, id: str, name: str, content: bytes, key: str) -> list[Attachment]:
        """A new file, which customers see with the document."""
        return self._upload("PUT", plural, id, name, content, key, {"IncludeOnline": "true"})

    def attach_again(self, plural: str, id: str, name: str, content: bytes, key: str) -> list[Attachment]:
        """In the place of the file with that name."""
        return self._upload("POST", plural, id, name, content, key, {})

    def history(self, plural: str, id: str) -> list[Note]:
        return self._read(f"{plural}/{id}/History", _History).rows

    def add_note(self, plural: str, id: str, text: str, key: str) -> None:
        body = {"HistoryRecords": [{"Details": text}]}
        self._http.send("PUT", f"{API}/{plural}/{id}/History", json=body, headers=_once(key)).decode(_History)

    def allocate(self, credit_note_id: str, allocation: Mapping[str, Any], key: str) -> list[Allocation]:
        path, body = f"{API}/CreditNotes/{credit_note_id}/Allocations", {"Allocations": [allocation]}
        return self._http.send("PUT", path, json=body, headers=_once(key)).decode(_Allocations).rows

    def _read(self, path: str, answer: type[Answer]) -> Answer:
        return self._http.get(f"{API}/{path}").decode(answer)

    def _upload(
        self, method: str, plural: str, id: str, name: str, content: bytes, key: str, params: Mapping[str, str]
    ) -> list[Attachment]:
        headers = {"Content-Type": "application/octet-stream", **_once(key)}
        path = f"{API}/{plural}/{id}/Attachments/{quote(name)}"
        return self._http.send(method, path, content=content, params=params, headers=headers).decode(_Attachments).rows


def _once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}
