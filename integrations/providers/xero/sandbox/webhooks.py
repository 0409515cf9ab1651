"""What Xero tells the app by webhook, signed with the key of the app's page at Xero."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlencode

from integrations import clock
from integrations.providers.xero.sandbox.batches import Resource
from integrations.providers.xero.sandbox.books import CREDIT_NOTE, INVOICE, Books, Document
from integrations.providers.xero.sandbox.wire import Row
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request, encode, redirect

API = "https://api.xero.com/api.xro/2.0"


class Webhooks(Resource):
    _sequence = 0

    def changed(self, books: Books, document: Document) -> None:
        """Somebody changed or paid a document. Xero tells no payments: they are changes of what is paid; nor purchase orders."""
        if document.kind not in (INVOICE, CREDIT_NOTE):
            return
        category, plural = ("INVOICE", "Invoices") if document.kind is INVOICE else ("CREDITNOTE", "CreditNotes")
        self._tell(f"{category} UPDATE {document.number}", [event(books.id, document.id, category, f"{API}/{plural}/{document.id}")])

    def body(self, events: Sequence[Row]) -> bytes:
        first = self._sequence + 1
        self._sequence += len(events)
        told = {"events": list(events), "firstEventSequence": first, "lastEventSequence": self._sequence}
        return encode({**told, "entropy": self.world.chance.token(20)})

    @route("POST", "/pages/webhook", page=True)
    def aim(self, request: Request) -> Reply:
        try:
            self.world.caller.aim(request.form_value("address"), request.form_value("key"))
        except ValueError:
            return self._back(request, "webhook_wrong")
        return self._back(request, "webhook_kept")

    @route("POST", "/pages/intent", page=True)
    def intent(self, request: Request) -> Reply:
        """Xero calls without events, with right signatures and wrong ones, and takes the address only if it tells them apart."""
        self._tell("Intent to receive, signed rightly", [])
        body = self.body([])
        self.world.caller.call("Intent to receive, signed wrongly", body, headers(body, "not the key"))
        self.world.caller.finish()
        return self._back(request, "webhook_asked")

    def _tell(self, what: str, events: Sequence[Row]) -> None:
        body = self.body(events)
        self.world.caller.call(what, body, headers(body, self.world.caller.key))

    def _back(self, request: Request, said: str) -> Reply:
        return redirect(f"/{self.world.slug}/?{urlencode({'org': request.form_value('org'), 'tab': 'webhooks', 'said': said})}")


def event(tenant_id: str, resource_id: str, category: str, address: str) -> Row:
    return {
        "resourceUrl": address,
        "resourceId": resource_id,
        "tenantId": tenant_id,
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": "UPDATE",
        "eventDateUtc": f"{clock.now():%Y-%m-%dT%H:%M:%S.%f}"[:-3],
    }


def headers(body: bytes, key: str) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
    return {"content-type": "application/json; charset=utf-8", "x-xero-signature": signature}
