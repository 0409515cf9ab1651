"""Signing in: the consent page, tokens, and the connections between an app and the organisations a person allowed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from integrations import clock
from integrations.providers.xero.sandbox.batches import Resource
from integrations.providers.xero.sandbox.books import Books
from integrations.providers.xero.sandbox.organisations import fixed_id
from integrations.providers.xero.sandbox.wire import Row
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request, json_reply
from integrations.sandbox.limits import Quota
from integrations.sandbox.oauth import Authorization, AuthorizationServer, Client, Grant, Lifetimes, signed_token
from integrations.sandbox.pages import html

LIFETIMES = Lifetimes(code=300, access=1800, refresh=60 * 86400, grace=1800)
USER = {"id": fixed_id("user"), "email": "sam.sandbox@example.com", "given_name": "Sam", "family_name": "Sandbox"}
IDENTITY_SCOPES = {"openid", "profile", "email", "offline_access"}
AREAS = {  # of the API: the scopes of which one is needed; to read, the same with `.read` will do
    "Invoices": ("accounting.transactions", "accounting.invoices"),
    "CreditNotes": ("accounting.transactions", "accounting.invoices"),
    "PurchaseOrders": ("accounting.transactions", "accounting.invoices"),
    "Payments": ("accounting.transactions", "accounting.payments"),
    "Contacts": ("accounting.contacts",),
    "Organisation": ("accounting.settings",),
    "Accounts": ("accounting.settings",),
    "TaxRates": ("accounting.settings",),
    "TrackingCategories": ("accounting.settings",),
    "Currencies": ("accounting.settings",),
    "BrandingThemes": ("accounting.settings",),
    "Attachments": ("accounting.attachments",),
}
OTHER_SCOPES = (
    "accounting.banktransactions",
    "accounting.manualjournals",
    "accounting.budgets",
    "accounting.journals",
    "accounting.reports",
    "files",
    "assets",
    "projects",
)
SCOPES = frozenset(
    IDENTITY_SCOPES.union(*({scope, f"{scope}.read"} for scope in (*OTHER_SCOPES, *(name for names in AREAS.values() for name in names))))
)


@dataclass
class Caller:
    """Who calls: the app, with what it was granted; at an organisation, that one's books and what is left of the limits there."""

    client_id: str
    grant: Grant
    quota: Quota
    books: Books | None = None


def authorization_server(world: Any, clients: dict[str, Client]) -> AuthorizationServer:
    """Xero's: rotating refresh tokens with half an hour of grace, 400 for an unknown client, JWTs as access tokens."""
    key = world.chance.token().encode()

    def claims(grant: Grant, expires_at: float) -> dict[str, Any]:
        now = int(clock.timestamp())
        times = {"nbf": now, "exp": int(expires_at), "auth_time": int(grant.given_at)}
        return {**times, "iss": "https://identity.xero.com", "sub": USER["id"], "xero_userid": USER["id"], "global_session_id": grant.id}

    def access_token(grant: Grant, expires_at: float) -> str:
        ids = {"client_id": grant.client_id, "jti": world.chance.uuid(), "authentication_event_id": grant.id}
        audience = {"aud": "https://identity.xero.com/resources", "scope": list(grant.scopes)}
        return signed_token({**claims(grant, expires_at), **audience, **ids}, key)

    def id_token(grant: Grant) -> dict[str, Any]:
        if "openid" not in grant.scopes:
            return {}
        person = {name: USER[name] for name in ("email", "given_name", "family_name")}
        audience = {"aud": grant.client_id, **({"nonce": grant.nonce} if grant.nonce else {})}
        return {"id_token": signed_token({**claims(grant, clock.timestamp() + 300), **audience, **person}, key)}

    return AuthorizationServer(
        world.chance,
        LIFETIMES,
        clients,
        SCOPES,
        offline_scope="offline_access",
        invalid_client_status=400,
        mint=access_token,
        beside=id_token,
    )


class Connecting(Resource):
    @route("GET", "/identity/connect/authorize", page=True)
    def ask(self, request: Request) -> Reply:
        """The consent page: which organisations may the app see?"""
        return self._consent_page(self.world.authorization.authorization(request.query))

    @route("POST", "/identity/connect/authorize", page=True)
    def decide(self, request: Request) -> Reply:
        """`decision` is `allow`, for the organisations in `tenant`, or anything else to cancel."""
        asked = self.world.authorization.authorization({name: values[-1] for name, values in request.form.items()})
        if request.form_value("decision") != "allow":
            return self.world.authorization.refuse(asked)
        chosen = [tenant for tenant in request.form.get("tenant", []) if tenant in self.world.books]
        if not chosen:
            return self._consent_page(asked, nothing_chosen=True)
        grant, reply = self.world.authorization.grant(asked, tuple(chosen))
        for tenant in chosen:
            self._connect(grant, self.world.books[tenant])
        return reply

    @route("POST", "/connect/token")
    def token(self, request: Request) -> Reply:
        return self.world.authorization.token(request)

    @route("POST", "/connect/revocation")
    def revoke(self, request: Request) -> Reply:
        """Ends all connections of the app, whatever grant the token was of."""
        return self.world.authorization.revoke(request, lambda grant: self._disconnect(grant.client_id))

    @route("GET", "/connections")
    def connections(self, request: Request) -> Reply:
        event = request.query.get("authEventId")
        rows = [row for (client, _), row in self.world.connections.items() if client == request.caller.client_id]
        return json_reply([row for row in rows if event in (None, row["authEventId"])])

    @route("DELETE", "/connections/{key}")
    def disconnect(self, request: Request) -> Reply:
        for place, row in self.world.connections.items():
            if place[0] == request.caller.client_id and row["id"] == request.params["key"].lower():
                del self.world.connections[place]
                return Reply(204)
        return Reply(404)

    def _consent_page(self, asked: Authorization, *, nothing_chosen: bool = False) -> Reply:
        where = urlsplit(asked.redirect_uri)
        context = {
            "asked": asked,
            "fields": dict(asked.fields),
            "organisations": list(self.world.books.values()),
            "connected": {tenant for client, tenant in self.world.connections if client == asked.client_id},
            "nothing_chosen": nothing_chosen,
            "app": where.netloc,
        }
        status = 400 if nothing_chosen else 200
        return html("xero/sandbox/consent.html", context, status=status, sends_to=f"{where.scheme}://{where.netloc}")

    def _connect(self, grant: Grant, books: Books) -> None:
        now = datetime.fromtimestamp(grant.given_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0")
        new: Row = {"id": self.world.chance.uuid(), "createdDateUtc": now}
        row = self.world.connections.setdefault((grant.client_id, books.id), new)
        row |= {
            "authEventId": grant.id,
            "tenantId": books.id,
            "tenantType": "ORGANISATION",
            "tenantName": books.name,
            "updatedDateUtc": now,
        }

    def _disconnect(self, client_id: str) -> None:
        for place in [place for place in self.world.connections if place[0] == client_id]:
            del self.world.connections[place]
