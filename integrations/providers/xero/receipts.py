"""The files of an expense, attached to its bill as a step of their own.

Xero knows a file by its name, and writes one of the same name over: however often this is sent, each receipt is there once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from integrations.errors import ProviderError, RateLimited, Rejected, Transient
from integrations.http.client import Http
from integrations.provider import Copy, Done, Draft, Outcome
from integrations.providers.xero.enclosures import EnclosingClient
from integrations.providers.xero.payloads import Payload
from integrations.records import files
from integrations.records.models import Attachment, Expense

BILLS = "Invoices"


def build_receipts(copy: Copy, expense: Expense) -> Payload:
    """Nothing where the expense has no files."""
    found = {attachment.pk: attachment for attachment in (*expense.attachments.all(), expense.attachment) if attachment is not None}
    receipts: list[dict[str, Any]] = []
    for attachment in sorted(found.values(), key=lambda attachment: attachment.pk):
        if attachment.remote_deleted_at is None:
            receipts.append(_receipt(attachment, {receipt["name"] for receipt in receipts}))
    return ({"document": copy.main_id, "receipts": receipts} if receipts else {}), {}


def _receipt(attachment: Attachment, taken: set[str]) -> dict[str, Any]:
    if not attachment.digest and not attachment.url:
        message = _("The file “%(name)s” has no address and is not kept here.") % {"name": attachment}
        raise Rejected(message, field="attachments", advice=_("Load the record again."))
    path = PurePosixPath((attachment.name or f"receipt-{attachment.pk}").replace("/", "-"))
    name, number = str(path), 1
    while name in taken:
        number += 1
        name = f"{path.stem} ({number}){path.suffix}"
    return {"name": name, "organization": attachment.organization_id, "digest": attachment.digest, "url": attachment.url}


def attach_receipts(client: EnclosingClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    """What is there already is not sent again, so the key is not needed: it would stand for one file only."""
    return [_attach(client, draft) for draft in drafts]


def _attach(client: EnclosingClient, draft: Draft) -> Done:
    bill, before = draft.payload["document"], _sizes(client, draft)
    for receipt in draft.payload["receipts"]:
        content = _content(client, receipt)
        if before.get(receipt["name"]) != len(content):
            client.attach_again(BILLS, bill, receipt["name"], content, "")
    return _done(draft)


def find_receipts(client: EnclosingClient, drafts: Sequence[Draft], since: datetime) -> Mapping[int, Done]:
    """Only a copy with nothing left to attach is found; the rest of one that was interrupted is attached then."""
    found = {}
    for draft in drafts:
        there = _sizes(client, draft)
        if all(there.get(receipt["name"]) == len(_content(client, receipt)) for receipt in draft.payload["receipts"]):
            found[draft.item] = _done(draft)
    return found


def _sizes(client: EnclosingClient, draft: Draft) -> Mapping[str, int]:
    return {attachment.name: attachment.size for attachment in client.attachments(BILLS, draft.payload["document"])}


def _done(draft: Draft) -> Done:
    return Done(remote_id=draft.payload["document"], number=", ".join(receipt["name"] for receipt in draft.payload["receipts"]))


def _content(client: EnclosingClient, receipt: Mapping[str, Any]) -> bytes:
    """The kept file, or the one at its address, which is given no credential. What is wrong there is nothing that Xero did."""
    advice = _("See whether the file can be opened in Productive, then try this again.")
    try:
        if receipt["digest"]:
            return files.read(receipt["organization"], receipt["digest"])
        place = urlsplit(receipt["url"])
        return Http(f"{place.scheme}://{place.netloc}", allowed=client.allowed).get(receipt["url"]).content
    except (Transient, RateLimited) as error:
        raise Transient(error.message, advice=advice) from None
    except (ProviderError, files.Missing, ValueError) as error:
        reason = error.message if isinstance(error, ProviderError) else _("it is not kept here any more.")
        message = _("“%(name)s” cannot be fetched: %(reason)s") % {"name": receipt["name"], "reason": reason}
        raise Rejected(message, field="attachments", advice=advice) from None
