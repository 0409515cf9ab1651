"""The browser without a screen does what Chromium does: both go the same ways over a server that tells which cookies it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import CHROMIUM, OpenPage, Watch
from tests.idp.browser import Blocked, Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there: apt-get install chromium"),
]

COOKIES = [
    "strict=1; SameSite=Strict",
    "lax=1; SameSite=Lax",
    "none=1; SameSite=None; Secure",
    "careless=1; SameSite=None",
    "__Host-none=1; SameSite=None; Secure; Path=/",
    "__Host-careless=1; Path=/",
    "elsewhere=1; Domain=example.com",
    "over=1; Max-Age=0",
]


HERE, THERE = "http://127.0.0.1", "http://localhost"
PAGE = "<!doctype html><title>-</title><form method=post action='{to}'><button>Send</button></form><a href='{to}'>Follow</a>"


class Teller(BaseHTTPRequestHandler):
    """`/sets` sets cookies; `/form?to=` has a form and a link to an address; `/frame?to=`, `/refresh?to=` and `/redirect?to=` lead there
    by themselves; `/tells` keeps the names of the cookies that came with the request."""

    told: list[list[str]]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        to = parse_qs(address.query).get("to", [""])[0]
        self.send_response(302 if address.path == "/redirect" else 200)
        self.send_header("Content-Type", "text/html")
        if address.path == "/redirect":
            self.send_header("Location", to)
        if address.path == "/form":
            self.send_header("Content-Security-Policy", f"form-action 'self' {HERE}:{self.server.server_port}")
        for cookie in COOKIES if address.path == "/sets" else ():
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        if address.path == "/tells":
            self.told.append(sorted(pair.split("=")[0] for pair in self.headers.get("cookie", "").split("; ") if pair))
        pages = {
            "/form": PAGE,
            "/frame": "<!doctype html><title>-</title><iframe src='{to}'></iframe>",
            "/refresh": "<!doctype html><title>-</title><meta http-equiv=refresh content='0; url={to}'>",
        }
        self.wfile.write(pages.get(address.path, "<!doctype html><title>-</title>").format(to=to).encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Nothing is said of requests."""


@pytest.fixture
def teller() -> Iterator[ThreadingHTTPServer]:
    Teller.told = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Teller)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def with_screen(page: Page, start: str, act: str) -> None:
    page.goto(start, wait_until="networkidle")
    if act:
        page.get_by_text(act).click()
        page.wait_for_timeout(200)
        page.wait_for_load_state("networkidle")


def without_screen(browser: Browser, start: str, act: str) -> None:
    shown = browser.opens(start)
    if act == "Send":
        browser.sends(shown.forms[0])
    elif act:
        browser.follows(shown, shown.tree.xpath("//a/@href")[0])


ALL = ["__Host-none", "lax", "none", "strict"]


@pytest.mark.parametrize(
    ("start", "act", "sent"),
    [
        ("{here}/tells", "", ALL),
        ("{here}/form?to={here}/tells", "Send", ALL),
        ("{there}/form?to={here}/tells", "Follow", ["__Host-none", "lax", "none"]),
        ("{there}/form?to={here}/tells", "Send", ["__Host-none", "none"]),
        ("{there}/form?to={here}/redirect?to={here}/tells", "Send", ["__Host-none", "lax", "none"]),
        ("{there}/refresh?to={here}/tells", "", ["__Host-none", "lax", "none"]),
        ("{here}/refresh?to={here}/tells", "", ALL),
        ("{there}/frame?to={here}/tells", "", []),
        ("{here}/frame?to={here}/tells", "", ALL),
        ("{here}/form?to={here}/redirect?to={there}/tells", "Send", None),
    ],
    ids=[
        "typed",
        "own form",
        "link",
        "form",
        "form, redirect",
        "refresh",
        "own refresh",
        "frame",
        "own frame",
        "form that leads too far",
    ],
)
def test_cookies_go_where_chromium_sends_them(
    teller: ThreadingHTTPServer, open_page: OpenPage, watch: Watch, start: str, act: str, sent: list[str] | None
) -> None:
    watch.expect("")  # cookies that are not taken, pages without an icon
    here, there = f"{HERE}:{teller.server_port}", f"{THERE}:{teller.server_port}"
    start = start.format(here=here, there=there)
    page, browser = open_page(), Browser()
    page.goto(f"{here}/sets")
    with_screen(page, start, act)
    assert Teller.told == ([sent] if sent is not None else [])
    Teller.told.clear()
    browser.opens(f"{here}/sets")
    if sent is None:
        with pytest.raises(Blocked):
            without_screen(browser, start, act)
    else:
        without_screen(browser, start, act)
    assert Teller.told == ([sent] if sent is not None else [])
