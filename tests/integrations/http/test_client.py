"""What a vendor's answers mean to us, and what is told to whom about them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import httpx2
import msgspec
import pytest

from integrations.errors import AuthLost, ConfigProblem, ProviderError, RateLimited, Rejected, Transient, Uncertain
from integrations.http.client import Exchange, Http, Response

BASE = "https://api.vendor.example/v2"


class Script:
    """Answers one after another (the last one for ever), and what was asked."""

    def __init__(self, *answers: httpx2.Response | Exception | None) -> None:
        self.answers = list(answers) or [httpx2.Response(200, json={})]
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def http(self, **options: object) -> Http:
        return Http(options.pop("base_url", BASE), transport=httpx2.MockTransport(self), **options)


class Turnstile:
    """A gate that remembers what it was asked and told."""

    def __init__(self, refuses: ProviderError | None = None) -> None:
        self.refuses = refuses
        self.log: list[object] = []

    def acquire(self, interactive: bool) -> None:
        self.log.append(("acquire", interactive))
        if self.refuses:
            raise self.refuses

    def release(self) -> None:
        self.log.append("release")

    def blocked(self, retry_after: float) -> None:
        self.log.append(("blocked", retry_after))

    def heard(self, headers) -> None:
        self.log.append(("heard", headers.get("x-left", "")))


def answer(status: int = 200, content: object = None, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(content, bytes):
        return httpx2.Response(status, content=content, headers=named)
    return httpx2.Response(status, json={} if content is None else content, headers=named)


def read(*answers, **options):
    return Script(*answers).http(**options).get("/things")


def write(*answers, **options):
    return Script(*answers).http(**options).send("POST", "/things", json={"a": 1})


class Invoice(msgspec.Struct):
    number: str = msgspec.field(name="InvoiceNumber")
    total: Decimal = msgspec.field(name="Total", default=Decimal(0))


# What is sent


def test_a_path_continues_the_base_address():
    script = Script()
    script.http().get("/things/7")
    script.http().get("things/7")
    script.http(base_url=BASE + "/").get("/things/7")

    assert {str(request.url) for request in script.requests} == {f"{BASE}/things/7"}


def test_parameters_are_encoded_and_those_of_none_left_out():
    script = Script()
    script.http().get("/things", params={"$filter": "a eq 'b c'", "page": 2, "all": True, "none": None, "ids": ["1", "2"], "empty": ""})

    url = script.requests[0].url
    assert url.params.multi_items() == [
        ("$filter", "a eq 'b c'"),
        ("page", "2"),
        ("all", "true"),
        ("ids", "1"),
        ("ids", "2"),
        ("empty", ""),
    ]
    assert b"+" not in url.query


def test_the_address_of_a_next_page_is_taken_as_it_is():
    script = Script()
    script.http().get(f"{BASE}/things?cursor=a%2Fb&x=1")
    script.http().get(f"{BASE}/things?cursor=a", params={"limit": 5})

    assert [str(request.url) for request in script.requests] == [f"{BASE}/things?cursor=a%2Fb&x=1", f"{BASE}/things?cursor=a&limit=5"]


def test_an_address_inside_of_a_path_is_a_part_of_the_path():
    script = Script()
    script.http().get("/things?of=https://other.example/x")
    script.http().get("//other.example/x")

    assert [str(request.url) for request in script.requests] == [f"{BASE}/things?of=https://other.example/x", f"{BASE}/other.example/x"]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v2/things",
        "https://api.vendor.example.evil.example/v2/things",
        "http://api.vendor.example/v2/things",
        "https://api.vendor.example:8443/v2/things",
        "https://api.vendor.example/v1/things",
        "https://api.vendor.example/v20/things",
        "https://api.vendor.example@evil.example/v2/",
        "/../v1/things",
        "/things/../../../admin",
        "/a\r\nhost: evil",
    ],
)
def test_nothing_outside_of_the_base_address_is_ever_given_the_credential(path):
    script = Script()

    with pytest.raises(Rejected, match="not below"):
        script.http(headers={"authorization": "Bearer x"}).get(path)

    assert script.requests == []


def test_a_payload_is_sent_as_exact_json():
    script = Script()
    script.http().send(
        "PUT", "/things", json={"amount": Decimal("10.10"), "big": Decimal("12345678901234567890.01"), "on": date(2026, 11, 1)}
    )

    request = script.requests[0]
    assert request.content == b'{"amount":10.10,"big":12345678901234567890.01,"on":"2026-11-01"}'
    assert request.headers["content-type"] == "application/json"
    assert request.method == "PUT"


def test_content_is_sent_untouched_under_its_own_type():
    script = Script()
    script.http().send("PUT", "/file.pdf", content=b"%PDF", headers={"Content-Type": "application/pdf"})

    assert script.requests[0].content == b"%PDF"
    assert script.requests[0].headers["content-type"] == "application/pdf"


def test_headers_of_a_call_come_before_those_of_the_credential_and_those_before_ours():
    script = Script()
    script.http(headers={"Accept": "text/xml", "X-Tenant": "1"}).get("/", headers={"x-tenant": "2"})

    headers = script.requests[0].headers
    assert (headers["accept"], headers.get_list("x-tenant"), headers["user-agent"]) == ("text/xml", ["2"], "Patchbay")


@pytest.mark.parametrize("value", ["canary-ü", "canary\r\nx-other: 1", " canary", "canary\x00", "canary\t"])
def test_a_credential_that_no_header_can_carry_is_a_configuration_problem(value):
    script = Script()

    with pytest.raises(ConfigProblem) as caught:
        script.http(headers={"x-api-key": value}).get("/")

    assert "canary" not in str(caught.value)
    assert caught.value.field == "x-api-key"
    assert script.requests == []


# What comes back


def test_a_body_is_decoded_and_unknown_members_are_passed_over():
    script = Script(answer(200, {"InvoiceNumber": "INV-1", "Total": 1.5, "New": {"deep": []}}))

    assert script.http().get("/things", as_=Invoice) == Invoice(number="INV-1", total=Decimal("1.5"))


def test_money_is_decoded_to_the_digit():
    script = Script(answer(200, b'[{"InvoiceNumber": "1", "Total": 1234567890123456.78}, {"InvoiceNumber": "2", "Total": "0.10"}]'))

    decoded = script.http().get("/things", as_=list[Invoice])

    assert [str(invoice.total) for invoice in decoded] == ["1234567890123456.78", "0.10"]


UNREADABLE = [
    answer(200, b"<html>Down for maintenance</html>", content_type="text/html"),
    answer(200, b'{"InvoiceNumber": "INV', content_type="application/json"),
    answer(200, b"", content_type="application/json"),
    answer(200, b"", content_type=""),
    answer(200, {"InvoiceNumber": 5}),
    answer(200, ["not an object"]),
    answer(200, {"Total": 5}),
    answer(200, {"InvoiceNumber": "1", "Total": "a lot"}),
]


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_a_body_that_is_not_what_it_should_be_is_transient_for_reads_and_uncertain_for_writes(unreadable):
    with pytest.raises(Transient) as caught:
        read(unreadable).decode(Invoice)
    assert caught.value.__context__ is None
    with pytest.raises(Uncertain):
        write(unreadable).decode(Invoice)


def test_what_does_not_fit_is_named_by_its_place_and_not_by_its_value():
    with pytest.raises(Transient, match=r"\$\.Total") as caught:
        read(answer(200, {"InvoiceNumber": "1", "Total": ["canary"]})).decode(Invoice)

    assert "canary" not in caught.value.message


def test_statuses_that_are_answers_here_are_no_errors():
    script = Script(answer(404), answer(304, b""), answer(410))
    http = script.http(read_error=lambda response: Rejected("never asked"))

    assert http.get("/things/1", also_ok={404}).status == 404
    assert http.get("/things/1", also_ok={304}).status == 304
    assert http.send("DELETE", "/things/1", also_ok={404, 410}).status == 410


def test_the_vendors_name_for_the_call_is_found():
    assert read(answer(200, X_Request_Id="r-1")).request_id == "r-1"
    assert read(answer(200, Some_Correlation_Id="c-1")).request_id == "c-1"
    assert read(answer(200, vendor_tid="t-1")).request_id == ""
    assert read(httpx2.Response(200, headers={"vendor_tid": "t-1"})).request_id == "t-1"
    assert read(answer(200)).request_id == ""


# Errors


@pytest.mark.parametrize(
    ("status", "for_reads", "for_writes"),
    [
        (301, Transient, Uncertain),
        (304, Transient, Uncertain),
        (400, Rejected, Rejected),
        (401, AuthLost, AuthLost),
        (403, Rejected, Rejected),
        (404, Rejected, Rejected),
        (408, Transient, Transient),
        (409, Rejected, Rejected),
        (422, Rejected, Rejected),
        (425, Transient, Transient),
        (429, RateLimited, RateLimited),
        (500, Transient, Uncertain),
        (501, Transient, Uncertain),
        (502, Transient, Uncertain),
        (503, Transient, Uncertain),
        (504, Transient, Uncertain),
        (509, Transient, Uncertain),
    ],
)
def test_every_status_means_one_class_of_error(status, for_reads, for_writes):
    with pytest.raises(ProviderError) as caught:
        read(answer(status, {"message": "words of the vendor"}, x_request_id="r-7"))
    assert type(caught.value) is for_reads
    assert "words of the vendor" in caught.value.message
    assert str(caught.value) == caught.value.message
    assert caught.value.request_id == "r-7"

    with pytest.raises(ProviderError) as caught:
        write(answer(status))
    assert type(caught.value) is for_writes


@pytest.mark.parametrize(
    ("error", "for_reads", "for_writes"),
    [
        (httpx2.ConnectError("refused"), Transient, Transient),
        (httpx2.ConnectTimeout("slow"), Transient, Transient),
        (httpx2.PoolTimeout("busy"), Transient, Transient),
        (httpx2.ReadTimeout("slow"), Transient, Uncertain),
        (httpx2.WriteTimeout("slow"), Transient, Uncertain),
        (httpx2.ReadError("reset"), Transient, Uncertain),
        (httpx2.WriteError("reset"), Transient, Uncertain),
        (httpx2.RemoteProtocolError("nonsense"), Transient, Uncertain),
        (httpx2.LocalProtocolError("nonsense"), Transient, Uncertain),
        (httpx2.DecodingError("nonsense"), Transient, Uncertain),
    ],
)
def test_every_failure_of_the_network_means_one_class_of_error(error, for_reads, for_writes):
    with pytest.raises(ProviderError) as caught:
        read(error)
    assert type(caught.value) is for_reads
    with pytest.raises(ProviderError) as caught:
        write(error)
    assert type(caught.value) is for_writes
    with pytest.raises(Transient):
        Script(error).http().send("POST", "/search", json={}, safe_to_repeat=True)


def test_a_busy_server_that_says_when_to_come_back_is_obeyed_for_reads_and_doubted_for_writes():
    with pytest.raises(RateLimited) as caught:
        read(answer(503, retry_after="30"))
    assert caught.value.retry_after == 30
    with pytest.raises(Uncertain):
        write(answer(503, retry_after="30"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry_after": "7"}, 7),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "-5"}, 1),
        ({"retry_after": "66975"}, 66_975),
        ({"retry_after": "9999999"}, 86_400),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "nan"}, 60),
        ({"retry_after": "inf"}, 86_400),
        ({"retry_after": "Sun, 22 Nov 2026 10:02:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 120),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:05 GMT"}, 1),
        ({"retry_after": "Fri, 22 Nov 2999 10:02:00 GMT"}, 86_400),
        ({"retry_after": "Sun, 32 Nov 2026 10:02:00 GMT"}, 60),
    ],
)
def test_the_vendors_deadline_is_read_as_seconds_or_as_a_date_on_the_vendors_own_clock(headers, seconds):
    gate = Turnstile()

    with pytest.raises(RateLimited) as caught:
        write(answer(429, **headers), gate=gate)

    assert caught.value.retry_after == seconds
    assert ("blocked", seconds) in gate.log


def test_an_errors_text_is_short_and_never_a_web_page():
    with pytest.raises(Rejected) as caught:
        read(answer(400, b"<!doctype html><html><body>Oops</body></html>", content_type="text/html"))
    assert "Oops" not in caught.value.message
    with pytest.raises(Rejected) as caught:
        read(answer(400, {"message": "long " * 1000}))
    assert len(caught.value.message) < 600
    with pytest.raises(Rejected, match="bad cursor"):
        read(answer(400, b"bad cursor", content_type="text/plain"))
    with pytest.raises(Rejected, match=r"The name is taken; Choose another\."):
        read(answer(400, {"code": 10, "errors": [{"message": "The name is taken"}, {"detail": "Choose another."}], "message": ""}))
    with pytest.raises(Rejected, match=r'"reasons":\["a"\]'):
        read(answer(400, {"reasons": ["a"]}))


def test_the_providers_word_on_an_answer_comes_first():
    def read_error(response: Response) -> ProviderError | None:
        if response.status == 503:
            return RateLimited("busy", retry_after=5)
        return ConfigProblem("scope", field="scopes") if response.status == 401 else None

    with pytest.raises(RateLimited, match="busy"):
        write(answer(503), read_error=read_error)
    with pytest.raises(ConfigProblem, match="scope"):
        read(answer(401), read_error=read_error, renew=pytest.fail)
    with pytest.raises(Rejected):
        read(answer(400), read_error=read_error)


def test_a_refusal_without_a_word_still_says_who_refused_it():
    with pytest.raises(Rejected, match=r"api\.vendor\.example answered 400"):
        write(answer(400), read_error=lambda response: Rejected(""))


def test_an_error_inside_of_a_good_status_is_found():
    def read_error(response: Response) -> ProviderError | None:
        body = response.decode(dict[str, object])
        return None if body["ok"] else Rejected(str(body["error"]))

    with pytest.raises(Rejected, match="channel_not_found"):
        write(answer(200, {"ok": False, "error": "channel_not_found"}), read_error=read_error)
    assert write(answer(200, {"ok": True}), read_error=read_error).status == 200
    with pytest.raises(Uncertain, match="not JSON"):
        write(answer(200, b"<html>", content_type="text/html"), read_error=read_error)


# The credential


class Credential:
    def __init__(self) -> None:
        self.version = 1

    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer token-{self.version}"}

    def renew(self) -> None:
        self.version += 1


def test_after_a_401_the_credential_is_renewed_once_and_the_call_repeated():
    script, credential = Script(answer(401), answer(201)), Credential()

    response = script.http(headers=credential.headers, renew=credential.renew).send("POST", "/things", json={"a": 1})

    assert response.status == 201
    assert [request.headers["authorization"] for request in script.requests] == ["Bearer token-1", "Bearer token-2"]
    assert [request.content for request in script.requests] == [b'{"a":1}'] * 2


def test_a_second_401_means_that_the_access_is_lost():
    script, credential = Script(answer(401)), Credential()

    with pytest.raises(AuthLost):
        script.http(headers=credential.headers, renew=credential.renew).get("/things")

    assert len(script.requests) == 2
    assert credential.version == 2


def test_without_a_way_to_renew_the_first_401_is_the_last():
    script = Script(answer(401))

    with pytest.raises(AuthLost):
        script.http().get("/things")

    assert len(script.requests) == 1


def test_a_renewal_that_fails_is_what_the_caller_hears():
    def renew() -> None:
        raise Transient("the vendor gives no tokens now")

    script = Script(answer(401))

    with pytest.raises(Transient, match="no tokens now"):
        script.http(renew=renew).get("/things")

    assert len(script.requests) == 1


def test_a_token_that_expired_by_the_vendors_own_words_is_renewed_too():
    script, credential = Script(answer(200, {"error": "token_expired"}), answer(200, {})), Credential()

    def read_error(response: Response) -> ProviderError | None:
        return AuthLost("expired") if b"token_expired" in response.content else None

    assert script.http(headers=credential.headers, renew=credential.renew, read_error=read_error).get("/").status == 200
    assert credential.version == 2


# The gate


def test_the_gate_is_asked_before_every_call_and_told_when_it_is_over():
    script, gate = Script(answer(401), answer(200, x_left="9")), Turnstile()
    http = script.http(gate=gate, renew=lambda: gate.log.append("renewed"), interactive=True)

    http.get("/things")

    once = [("acquire", True), ("heard", ""), "release"]
    assert gate.log == [*once, "renewed", ("acquire", True), ("heard", "9"), "release"]


@pytest.mark.parametrize("failure", [httpx2.ReadTimeout("x"), httpx2.ConnectError("x"), answer(500), RuntimeError("a fake's own mistake")])
def test_the_gate_gets_its_place_back_however_a_call_ends(failure):
    gate = Turnstile()

    with pytest.raises((ProviderError, RuntimeError)):
        read(failure, gate=gate)

    assert gate.log.count("release") == 1


def test_nothing_is_sent_that_the_gate_does_not_let_through():
    script, gate = Script(), Turnstile(RateLimited("later", retry_after=90))

    with pytest.raises(RateLimited, match="later"):
        script.http(gate=gate).get("/things")

    assert script.requests == []
    assert gate.log == [("acquire", False)]


def test_the_gate_is_told_of_the_providers_own_form_of_a_limit():
    gate = Turnstile()

    with pytest.raises(RateLimited):
        read(answer(200, {"error": "ratelimited"}), gate=gate, read_error=lambda response: RateLimited("slow down", retry_after=3))

    assert gate.log[-1] == ("blocked", 3)


# What is kept of it


def test_every_exchange_is_handed_over_with_what_became_of_it():
    kept: list[Exchange] = []
    script = Script(answer(200, {"ok": True}, x_request_id="r-1"), httpx2.ReadTimeout("x"), answer(400, {"message": "no such account"}))
    http = script.http(on_exchange=kept.append)
    http.send("POST", "/things", json={"name": "Acme"}, params={"page": 1})
    for _ in range(2):
        with pytest.raises(ProviderError):
            http.get("/things")

    assert [(e.method, e.status, e.failure) for e in kept] == [
        ("POST", 200, ""),
        ("GET", None, "api.vendor.example did not answer within 60 seconds."),
        ("GET", 400, "api.vendor.example answered 400: no such account"),
    ]
    first = kept[0]
    assert (first.url, first.place, first.request_id) == (f"{BASE}/things?page=1", f"{BASE}/things", "r-1")
    assert json.loads(first.request_body) == {"name": "Acme"}
    assert json.loads(first.response_body) == {"ok": True}
    assert first.response_headers["x-request-id"] == "r-1"
    assert first.elapsed >= 0
    assert (kept[1].response_body, kept[1].response_headers, kept[1].request_id) == ("", {}, "")
    assert repr(first) == f"<Exchange POST {BASE}/things?page=1 200>"
