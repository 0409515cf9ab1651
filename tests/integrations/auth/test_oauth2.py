"""The authorization code road: out, back, kept fresh, and ended."""

from __future__ import annotations

import base64
import hashlib
import json
import traceback
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from integrations import clock
from integrations.auth import oauth2
from integrations.auth.hosts import Hosts
from integrations.auth.oauth2 import OAuth2, TokenSet, authorization_address, client, exchange_code, refresh, revoke
from integrations.errors import AuthLost, ConfigProblem, ProviderError, RateLimited, Transient
from integrations.http.client import Exchange

HOSTS = Hosts("https://api.acme.example", {"login": "https://login.acme.example", "identity": "https://identity.acme.example"})
DECLARED = OAuth2(
    authorize_url="{login}/connect/authorize",
    token_url="{identity}/connect/token",
    revoke_url="{identity}/connect/revocation",
    scopes=("offline_access", "invoices"),
)
HERE = "https://patchbay.example/connect/callback/acme/"
OLD = TokenSet("k4nari-old-access", "k4nari-old-refresh", scope="invoices", extra={"instance_url": "https://old.acme.example"})
GRANTED = {
    "access_token": "k4nari-access",
    "refresh_token": "k4nari-refresh",
    "expires_in": 1800,
    "token_type": "Bearer",
    "scope": "offline_access invoices",
}

pytestmark = pytest.mark.usefixtures("registered")


class Identity:
    """A token endpoint that answers as it is told."""

    def __init__(self, status: int = 200, body: object = None, error: Exception | None = None, **headers: str) -> None:
        self.status, self.body, self.error, self.headers = status, GRANTED if body is None else body, error, headers
        self.requests: list[httpx2.Request] = []
        self.exchanges: list[Exchange] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        if isinstance(self.body, bytes):
            return httpx2.Response(self.status, content=self.body, headers={"content-type": "text/html"})
        return httpx2.Response(self.status, json=self.body, headers={n.replace("_", "-"): v for n, v in self.headers.items()})

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.requests[-1].content.decode(), strict_parsing=True))

    def client(self, declared: OAuth2 = DECLARED) -> oauth2.Client:
        return client("acme", declared, HOSTS, on_exchange=self.exchanges.append, transport=httpx2.MockTransport(self))


def declared(**changes: object) -> OAuth2:
    return OAuth2(**{**{name: getattr(DECLARED, name) for name in ("authorize_url", "token_url", "revoke_url", "scopes")}, **changes})


# Out


def test_the_browser_is_sent_to_the_vendor_with_a_proof_key():
    address, verifier = authorization_address(Identity().client(), redirect_uri=HERE, state="s t/1")

    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://login.acme.example/connect/authorize"
    query = {name: value for name, [value] in parse_qs(parts.query, strict_parsing=True).items()}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert query == {
        "response_type": "code",
        "client_id": "our-client-id",
        "redirect_uri": HERE,
        "scope": "offline_access invoices",
        "state": "s t/1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    assert 43 <= len(verifier) <= 128
    assert "k4nari" not in address


def test_every_departure_has_a_verifier_of_its_own():
    assert len({authorization_address(Identity().client(), redirect_uri=HERE, state="s")[1] for _ in range(20)}) == 20


def test_a_vendor_without_proof_keys_gets_none_and_its_own_parameters():
    without = declared(
        pkce=False,
        authorize_url="{login}/auth?filter=v3",
        extra_authorize={"access_type": "offline", "prompt": "consent"},
        scope_separator=",",
    )

    address, verifier = authorization_address(Identity().client(without), redirect_uri=HERE, state="s")

    query = parse_qs(urlsplit(address).query)
    assert verifier == ""
    assert "code_challenge" not in query
    assert (query["filter"], query["access_type"], query["prompt"], query["scope"]) == (
        ["v3"],
        ["offline"],
        ["consent"],
        ["offline_access,invoices"],
    )


def test_a_vendor_without_scopes_is_asked_for_none():
    address, _ = authorization_address(Identity().client(declared(scopes=())), redirect_uri=HERE, state="s")

    assert "scope" not in parse_qs(urlsplit(address).query, keep_blank_values=True)


# The app


@pytest.mark.parametrize("variable", ["ACME_CLIENT_ID", "ACME_CLIENT_SECRET"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_app_that_is_not_registered_is_a_problem_that_names_the_variable(monkeypatch, variable, value):
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigProblem, match=f"{variable} is not set") as caught:
        Identity().client()

    assert caught.value.field == variable


def test_the_sandbox_needs_no_registration(settings, monkeypatch):
    monkeypatch.delenv("ACME_CLIENT_ID")
    monkeypatch.delenv("ACME_CLIENT_SECRET")
    settings.SANDBOX_URL = "http://127.0.0.1:8900"
    identity = Identity()

    exchange_code(identity.client(), code="c", verifier="v", redirect_uri=HERE)

    assert str(identity.requests[0].url) == "http://127.0.0.1:8900/acme/connect/token"
    assert identity.requests[0].headers["authorization"] == "Basic " + base64.b64encode(b"sandbox:sandbox").decode()


@pytest.mark.parametrize("scopes", ["one two", "one,two", " one,  two "])
def test_the_operator_chooses_the_scopes(monkeypatch, scopes):
    monkeypatch.setenv("ACME_SCOPES", scopes)

    assert Identity().client().scopes == ("one", "two")


def test_a_slug_of_several_words_has_its_own_variables(monkeypatch):
    monkeypatch.setenv("ACME_BOOKS_CLIENT_ID", "books-id")
    monkeypatch.setenv("ACME_BOOKS_CLIENT_SECRET", "books-secret")

    assert client("acme_books", DECLARED, HOSTS).client_id == "books-id"


# Back


def test_a_code_is_exchanged_for_tokens():
    identity = Identity(body=GRANTED | {"id_token": "k4nari-id", "realm": 7})
    before = clock.now()

    token = exchange_code(identity.client(), code="k4nari-code", verifier="k4nari-verifier", redirect_uri=HERE)

    request = identity.requests[0]
    assert (request.method, str(request.url)) == ("POST", "https://identity.acme.example/connect/token")
    assert identity.form == {
        "grant_type": "authorization_code",
        "code": "k4nari-code",
        "redirect_uri": HERE,
        "code_verifier": "k4nari-verifier",
    }
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"our-client-id:k4nari-client-secret").decode()
    assert (token.access_token, token.refresh_token, token.scope) == ("k4nari-access", "k4nari-refresh", "offline_access invoices")
    assert timedelta(seconds=1799) < token.expires_at - before < timedelta(seconds=1802)
    assert token.expires_at.utcoffset() == timedelta()
    assert token.extra == {"token_type": "Bearer", "id_token": "k4nari-id", "realm": 7}


def test_a_vendor_that_wants_the_app_in_the_body_gets_it_there():
    identity = Identity()

    exchange_code(identity.client(declared(client_authentication="body")), code="c", verifier="", redirect_uri=HERE)

    assert (identity.form["client_id"], identity.form["client_secret"]) == ("our-client-id", "k4nari-client-secret")
    assert "code_verifier" not in identity.form
    assert "authorization" not in identity.requests[0].headers


@pytest.mark.parametrize(("told", "life"), [("3600", 3600), (3599.5, 3599.5), (None, None), ("soon", None), (1e30, None)])
def test_the_life_of_an_access_token_is_told_in_many_ways(told, life):
    token = exchange_code(Identity(body=GRANTED | {"expires_in": told}).client(), code="c", verifier="v", redirect_uri=HERE)

    assert (token.expires_at is None) == (life is None)
    if life:
        assert abs(token.expires_at - clock.now() - timedelta(seconds=life)) < timedelta(seconds=2)


def test_a_vendor_that_never_tells_has_a_declared_life():
    identity = Identity(body={"access_token": "k4nari-access", "scopes": ["a", "b"]})

    token = exchange_code(identity.client(declared(access_life=timedelta(hours=1))), code="c", verifier="v", redirect_uri=HERE)

    assert timedelta(minutes=59) < token.expires_at - clock.now() <= timedelta(hours=1)
    assert token.scope == "a b"


# Kept fresh


def test_a_refresh_brings_new_tokens():
    identity = Identity()

    token = refresh(identity.client(), OLD)

    assert identity.form == {"grant_type": "refresh_token", "refresh_token": "k4nari-old-refresh"}
    assert (token.access_token, token.refresh_token) == ("k4nari-access", "k4nari-refresh")


@pytest.mark.parametrize("missing", [{}, {"refresh_token": ""}, {"refresh_token": None}])
def test_an_answer_without_a_refresh_token_keeps_the_old_one(missing):
    token = refresh(Identity(body={"access_token": "k4nari-access", "expires_in": 60, **missing}).client(), OLD)

    assert (token.refresh_token, token.scope, token.extra["instance_url"]) == ("k4nari-old-refresh", "invoices", "https://old.acme.example")


def test_what_the_vendor_says_anew_replaces_what_it_said_before():
    token = refresh(Identity(body=GRANTED | {"instance_url": "https://new.acme.example"}).client(), OLD)

    assert token.extra["instance_url"] == "https://new.acme.example"


def test_a_token_without_a_refresh_token_cannot_be_refreshed():
    identity = Identity()

    with pytest.raises(AuthLost):
        refresh(identity.client(), TokenSet("k4nari-access"))

    assert identity.requests == []


def test_a_token_is_due_before_its_end():
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    token = TokenSet("x", expires_at=now + timedelta(minutes=5))

    assert DECLARED.is_due(token, now)
    assert not DECLARED.is_due(token, now - timedelta(seconds=1))
    assert not declared(access_margin=timedelta(seconds=20)).is_due(token, now)
    assert not DECLARED.is_due(TokenSet("x"), now)


# What goes wrong


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_a_grant_that_the_vendor_ended_needs_a_person(status):
    with pytest.raises(AuthLost, match="Token has been revoked") as caught:
        refresh(
            Identity(status, {"error": "invalid_grant", "error_description": "Token has been revoked"}, x_request_id="r-1").client(), OLD
        )

    assert caught.value.request_id == "r-1"
    assert caught.value.advice


def test_a_vendor_has_its_own_words_for_the_end():
    own = declared(lost=frozenset({"invalid_grant", "unauthorized_client"}))

    with pytest.raises(AuthLost):
        refresh(Identity(403, {"error": "unauthorized_client"}).client(own), OLD)
    with pytest.raises(Transient):
        refresh(Identity(403, {"error": "unauthorized_client"}).client(), OLD)


@pytest.mark.parametrize(("status", "body"), [(401, {"error": "invalid_client"}), (400, {"error": "invalid_client"}), (401, b"")])
def test_a_wrong_client_secret_is_the_operators_problem(status, body):
    with pytest.raises(ConfigProblem) as caught:
        refresh(Identity(status, body).client(), OLD)

    assert caught.value.field == "ACME_CLIENT_SECRET"


@pytest.mark.parametrize(
    "identity",
    [
        Identity(400, {"error": "access_denied", "error_description": "access_token not expired"}),
        Identity(403, b"<html>blocked</html>"),
        Identity(404, {}),
        Identity(200, {"error": "temporarily_unavailable"}),
        Identity(200, {"ok": True}),
        Identity(200, {"access_token": ""}),
        Identity(200, {"access_token": 5}),
        Identity(200, ["access_token"]),
        Identity(200, b"<html>"),
        Identity(500, {"error": "server_error"}),
        Identity(502, b"<html>"),
        Identity(302, {}),
        Identity(error=httpx2.ConnectError("refused")),
        Identity(error=httpx2.ReadTimeout("slow")),
        Identity(error=httpx2.RemoteProtocolError("broken")),
    ],
)
def test_everything_else_is_tried_again(identity):
    identity.requests.clear()
    for call in (
        lambda: refresh(identity.client(), OLD),
        lambda: exchange_code(identity.client(), code="c", verifier="v", redirect_uri=HERE),
    ):
        with pytest.raises(ProviderError) as caught:
            call()
        assert type(caught.value) is Transient

    assert len(identity.requests) == 2


@pytest.mark.parametrize("identity", [Identity(error=httpx2.ReadTimeout("slow")), Identity(502, {}), Identity(200, b"<html>")])
def test_a_refresh_whose_answer_was_lost_says_that_the_token_may_have_been_replaced(identity):
    with pytest.raises(Transient, match="may have replaced the refresh token"):
        refresh(identity.client(), OLD)


def test_a_refresh_that_never_reached_the_vendor_says_no_such_thing():
    with pytest.raises(Transient) as caught:
        refresh(Identity(error=httpx2.ConnectError("refused")).client(), OLD)

    assert "replaced" not in caught.value.message


def test_a_vendor_that_is_asked_too_often_says_when_to_come_back():
    with pytest.raises(RateLimited) as caught:
        refresh(Identity(429, {"error": "slow_down"}, retry_after="17").client(), OLD)

    assert caught.value.retry_after == 17


# Ended


def test_revoking_tells_the_vendor_the_refresh_token():
    identity = Identity(200, {})

    revoke(identity.client(), OLD)

    assert str(identity.requests[0].url) == "https://identity.acme.example/connect/revocation"
    assert identity.form == {"token": "k4nari-old-refresh", "token_type_hint": "refresh_token"}
    revoke(identity.client(), TokenSet("k4nari-access"))
    assert identity.form == {"token": "k4nari-access", "token_type_hint": "access_token"}


@pytest.mark.parametrize("error", ["invalid_token", "invalid_grant"])
def test_a_token_that_the_vendor_does_not_know_any_more_is_as_good_as_revoked(error):
    revoke(Identity(400, {"error": error}).client(), OLD)


@pytest.mark.parametrize(
    "identity", [Identity(400, {"error": "unsupported_token_type"}), Identity(400, {}), Identity(503, {}), Identity(404, {})]
)
def test_a_revocation_that_failed_can_be_tried_again(identity):
    with pytest.raises(ProviderError) as caught:
        revoke(identity.client(), OLD)

    assert type(caught.value) is Transient


def test_a_vendor_without_revocation_is_left_alone():
    identity = Identity()

    revoke(identity.client(declared(revoke_url=None)), OLD)

    assert identity.requests == []


# Secrets


def test_a_token_set_survives_as_json_and_shows_nothing():
    token = refresh(Identity(body=GRANTED | {"realm": 7}).client(), OLD)

    assert TokenSet.of(json.loads(json.dumps(token.payload()))) == token
    assert TokenSet.of({"access_token": "x"}) == TokenSet("x")
    assert "k4nari" not in repr(token) + str(token)
    assert "k4nari" not in repr(Identity().client()) + str(Identity().client())


class Parrot(Identity):
    """Repeats everything that it was sent in its error."""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        sent = " ".join(value for _, value in parse_qsl(request.content.decode()))
        authorization = request.headers.get("authorization", "")
        said = f"{sent} {authorization} {base64.b64decode(authorization[6:]).decode()}"
        self.requests.append(request)
        if self.status == 500:
            return httpx2.Response(500, text=said)
        return httpx2.Response(self.status, json={"error": self.body, "error_description": said, "refresh_token": "k4nari-answered"})


CODE, VERIFIER = "k4nari-code", "k4nari-verifier"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "invalid_grant"), (400, "invalid_client"), (400, "other"), (200, "other"), (401, ""), (500, "")]
)
@pytest.mark.parametrize("authentication", ["basic", "body"])
def test_no_secret_of_the_protocol_shows_anywhere(status, code, authentication):
    identity = Parrot(status, code)
    ours = identity.client(declared(client_authentication=authentication, lost=frozenset({"never"})))
    errors = []
    for call in (
        lambda: refresh(ours, OLD),
        lambda: exchange_code(ours, code=CODE, verifier=VERIFIER, redirect_uri=HERE),
        lambda: revoke(ours, OLD),
    ):
        try:
            call()
        except ProviderError as error:
            errors.append(error)

    shown = [text for error in errors for text in (str(error), repr(error), repr(vars(error)), *traceback.format_exception(error))]
    for exchange in identity.exchanges:
        shown += [repr(exchange), exchange.url, exchange.failure, exchange.request_body, exchange.response_body]
        shown += [repr(exchange.request_headers), repr(exchange.response_headers)]
    assert [text for text in shown if "k4nari" in text] == []
    assert len(identity.exchanges) == 3
    assert len(errors) >= 2
    assert {(error.__context__, error.__cause__) for error in errors} == {(None, None)}


def test_no_secret_of_a_success_is_kept():
    identity = Identity(body=GRANTED | {"id_token": "k4nari-id"})
    exchange_code(identity.client(), code=CODE, verifier=VERIFIER, redirect_uri=HERE)

    (exchange,) = identity.exchanges
    assert "k4nari" not in exchange.request_body + exchange.response_body + repr(exchange.request_headers)
    assert "authorization_code" in exchange.request_body
    assert "1800" in exchange.response_body
