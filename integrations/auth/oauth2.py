"""OAuth 2 authorization code: what a provider declares, and the four calls of the protocol, each through the one HTTP seam.

Who may refresh, and when, is not decided here: a refresh may end the token that it was made with, so the caller makes sure
that there is only one at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Self, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from integrations import clock
from integrations.auth import environment
from integrations.auth.hosts import Hosts, ResolvedHosts, resolve
from integrations.auth.token import SecretInput, basic, bearer
from integrations.errors import AuthLost, ConfigProblem, ProviderError, Transient, Uncertain
from integrations.http.client import OPEN, Exchange, Gate, Http, Response

T = TypeVar("T")

SANDBOX_APP = "sandbox"
"""Client id and secret while the sandbox stands in for the vendors and the operator has set none."""


@dataclass(frozen=True, kw_only=True)
class OAuth2:
    """How a vendor authorizes. Addresses are templates over `Hosts`: `{login}/connect/authorize`.

    `scopes`           `<SLUG>_SCOPES` of the environment replaces them, and those of switches as well
    `scopes_of`        switch of the integration -> scopes that are asked for only while it is on
    `asks`             what has to be known before the redirect, such as a subdomain
    `extra_authorize`  further parameters of the authorization address
    `access_life`      life of an access token where the vendor's answer does not tell it
    `access_margin`    how long before its end an access token is renewed
    `refresh_life`     how long a refresh token lives unused; None for ever
    `grace`            how long the previous refresh token still works after it was exchanged for a new one
    `lost`             the vendor's error codes that say that a person has to connect anew
    """

    kind: ClassVar[str] = "oauth2"
    label: str | Promise = ""
    about: str | Promise = ""
    authorize_url: str
    token_url: str
    revoke_url: str | None = None
    scopes: tuple[str, ...] = ()
    scopes_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope_separator: str = " "
    pkce: bool = True
    client_authentication: Literal["basic", "body"] = "basic"
    asks: tuple[SecretInput, ...] = ()
    extra_authorize: Mapping[str, str] = field(default_factory=dict)
    access_life: timedelta | None = None
    access_margin: timedelta = timedelta(minutes=5)
    refresh_life: timedelta | None = None
    grace: timedelta = timedelta()
    lost: frozenset[str] = frozenset({"invalid_grant"})

    def headers(self, payload: Mapping[str, Any]) -> dict[str, str]:
        """The authorization of a call, of what a credential keeps."""
        return bearer(TokenSet.of(payload).access_token)

    def is_due(self, token: TokenSet, now: datetime) -> bool:
        """Whether the access token is to be renewed before the next call."""
        return token.expires_at is not None and now >= token.expires_at - self.access_margin


@dataclass(frozen=True, repr=False)
class TokenSet:
    """What a vendor granted. `extra` is the rest of its answer, such as the address or id of the account.

    At `ends_at` a person has to connect anew, however often the tokens are renewed until then; None where that is not so.
    """

    access_token: str
    refresh_token: str = ""
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    scope: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<TokenSet until {self.expires_at}>"

    def payload(self) -> dict[str, Any]:
        """As JSON, to be encrypted."""
        return msgspec.to_builtins(self)  # type: ignore[no-any-return]

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """The set that `payload()` was made of."""
        return msgspec.convert(payload, cls)


@dataclass(frozen=True, repr=False)
class Client:
    """This installation's app at a vendor, ready to call it. `transport` stands in for the network in tests."""

    slug: str
    declared: OAuth2
    hosts: ResolvedHosts
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    gate: Gate = OPEN
    on_exchange: Callable[[Exchange], None] | None = None
    transport: httpx2.BaseTransport | None = None

    def __repr__(self) -> str:
        return f"<Client {self.slug}>"

    def post(self, template: str, form: Mapping[str, str], *, also_ok: Collection[int] = ()) -> Response:
        """A form to one of the vendor's authorizing addresses, with our client authentication."""
        address = self.hosts.address(template)
        parts = urlsplit(address)
        http = Http(
            f"{parts.scheme}://{parts.netloc}",
            read_error=lambda response: _refusal(self, response),
            allowed=self.hosts.allowed,
            gate=self.gate,
            on_exchange=self.on_exchange,
            transport=self.transport,
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if self.declared.client_authentication == "basic":
            headers |= basic(self.client_id, self.client_secret)
        else:
            form = {**form, "client_id": self.client_id, "client_secret": self.client_secret}
        return http.send("POST", address, content=urlencode(form).encode(), headers=headers, also_ok=also_ok)


def client(
    slug: str,
    declared: OAuth2,
    hosts: Hosts,
    answers: Mapping[str, str] | None = None,
    *,
    is_on: Callable[[str], bool] = lambda switch: False,
    gate: Gate = OPEN,
    on_exchange: Callable[[Exchange], None] | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> Client:
    """The app as the environment has it, asking for what the switches that are on need. Raises `ConfigProblem` naming the variable
    that is missing.
    """
    default = SANDBOX_APP if settings.SANDBOX_URL else None
    replaced = environment.read(slug, "SCOPES", "").replace(",", " ").split()
    switched = [scope for switch, scopes in declared.scopes_of.items() if is_on(switch) for scope in scopes]
    return Client(
        slug=slug,
        declared=declared,
        hosts=resolve(slug, hosts, answers),
        client_id=environment.read(slug, "CLIENT_ID", default),
        client_secret=environment.read(slug, "CLIENT_SECRET", default),
        scopes=tuple(replaced) or (*declared.scopes, *switched),
        gate=gate,
        on_exchange=on_exchange,
        transport=transport,
    )


def authorization_address(client: Client, *, redirect_uri: str, state: str) -> tuple[str, str]:
    """Where to send the browser, and the PKCE verifier to keep for `exchange_code` ("" without PKCE)."""
    verifier = secrets.token_urlsafe(48) if client.declared.pkce else ""
    proof = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"} if verifier else {}
    address: str = prepare_grant_uri(
        client.hosts.address(client.declared.authorize_url),
        client.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=client.declared.scope_separator.join(client.scopes),
        state=state,
        **proof,
        **client.declared.extra_authorize,
    )
    return address, verifier


def exchange_code(client: Client, *, code: str, verifier: str, redirect_uri: str) -> TokenSet:
    """The first tokens. Raises `AuthLost` for a code that is used or too old, `ConfigProblem` for a wrong client secret, `Transient`."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if verifier:
        form["code_verifier"] = verifier
    return _granted(client, form, TokenSet(""), _("Start connecting once more: the code may have been used up."))


def refresh(client: Client, token: TokenSet) -> TokenSet:
    """New tokens for old ones; an answer without a refresh token keeps the old one.

    Raises `AuthLost` when a person has to connect anew, `ConfigProblem` for a wrong client secret, and `Transient` for all
    else, also when it is not known whether the vendor has given out new tokens already.
    """
    if not token.refresh_token:
        raise AuthLost(_("The vendor gave no refresh token, so its access has ended."))
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
    return _granted(client, form, token, _("The vendor may have replaced the refresh token already."))


def revoke(client: Client, token: TokenSet) -> None:
    """End the grant at the vendor, where a call can end it. A token that the vendor no longer knows is as good as revoked.

    Raises `ConfigProblem` for a wrong client secret, and `Transient`.
    """
    if client.declared.revoke_url is None:
        return
    kind = "refresh_token" if token.refresh_token else "access_token"
    form = {"token": token.refresh_token or token.access_token, "token_type_hint": kind}
    answer = _settled(lambda: client.post(client.declared.revoke_url or "", form, also_ok={400}), _("It may be revoked already."))
    if answer.status == 400 and _members(answer).get("error") not in client.declared.lost | {"invalid_token"}:
        raise _refusal(client, answer) or Transient(_("The vendor did not revoke the connection."))


def _granted(client: Client, form: Mapping[str, str], old: TokenSet, doubt: str) -> TokenSet:
    answer = _settled(lambda: client.post(client.declared.token_url, form).decode(dict[str, Any]), doubt)
    granted = {name: answer.pop(name, None) for name in ("access_token", "refresh_token", "expires_in", "scope")}
    if not granted["access_token"] or not isinstance(granted["access_token"], str):
        raise Transient(_("The vendor's answer has no access token."))
    life = _life(granted["expires_in"]) or client.declared.access_life
    expires_at = clock.now() + life if life else None
    scope = granted["scope"] or answer.get("scopes") or old.scope
    return TokenSet(
        access_token=granted["access_token"],
        refresh_token=granted["refresh_token"] or old.refresh_token,
        expires_at=expires_at,
        ends_at=_end(granted["refresh_token"], old, answer) if granted["refresh_token"] or old.refresh_token else expires_at,
        scope=scope if isinstance(scope, str) else " ".join(scope),
        extra={**old.extra, **answer},
    )


def _end(replacement: str | None, old: TokenSet, answer: Mapping[str, Any]) -> datetime | None:
    """When the refresh token ends for good, as far as the answer tells: a life that a new refresh token begins anew is no end."""
    hard = _life(answer.get("x_refresh_token_hard_expires_in"))
    kept = old.refresh_token and replacement in (None, "", old.refresh_token)
    fixed = _life(answer.get("refresh_token_expires_in")) if kept else None
    lives = [life for life in (hard, fixed) if life]
    return clock.now() + min(lives) if lives else (old.ends_at if kept else None)


def _settled(ask: Callable[[], T], doubt: str) -> T:
    """What is uncertain about tokens is tried again, saying so: looking it up is not possible."""
    try:
        return ask()
    except Uncertain as error:
        message, request_id = error.message, error.request_id
    raise Transient(f"{message} {doubt}", request_id=request_id)


def _refusal(client: Client, response: Response) -> ProviderError | None:
    """What the error answers of RFC 6749 mean, also those that come with status 200."""
    error = _members(response).get("error")
    if response.status >= 500 or response.status == 429 or (response.status < 400 and not error):
        return None
    said = response.summary() or str(response.status)
    if error in client.declared.lost:
        return AuthLost(_("The vendor has ended the connection: %(said)s") % {"said": said}, advice=_("Connect anew."))
    if error == "invalid_client" or response.status == 401:
        return ConfigProblem(
            _("The vendor does not accept this installation's app: %(said)s") % {"said": said},
            field=environment.variable(client.slug, "CLIENT_SECRET"),
            advice=_("The operator compares client id and secret with the vendor's."),
        )
    return Transient(_("The vendor gave no tokens: %(said)s") % {"said": said})


def _members(response: Response) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(response.content)
    except msgspec.MsgspecError:
        return {}
    return found if isinstance(found, dict) else {}


def _life(expires_in: Any) -> timedelta | None:
    """Some vendors tell the seconds as a text, some not at all."""
    try:
        return timedelta(seconds=float(expires_in))
    except (TypeError, ValueError, OverflowError):
        return None
