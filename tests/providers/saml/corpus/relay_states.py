"""Where a sign-on leads, and whose it is: the RelayState is a token of ours, and pages are of this installation only."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from integrations.providers.saml.models import PendingRequest
from tests.providers.saml.conftest import Browser
from tests.providers.saml.corpus.variants import Stage, Variant, add, plays

FAMILY = "relay state"
HOME = "/"
INITIATED = {"allows_idp_initiated": True}


def wants(name: str, address: str, leads_to: str = HOME) -> None:
    """Somebody set out for this address."""

    def act(stage: Stage) -> Any:
        stage.request = stage.browser.begins(stage.scene.integration, address)
        return stage.brings(stage.response())

    add(Variant(f"next_{name}", FAMILY, True, act, sets_out=False, leads_to=leads_to))


wants("page", "/profile/", "/profile/")
wants("page_with_a_query", "/admin/runs/?page=2&show=all", "/admin/runs/?page=2&show=all")
wants("page_with_an_address_in_its_query", "/profile/?from=https://evil.example/", "/profile/?from=https://evil.example/")
wants("whole_address_of_ours", "http://127.0.0.1:8000/profile/", "/profile/")
wants("nothing", "")
for name, address in {
    "elsewhere": "https://evil.example/",
    "without_scheme": "//evil.example/",
    "three_slashes": "///evil.example/",
    "four_slashes": "////evil.example/",
    "slash_and_backslash": "/\\evil.example/",
    "backslashes": "\\\\evil.example",
    "scheme_and_backslashes": "https:\\\\evil.example",
    "scheme_without_slashes": "http:evil.example",
    "scheme_with_three_slashes": "https:///evil.example",
    "javascript": "javascript:alert(1)",
    "javascript_in_mixed_letters": "JaVaScRiPt:alert(1)",
    "javascript_after_a_tab": "java\tscript:alert(1)",
    "javascript_like_an_address": "javascript://127.0.0.1:8000/%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:x",
    "our_host_as_a_name": "http://127.0.0.1:8000@evil.example/",
    "our_host_in_front": "http://127.0.0.1:8000.evil.example/",
    "our_host_on_another_port": "http://127.0.0.1:9/",
    "our_host_in_a_query": "https://evil.example/?http://127.0.0.1:8000/",
    "line_break": "/x\r\nSet-Cookie: a=b",
    "nul": "/\x00",
    "tab_in_front": "\t//evil.example",
    "blank_in_front": " https://evil.example/",
    "endless": "/" + "x" * 3000,
    "broken_address": "https://[::1",
    "port_that_is_none": "http://127.0.0.1:99999999/",
    "turned_round": "/\u202eelpmaxe",
    "object": '{"next": "/x"}',
}.items():
    wants(name, address)


@plays(FAMILY, accepts=True, leads_to=HOME)
def next_that_was_changed_in_the_table(stage: Stage) -> Any:
    """What was kept is looked at once more."""
    PendingRequest.everywhere.update(next_url="https://evil.example/")
    return stage.brings(stage.response())


@plays(FAMILY, accepts=True, leads_to=HOME)
def next_beside_the_response(stage: Stage) -> Any:
    told = {"next": "https://evil.example/"}
    return stage.browser.brings(stage.scene.integration, stage.response(), stage.request["relay"], **told)


def says(name: str, relay: str) -> None:
    """The response is genuine, and comes with this for a RelayState: nobody is let in, unless nothing need have been asked for."""

    def act(stage: Stage) -> Any:
        return stage.brings(stage.response(), relay)

    def unasked(stage: Stage) -> Any:
        return stage.brings(stage.response(), relay)

    add(Variant(f"relay_{name}", FAMILY, False, act, ("request_unknown", "too_large")))
    if len(relay) < 500_000:
        more: dict[str, Any] = {"settings": INITIATED, "sets_out": False, "leads_to": HOME}
        add(Variant(f"relay_{name}_where_nothing_was_asked", FAMILY, True, unasked, **more))


for name, relay in {
    "empty": "",
    "elsewhere": "https://evil.example/",
    "without_scheme": "//evil.example",
    "javascript": "javascript:alert(1)",
    "object": '{"next": {}}',
    "list": '{"next": [1]}',
    "number": '{"next": 5}',
    "true": '{"next": true}',
    "brackets": "[" * 5000,
    "braces": '{"a":' * 5000,
    "hundred_thousand": "x" * 100_000,
    "six_hundred_thousand": "x" * 600_000,
    "nul": "\x00",
    "sql": "' OR 1=1 --",
    "not_ascii": "é" * 43,
    "of_the_right_length": "x" * 43,
    "digits_of_others": "\u0661" * 43,
    "line_break": "x" * 42 + "\n",
    "escaped_twice": quote(quote("https://evil.example/")),
}.items():
    says(name, relay)


@plays(FAMILY, codes=("request_unknown",))
def relay_with_a_line_break_behind_it(stage: Stage) -> Any:
    return stage.brings(stage.response(), stage.request["relay"] + "\n")


@plays(FAMILY, codes=("request_unknown",))
def relay_in_other_letters(stage: Stage) -> Any:
    return stage.brings(stage.response(), stage.request["relay"].swapcase())


@plays(FAMILY, codes=("request_other_browser",))
def relay_of_another_browser(stage: Stage) -> Any:
    relay = Browser().begins(stage.scene.integration)["relay"]
    return stage.brings(stage.response(), relay)


@plays(FAMILY, codes=("request_other_browser",))
def relay_without_the_cookie(stage: Stage) -> Any:
    stage.browser = Browser()
    return stage.brings(stage.response())


@plays(FAMILY, codes=("request_other_browser",))
def relay_with_a_cookie_that_somebody_made_up(stage: Stage) -> Any:
    from tests.providers.saml.conftest import COOKIE

    stage.browser.client.cookies[COOKIE] = "x" * 43
    return stage.brings(stage.response())


@plays(FAMILY, codes=("request_other",), settings=INITIATED)
def relay_of_a_request_with_a_response_that_nobody_asked_for(stage: Stage) -> Any:
    return stage.brings(stage.response({"in_response_to": None}))
