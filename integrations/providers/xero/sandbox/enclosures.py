"""What goes along with a document: files, the history with its notes, and the document as Xero prints it."""

from __future__ import annotations

import hashlib

from integrations import clock
from integrations.documents.sheet import LARGE, Sheet
from integrations.providers.xero.sandbox.batches import Resource, Staged, once, write
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Document, DocumentKind
from integrations.providers.xero.sandbox.lines import text
from integrations.providers.xero.sandbox.listing import switched_on
from integrations.providers.xero.sandbox.wire import Row, answer, envelope, ms_time, not_found, time_string, validation_exception
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Refusal, Reply, Request

MOST_FILES, LARGEST_FILE = 10, 10_000_000
LONGEST_NOTE = 2500
KINDS = {kind.plural.casefold(): kind for kind in (INVOICE, CREDIT_NOTE)}
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpg", "txt": "text/plain"}


class Enclosures(Resource):
    @route("GET", "/api.xro/2.0/{plural}/{key}/Attachments")
    def files(self, request: Request) -> Reply:
        document = _document(request)
        return answer(request, envelope(self.world.chance, "Attachments", [row for row, _content in document.files.values()]))

    @route("GET", "/api.xro/2.0/{plural}/{key}/Attachments/{name}")
    def file(self, request: Request) -> Reply:
        """By its name or its id."""
        for row, content in _document(request).files.values():
            if request.params["name"] in (row["FileName"], row["AttachmentID"]):
                return Reply(200, content, "application/octet-stream")
        return not_found()

    @route("PUT", "/api.xro/2.0/{plural}/{key}/Attachments/{name}")
    @once
    def attach(self, request: Request) -> Reply:
        return self._store(request, anew=True)

    @route("POST", "/api.xro/2.0/{plural}/{key}/Attachments/{name}")
    @once
    def attach_again(self, request: Request) -> Reply:
        return self._store(request, anew=False)

    def _store(self, request: Request, *, anew: bool) -> Reply:
        """A file of the same name is written over, and stays in the online invoice if it was there."""
        document, name, content = _document(request), request.params["name"], request.body
        if not content or len(content) > LARGEST_FILE:
            raise validation_exception(request, [], "The file is empty." if not content else "The file is larger than 10 MB.")
        known = document.files.get(name)
        if known is None and len(document.files) >= MOST_FILES:
            raise validation_exception(request, [], f"There can be at most {MOST_FILES} attachments.")
        row: Row = {
            "AttachmentID": known[0]["AttachmentID"] if known else self.world.chance.uuid(),
            "FileName": name,
            "Url": f"https://api.xero.com/api.xro/2.0/{document.kind.plural}/{document.id}/Attachments/{name}",
            "MimeType": TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream"),
            "ContentLength": len(content),
            "IncludeOnline": switched_on(request, "IncludeOnline") if anew or not known else known[0]["IncludeOnline"],
        }
        document.files[name] = (row, content)
        document.row["HasAttachments"] = True
        document.noted.append(_entry("Attached a file", f"Attached the file {name} through the Xero API"))
        return answer(request, envelope(self.world.chance, "Attachments", [row]))

    @route("GET", "/api.xro/2.0/{plural}/{key}/History")
    def history(self, request: Request) -> Reply:
        return answer(request, envelope(self.world.chance, "HistoryRecords", list(reversed(_document(request).noted))))

    @route("PUT", "/api.xro/2.0/{plural}/{key}/History")
    @once
    def note(self, request: Request) -> Reply:
        document = _document(request)

        def stage(raw: Row) -> Staged:
            details = text(raw, "Details")
            wrong = "Details is required." if not details else f"The Details field has more than {LONGEST_NOTE} characters."
            return Staged(raw, [] if 0 < len(details) <= LONGEST_NOTE else [wrong], plan=details)

        def commit(staged: Staged) -> Row:
            document.noted.append(_entry("Note", staged.plan))
            return document.noted[-1]

        return write(request, self.world.chance, "HistoryRecords", stage=stage, commit=commit)

    @route("GET", "/api.xro/2.0/{plural}/{key}/pdf")
    def printed(self, request: Request) -> Reply:
        return Reply(200, _pdf(_document(request)), "application/pdf")


def _document(request: Request) -> Document:
    """Raises `Refusal`."""
    kind: DocumentKind | None = KINDS.get(request.params["plural"].casefold())
    document = request.caller.books.find(kind, request.params["key"]) if kind else None
    if not isinstance(document, Document):
        raise Refusal(not_found())
    return document


def _entry(change: str, details: str) -> Row:
    now = clock.timestamp()
    moment = time_string(now).replace("T", " ").removesuffix("Z")
    return {"Changes": change, "DateUTCString": moment, "DateUTC": ms_time(now), "User": "System Generated", "Details": details}


def _pdf(document: Document) -> bytes:
    sheet = Sheet(f"{document.kind.words} {document.number}", "Xero", document.day)
    sheet.text(f"{document.kind.words} {document.number}", size=LARGE, bold=True)
    sheet.text(str(document.contact.row["Name"]))
    sheet.gap()
    sheet.pairs([("Status", document.status), ("Total", f"{document.total} {document.row['CurrencyCode']}")])
    sheet.text(hashlib.sha256(repr(document.row["LineItems"]).encode()).hexdigest(), grey=True)
    return sheet.content()
