"""An OAuth 2 authorization server (RFC 6749, PKCE of RFC 7636) that the sandboxes share: codes, rotating refresh tokens, revocation.

The vendor's sandbox draws the consent page itself and calls `authorization`, `grant` and `refuse`; it answers its token and revocation
addresses with `token` and `revoke`, and asks `bearer` who is calling. Any client id and secret will do unless clients are configured, but a
client that once came with a secret has to come with the same one again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

import msgspec

from integrations import clock
from integrations.sandbox.chance import Chance
from integrations.sandbox.exchange import Refusal, Reply, Request, json_reply, redirect, split_url
from integrations.sandbox.pages import html

AUTHORIZATION_FIELDS = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "nonce")


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `refresh` counts from the last use; `grace` is how long a refresh token still works after it was exchanged."""

    code: float = 300
    access: float = 3600
    refresh: float = 60 * 86400
    grace: float = 0


class Client(msgspec.Struct, kw_only=True):
    """A registered app. Without a secret it is a public one, which has to use PKCE."""

    secret: str | None = None
    redirect_uris: list[str] = []


@dataclass(frozen=True)
class Authorization:
    """A valid request to authorize. `fields` is what a consent form has to carry along in hidden inputs."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    nonce: str
    fields: Mapping[str, str]

    def answer(self, **parameters: str) -> Reply:
        """Send the browser back to the app."""
        query = urlencode({**parameters, **({"state": self.state} if self.state else {})})
        return redirect(f"{self.redirect_uri}{'&' if urlsplit(self.redirect_uri).query else '?'}{query}")


@dataclass
class Grant:
    """What a person allowed a client once. `things` are the vendor's own ids of what was picked on the consent page."""

    id: str
    client_id: str
    scopes: tuple[str, ...]
    things: tuple[str, ...]
    nonce: str
    given_at: float
    revoked: bool = False


@dataclass
class Token:
    """A code, an access token or a refresh token."""

    grant: Grant
    expires_at: float
    used_at: float | None = None
    redirect_uri: str = ""
    challenge: str = ""


class BearerRefused(Exception):
    """`reason` is `missing`, `unknown` or `expired`; an expired one has its `expired_at`."""

    def __init__(self, reason: str, expired_at: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired_at = expired_at


@dataclass
class AuthorizationServer:
    """`mint` makes the text of an access token of a grant that expires at a time; `beside` are more fields of the answer with it."""

    chance: Chance
    lifetimes: Lifetimes
    clients: dict[str, Client] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()  # empty: any
    offline_scope: str = ""  # without this scope there is no refresh token; empty: always one
    invalid_client_status: int = 401
    rotates: bool = True  # whether a refresh token is good once, and comes with its successor
    mint: Callable[[Grant, float], str] | None = None
    beside: Callable[[Grant], dict[str, Any]] = lambda grant: {}

    def __post_init__(self) -> None:
        self._open = not self.clients
        self._codes: dict[str, Token] = {}
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}

    # The consent page

    def authorization(self, values: Mapping[str, str]) -> Authorization:
        """Read a request to authorize. Raises `Refusal`: back to the app with an error, or to the person when there is no way back."""
        client_id, redirect_uri = values.get("client_id", ""), values.get("redirect_uri", "")
        client = self.clients.get(client_id)
        if not client_id or (client is None and not self._open):
            raise _dead_end("unauthorized_client", "The client_id is missing or not registered here.")
        where = split_url(redirect_uri)
        if where is None or where.fragment:
            raise _dead_end("invalid_request", "The redirect_uri is missing or not a full web address.")
        if client and client.redirect_uris and redirect_uri not in client.redirect_uris:
            raise _dead_end("invalid_request", "The redirect_uri is not one of those registered for this client.")
        asked = Authorization(
            client_id,
            redirect_uri,
            tuple(values.get("scope", "").split()),
            values.get("state", ""),
            values.get("code_challenge", ""),
            values.get("nonce", ""),
            {name: values[name] for name in AUTHORIZATION_FIELDS if name in values},
        )
        if values.get("response_type") != "code":
            raise Refusal(asked.answer(error="unsupported_response_type"))
        if not asked.scopes or (self.scopes and not self.scopes.issuperset(asked.scopes)):
            raise Refusal(asked.answer(error="invalid_scope"))
        if asked.challenge and values.get("code_challenge_method") != "S256":
            raise Refusal(asked.answer(error="invalid_request", error_description="transform algorithm not supported"))
        return asked

    def grant(self, asked: Authorization, things: tuple[str, ...]) -> tuple[Grant, Reply]:
        """The person allowed it for `things`: the grant, and the way back to the app with a code."""
        now = clock.timestamp()
        grant = Grant(self.chance.uuid(), asked.client_id, asked.scopes, things, asked.nonce, now)
        code = self.chance.token()
        self._codes[code] = Token(grant, now + self.lifetimes.code, None, asked.redirect_uri, asked.challenge)
        return grant, asked.answer(code=code, scope=" ".join(asked.scopes))

    def refuse(self, asked: Authorization) -> Reply:
        """The person pressed cancel."""
        return asked.answer(error="access_denied", error_description="The person did not allow access")

    # The token and revocation addresses

    def token(self, request: Request) -> Reply:
        try:
            client_id = self._client(request)
            kind = request.form_value("grant_type")
            if kind == "authorization_code":
                return self._issued(self._by_code(request, client_id))
            if kind == "refresh_token":
                return self._issued(self._by_refresh_token(request, client_id), is_refreshed=True)
            raise _error("unsupported_grant_type" if kind else "invalid_request")
        except Refusal as refusal:
            return refusal.reply

    def revoke(self, request: Request, revoked: Callable[[Grant], None]) -> Reply:
        """Answer a revocation (RFC 7009): unknown tokens are fine. `revoked` is told the grant that ended."""
        try:
            client_id = self._client(request)
        except Refusal as refusal:
            return refusal.reply
        value = request.form_value("token")
        if not value:
            return _error("invalid_request").reply
        token = self._refresh.get(value) or self._access.get(value)
        if token and token.grant.client_id == client_id:
            token.grant.revoked = True
            revoked(token.grant)
        return Reply(200)

    def tokens(self) -> list[str]:
        """Every access and refresh token that was given out."""
        return [*self._access, *self._refresh]

    def end_grants(self) -> None:
        """Every person takes back what was allowed: no token of theirs is good any more."""
        for token in (*self._codes.values(), *self._access.values(), *self._refresh.values()):
            token.grant.revoked = True

    # Who calls

    def bearer(self, request: Request) -> Grant:
        """The grant of the access token that the request carries. Raises `BearerRefused`."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not value:
            raise BearerRefused("missing")
        token = self._access.get(value.strip())
        if token is None or token.grant.revoked:
            raise BearerRefused("unknown")
        if token.expires_at <= clock.timestamp():
            raise BearerRefused("expired", token.expires_at)
        return token.grant

    def expire(self, request: Request) -> None:
        """Let the access token of `request` expire now."""
        token = self._access.get(request.headers.get("authorization", "").partition(" ")[2].strip())
        if token:
            token.expires_at = min(token.expires_at, clock.timestamp())

    def _client(self, request: Request) -> str:
        """Who the app is, by HTTP Basic or by fields of the body; remembers the secret of one that is seen for the first time."""
        client_id, secret = request.form_value("client_id"), request.form_value("client_secret") or None
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as error:
                raise _error("invalid_client", self.invalid_client_status) from error
            client_id, secret = unquote_plus(name), unquote_plus(password) or None
        known = self.clients.get(client_id)
        if known is None and self._open and client_id:
            self.clients[client_id] = known = Client(secret=secret)
        if known is None or not hmac.compare_digest((known.secret or "").encode(), (secret or "").encode()):
            raise _error("invalid_client", self.invalid_client_status)
        return client_id

    def _by_code(self, request: Request, client_id: str) -> Grant:
        code = self._codes.pop(request.form_value("code"), None)
        if code is None or code.expires_at <= clock.timestamp() or code.grant.client_id != client_id or code.grant.revoked:
            raise _error("invalid_grant")
        if request.form_value("redirect_uri") != code.redirect_uri:
            raise _error("invalid_grant")
        verifier = request.form_value("code_verifier")
        if code.challenge or verifier:
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if not hmac.compare_digest(digest, code.challenge):
                raise _error("invalid_grant")
        elif self.clients[client_id].secret is None:
            raise _error("invalid_grant")
        return code.grant

    def _by_refresh_token(self, request: Request, client_id: str) -> Grant:
        now = clock.timestamp()
        token = self._refresh.get(request.form_value("refresh_token"))
        if token is None or token.expires_at <= now or token.grant.client_id != client_id or token.grant.revoked:
            raise _error("invalid_grant")
        if not self.rotates:
            return token.grant
        if token.used_at is None:
            token.used_at = now
        elif now >= token.used_at + self.lifetimes.grace:
            raise _error("invalid_grant")
        return token.grant

    def _issued(self, grant: Grant, *, is_refreshed: bool = False) -> Reply:
        now = clock.timestamp()
        expires_at = now + self.lifetimes.access
        access_token = self.mint(grant, expires_at) if self.mint else self.chance.token()
        self._access[access_token] = Token(grant, expires_at)
        answer: dict[str, Any] = {"access_token": access_token, "expires_in": int(self.lifetimes.access), "token_type": "Bearer"}
        if (self.rotates or not is_refreshed) and (not self.offline_scope or self.offline_scope in grant.scopes):
            answer["refresh_token"] = refresh_token = self.chance.token()
            self._refresh[refresh_token] = Token(grant, now + self.lifetimes.refresh)
        answer |= {"scope": " ".join(grant.scopes), **self.beside(grant)}
        return json_reply(answer, Cache_Control="no-store")


def signed_token(claims: Mapping[str, Any], key: bytes) -> str:
    """A JWT (RFC 7519) signed with HMAC-SHA256."""
    parts = [msgspec.json.encode({"alg": "HS256", "typ": "JWT"}), msgspec.json.encode(claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(key, text, hashlib.sha256).digest()).rstrip(b"=")
    return f"{text.decode()}.{signature.decode()}"


def _error(code: str, status: int = 400) -> Refusal:
    return Refusal(json_reply({"error": code}, status, Cache_Control="no-store"))


def _dead_end(code: str, description: str) -> Refusal:
    return Refusal(html("sandbox/dead_end.html", {"code": code, "description": description}, status=400))
