"""Pages in a real browser: signed in as somebody, watched for every complaint, checked with axe, photographed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from accounts.doors import CHOSEN
from accounts.models import Organization, User
from integrations.engine.local import LocalEngine
from integrations.sandbox.server import SandboxServer, running_sandbox
from tests.conftest import World

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(settings.BASE_DIR) / "var" / "screenshots"
THEMES = ("light", "dark")
WIDTHS = {1400: 900, 360: 800}

os.environ.setdefault("DJANGO_LIVE_TEST_SERVER_ADDRESS", "127.0.0.1")  # another site than localhost, where vendors may be
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's synchronous interface runs an event loop of its own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not there: apt-get install chromium"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Watch:
    """What the browser complained about: blocked by the policy, failed to load, errors of scripts."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []

    def expect(self, text: str) -> None:
        """A complaint that holds `text` is part of the test."""
        self.expected.append(text)

    def add(self, text: str) -> None:
        self.complaints.append(text)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.add(f"{message.type}: {message.text} ({message.location['url']})")

    @property
    def unexpected(self) -> list[str]:
        return [complaint for complaint in self.complaints if not any(text in complaint for text in self.expected)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test for every complaint of the browser that the test does not expect."""
    watch = Watch()
    yield watch
    assert watch.unexpected == []


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any, watch: Watch) -> Iterator[OpenPage]:
    """`open_page(user=None, organization=None, **context options)`: a page of its own browser context, signed in as `user`.

    Paths are relative to the live server. Operators need the organization that they look at.
    """
    with ExitStack() as contexts:

        def opened(user: User | None = None, organization: Organization | None = None, **options: Any) -> Page:
            context = chromium.new_context(base_url=live_server.url, viewport={"width": 1400, "height": 900}, **options)
            contexts.callback(context.close)
            if user is not None:
                _sign_in(context, live_server.url, user, organization)
            page = context.new_page()
            page.on("console", watch.on_console)
            page.on("pageerror", lambda error: watch.add(f"script: {error}"))
            return page

        yield opened


def _sign_in(context: BrowserContext, url: str, user: User, organization: Organization | None) -> None:
    client = Client()
    client.force_login(user)
    if organization is not None:
        session = client.session
        session[CHOSEN] = organization.pk
        session.save()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value, "url": url}])


@pytest.fixture
def anonymous_page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def owner_page(open_page: OpenPage, world: World) -> Page:
    return open_page(world.owner)


@pytest.fixture
def admin_page(open_page: OpenPage, world: World) -> Page:
    return open_page(world.admin)


@pytest.fixture
def member_page(open_page: OpenPage, world: World) -> Page:
    return open_page(world.member)


@pytest.fixture
def auditor_page(open_page: OpenPage, world: World) -> Page:
    return open_page(world.auditor)


@pytest.fixture
def operator_page(open_page: OpenPage, operator: User, world: World) -> Page:
    return open_page(operator, world.organization)


@pytest.fixture
def vendor(settings: Any, live_server: Any) -> Iterator[SandboxServer]:
    """The vendor world, and this installation at its public address."""
    settings.PUBLIC_URL = live_server.url
    with running_sandbox() as server:
        settings.SANDBOX_URL = server.url
        yield server


@pytest.fixture
def worker(vendor: SandboxServer) -> Iterator[LocalEngine]:
    engine = LocalEngine(threads=1)
    engine.start()
    yield engine
    engine.stop()
    engine.join()
    connections.close_all()


def check_axe(page: Page) -> None:
    """No rule of axe is broken by the page as it is now."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def check_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} is {over} px too wide at {page.viewport_size}"


def photograph(page: Page, name: str, themes: tuple[str, ...] = THEMES, widths: dict[int, int] = WIDTHS) -> Iterator[Path]:
    """Put the page into every theme and width in turn, and yield after each with its picture in `var/screenshots`."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width, height in widths.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in themes:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            picture = SCREENSHOTS / f"{name}-{theme}-{width}.png"
            page.screenshot(path=picture, full_page=True)
            yield picture


def check_look(page: Page, name: str) -> None:
    """In light and dark, wide and narrow: axe finds nothing and nothing scrolls sideways. Leaves pictures."""
    for _picture in photograph(page, name):
        check_axe(page)
        check_fits(page)
