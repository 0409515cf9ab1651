"""Nothing that anybody can send makes a page fail: wrong ids, queries, forms, methods, bodies and headers all get an answer below 500."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.db import models
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integrations.providers.xero.models import XeroIntegration
from tests.isolation import html
from tests.isolation.addresses import Address, every_address
from tests.isolation.parameters import parameters_of
from tests.isolation.scene import OURS, Answer, Scene, fail_with

ADDRESSES = every_address()
MODELS = list(admin.site._registry)
DIFFERENT = [address for address in ADDRESSES if not address.is_like_another]
PLAIN = [address for address in ADDRESSES if not address.is_of_a_model]
HUGE = "9" * 40

WRONG = {
    "int": ["0", str(2**63), HUGE, "-1", "abc", "%00", "1.5", "١"],
    "slug": ["a" * 3000, "-", "__proto__", "%00", "../x"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "abc"],
    "str": ["%00", "a" * 3000, "%F0%9F%98%80", "%ff%fe", HUGE, "."],
    "path": [HUGE, "abc%00", "..%2f..%2fetc%2fpasswd", "_5F_3A😀", "1/2/3'--", "a" * 3000],
}
"""By converter, as they stand in an address."""

TEXTS = ["\0", HUGE, "-1", "1e309", "NaN", "😀" * 400, "[" * 5000, "2026-99-99", "' OR 1=1 --", "%00", "../../etc/passwd", "a" * 70_000]
"""What nobody meant to be typed into a field."""

LIST_QUERIES = [
    "page=abc&o=x&q=%00&p=999999999999999999999&e=1",
    "o=9.9.-9.abc&p=-1",
    "ct_id=abc&polymorphic_ctype=abc",
    f"id__exact={HUGE}",
    "q=" + quote("😀\0' \" \\ %") + "&_facets=True&all=",
    "_popup=1&_to_field=organization__name&_changelist_filters=%00%3D%26",
    "organization__name__startswith=C",
    "q=" + "a+" * 2000,
]


def check(answers: Iterator[Answer], what: str) -> None:
    """Every answer is below 500, and no exception went through."""
    answers = [answer for answer in answers if not (answer.path.startswith("/readyz") and answer.status == 503)]  # no worker is alive here
    failed = [f"{answer}\n{answer.trouble}" for answer in answers if answer.status >= 500 or answer.trouble]
    fail_with(failed, what)


@pytest.mark.parametrize("address", [address for address in DIFFERENT if address.parameters], ids=lambda address: address.route)
def test_wrong_parts_of_an_address(scene: Scene, address: Address):
    operator = scene.visitors["operator"]

    def answers() -> Iterator[Answer]:
        good = next(address.paths(OURS))
        rest = dict(zip(address.parameters, resolve(good).kwargs.values(), strict=False)) if len(address.parameters) > 1 else {}
        for name, converter in address.parameters.items():
            for number, wrong in enumerate(WRONG[converter]):
                path = address.path(**{**{key: str(value) for key, value in rest.items()}, name: wrong})
                yield operator.get(path)
                if number < 1:
                    yield operator.post(path, {"post": "yes"})

    check(answers(), "Addresses with wrong parts fail")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_wrong_queries_of_lists(scene: Scene, model: type[models.Model]):
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    filters = [f"{column.name}={quote(TEXTS[number % len(TEXTS)][:100])}" for number, column in enumerate(model._meta.concrete_fields)]
    dates = [f"{column.name}__year=abc" for column in model._meta.concrete_fields if isinstance(column, models.DateField)]
    own = ["&".join(filters), filters[-1], *dates[-1:]]
    check((scene.visitors["operator"].get(f"{path}?{query}") for query in [*LIST_QUERIES, *own]), "Lists with wrong queries fail")


@pytest.mark.parametrize("address", PLAIN, ids=lambda address: address.route)
def test_wrong_values_of_the_parameters_that_a_view_reads(scene: Scene, address: Address):
    def answers() -> Iterator[Answer]:
        path = next(address.paths(OURS))
        for number in range(4):
            for method in ("GET", "POST"):
                names = parameters_of(address, method)
                wrong = {name: TEXTS[(place + 3 * number) % len(TEXTS)][:2000] for place, name in enumerate(names)}
                if method == "GET":
                    yield scene.visitors["operator"].get(f"{path}?{urlencode(wrong)}&_popup=1&unknown__lookup=1")
                elif wrong:
                    yield scene.visitors["operator"].post(path, wrong)

    check(answers(), "Views fail over their parameters")


@pytest.mark.parametrize("address", DIFFERENT, ids=lambda address: address.route)
def test_unusual_methods(scene: Scene, address: Address):
    methods = ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "FOO"] if address in PLAIN else ["DELETE"]
    path = next(address.paths(OURS))

    def answers() -> Iterator[Answer]:
        for method in methods:
            yield scene.visitors["operator"].ask(method, path)
            if address in PLAIN:
                yield scene.visitors["anonymous"].ask(method, path)

    check(answers(), "Unusual methods make pages fail")


BODIES = [
    ("application/json", b'{"a": ' + b"[" * 2000),
    ("multipart/form-data", b"no boundary was named"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a\r\n\r\n--x'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../b"\r\n\r\n\0\xff\r\n--x--'),
    ("application/x-www-form-urlencoded", b"a=%ff%fe&%00=%00&&==&name=%"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"a=b"),
    ("text/xml; charset=nonsense", b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"),
    ("\u00e9/;;=", b"\xff\xfe"),
]


@pytest.mark.parametrize("address", PLAIN, ids=lambda address: address.route)
def test_bodies_of_the_wrong_kind(scene: Scene, address: Address):
    path = next(address.paths(OURS))
    asked = (scene.visitors["operator"].ask("POST", path, body, content_type=kind) for kind, body in BODIES)
    check(asked, "Bodies of the wrong kind make pages fail")


@pytest.mark.parametrize("role", ["operator", "anonymous"])
def test_bodies_that_are_too_large(scene: Scene, role: str):
    visitor = scene.visitors[role]
    large = b"a=" + b"x" * 5_000_001
    many = urlencode({f"field{number}": "" for number in range(20_001)}).encode()
    form = "application/x-www-form-urlencoded"
    for path in ("/login/", "/profile/", f"/admin/integrations/{OURS}/scope/", f"/connect/{OURS}/", "/admin/catalogue/xero/"):
        for body in (large, many):
            answer = visitor.ask("POST", path, body, content_type=form)
            assert answer.status in {302, 400, 413}, (answer, answer.trouble)
            assert not answer.writes_beside_the_visit, answer


# Forms -------------------------------------------------------------------------------------------------------------------


_known: dict[tuple[str, ...], str] = {}
"""Where each form was met first: those that stand on many pages are tried there."""


def forms_at(scene: Scene, address: Address) -> list[html.Form]:
    """The forms that change something on our pages at the address, one of a kind, as the operator sees them."""
    pages = [html.read(path, scene.visitors["operator"].get(path).body) for path in address.paths(OURS)]
    found = {(form.action.partition("?")[0], *form.fields): form for page in pages for form in page.forms if form.method == "POST"}
    new = {kind: form for kind, form in found.items() if _known.setdefault(kind, address.route) == address.route}
    return [form for form in new.values() if form.action != "/logout/"]


@pytest.mark.parametrize("address", DIFFERENT, ids=lambda address: address.route)
def test_wrong_values_in_forms(scene: Scene, address: Address):
    """In every field at once, and in each field alone while the others are as they stand."""

    def answers() -> Iterator[Answer]:
        for form in forms_at(scene, address):
            names = [name for name in form.fields if name != "csrfmiddlewaretoken"]
            for text in TEXTS[:6]:
                yield scene.visitors["operator"].post(form.action, dict.fromkeys(names, text))
            for name, text in zip(names[:15], itertools.cycle(TEXTS), strict=False):
                yield scene.visitors["operator"].post(form.action, form.data(**{name: [text, "again"]}))

    check(answers(), "Forms with wrong values fail")


@pytest.mark.parametrize("name", ["options", "tax_rates", "accounts", "scope"])
def test_thousands_of_fields(scene: Scene, name: str):
    rows = {
        f"{column}.{part}.{number}": "x"
        for column in ("tax_rate_mapping", "account_code_mapping")
        for part in ("row", "was")
        for number in range(4_000)
    }
    xero = XeroIntegration.everywhere.filter(organization=scene.ours.organization)[0]
    answer = scene.visitors["owner"].post(f"/admin/integrations/{xero.pk}/{name}/", {**rows, "name": "x"})
    assert answer.status in {200, 302}, (answer, answer.trouble)


# At random ---------------------------------------------------------------------------------------------------------------

TARGETS = [address for address in ADDRESSES if address in PLAIN or not address.parameters]
NAMES = sorted({name for address in PLAIN for method in ("GET", "POST") for name in parameters_of(address, method)})
QUIETLY = settings(
    max_examples=120,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""The same examples every time. One that fails is short enough as it is."""

values = st.one_of(st.sampled_from(TEXTS[:11]), st.text(max_size=30), st.integers().map(str), st.sampled_from([str(OURS), "", "1", "on"]))
queries = st.dictionaries(
    st.one_of(st.sampled_from([*NAMES, "o", "p", "e", "all", "_popup", "_to_field"]), st.text(max_size=12)), values, max_size=5
)


@QUIETLY
@given(address=st.sampled_from(TARGETS), query=queries)
def test_queries_at_random(scene: Scene, address: Address, query: Mapping[str, str]):
    path = f"{next(address.paths(OURS))}?{urlencode(query, errors='replace')}"
    check(iter([scene.visitors["operator"].get(path)]), "A query makes a page fail")


@QUIETLY
@given(address=st.sampled_from(TARGETS), data=queries)
def test_forms_at_random(scene: Scene, address: Address, data: Mapping[str, str]):
    body = urlencode(data, errors="replace").encode()
    sent = scene.visitors["operator"].ask("POST", next(address.paths(OURS)), body, content_type="application/x-www-form-urlencoded")
    check(iter([sent]), f"A form makes a page fail: {data!r}")


# Around the request ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", DIFFERENT, ids=lambda address: address.route)
def test_a_form_without_its_token_is_refused(scene: Scene, address: Address):
    path = next(address.paths(OURS))
    if getattr(resolve(path).func, "csrf_exempt", False):
        pytest.skip("Whoever calls here is no browser.")
    for role in ("operator", "anonymous"):
        answer = scene.visitors[role].post(path, {"post": "yes"}, checks_csrf=True)
        assert answer.status == 403, (answer, answer.trouble)
        assert not answer.writes_beside_the_visit, answer


HEADERS: dict[str, dict[str, str]] = {
    "a host that is not ours": {"HTTP_HOST": "evil.example"},
    "a host that is none": {"HTTP_HOST": "a b:c"},
    "an address of the client that is none": {"HTTP_X_FORWARDED_FOR": "\u00ff, ,' OR 1=1", "REMOTE_ADDR": "nowhere"},
    "a language that is none": {"HTTP_ACCEPT_LANGUAGE": "\u00e9;q=x, " + "en-" * 500},
    "cookies that were made up": {"HTTP_COOKIE": "sessionid=%00\u00e9; csrftoken=x; messages=[[[; theme=<b>"},
    "an address it came from that is none": {"HTTP_REFERER": "http://[::1"},
    "a media type that is none": {"HTTP_ACCEPT": "\u00e9/;q=", "CONTENT_TYPE": ";;"},
    "a length that is none": {"CONTENT_LENGTH": "abc"},
    "a range that is none": {"HTTP_RANGE": "bytes=9-1", "HTTP_IF_MODIFIED_SINCE": "yesterday", "HTTP_IF_NONE_MATCH": '"'},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("path", ["/", "/login/", "/admin/", "/admin/runs/", "/static/css/patchbay.css", "/nowhere/"])
def test_strange_headers(scene: Scene, path: str, headers: Mapping[str, str]):
    answers = (
        visitor.ask(method, path, **headers)
        for visitor in (scene.visitors["operator"], scene.visitors["anonymous"])
        for method in ("GET", "POST")
    )
    check(answers, "Headers make a page fail")
