"""A browser without a screen, which keeps to what browsers do with cookies, redirects and forms between sites.

- Cookies belong to a host, whatever its port, and go with a request as their SameSite says: `Lax`, which is also what a cookie
  is that says nothing, only with links and redirects when the request comes from another site, never with its POSTs.
- `SameSite=None` needs `Secure`; `Secure` is taken from https and from this machine, which browsers trust; `__Host-` needs it, and `/`.
- A form may be sent, and its answer may lead on, only where the page's `form-action` says (Chromium's reading of the policy).
- A page that says `http-equiv="refresh"` leads on, by a link of its own and not by the form that led to the page.
- Frames are loaded; those of another site neither get cookies nor set any.
- The forms with which SAML's POST binding sends people on are sent by themselves, as their scripts would do it.

https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/, sections 5.2, 5.6 and 5.7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http.cookies import Morsel, SimpleCookie
from time import time
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from lxml import html

LOCAL = {"127.0.0.1", "localhost"}
MESSAGES = {"SAMLRequest", "SAMLResponse"}
REDIRECTS = {301, 302, 303, 307, 308}
MOST_STEPS = 30
REFRESH = re.compile(r"\s*0\s*;\s*url\s*=\s*['\"]?(.*?)['\"]?\s*", re.IGNORECASE)


class Blocked(Exception):
    """The page's policy forbids what was about to be done."""


def site(url: str) -> str:
    """Two names of this machine are two sites: neither has a part that it shares with the other."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str
    host: str
    path: str
    same_site: str
    ends: float

    def goes_with(self, request: Request) -> bool:
        parts = urlsplit(request.url)
        path = parts.path or "/"
        under = path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")
        if parts.hostname != self.host or not under or self.ends <= time():
            return False
        if request.is_from_this_site:
            return True
        return not request.is_framed and (self.same_site == "none" or (self.same_site == "lax" and request.method == "GET"))


@dataclass
class Form:
    """A form of a page, with the values that it holds."""

    page: Page
    action: str
    method: str
    fields: dict[str, str]

    @property
    def carries(self) -> str:
        """The SAML message that it sends on, by the name of its field."""
        return next(iter(MESSAGES & self.fields.keys()), "")


@dataclass
class Page:
    """What is shown. `arrived` are the steps that led here since somebody last did something: `POST http://localhost/…`."""

    url: str
    status: int
    text: str
    policy: str
    arrived: list[str]

    @property
    def tree(self) -> Any:
        return html.fromstring(self.text or "<html/>", base_url=self.url)

    @property
    def words(self) -> str:
        return " ".join(self.tree.text_content().split())

    @property
    def forms(self) -> list[Form]:
        found = []
        for form in self.tree.forms:
            fields = {str(name): str(value) for name, value in form.form_values()}
            found.append(Form(self, urljoin(self.url, form.action or ""), (form.method or "GET").upper(), fields))
        return found

    def form_with(self, *names: str) -> Form:
        """The form that has all of these fields, whether or not something is filled in."""
        for tree, form in zip(self.tree.forms, self.forms, strict=True):
            if all(name in tree.inputs for name in names):
                return form
        raise AssertionError(f"{self.url} has no form with {names}: {self.text}")

    @property
    def refresh(self) -> str:
        """Where it leads on to at once; '' if it stays."""
        for tag in self.tree.iter("meta"):
            match = REFRESH.fullmatch(tag.get("content", ""))
            if tag.get("http-equiv", "").lower() == "refresh" and match:
                return urljoin(self.url, match[1])
        return ""

    @property
    def sources_of_forms(self) -> list[str] | None:
        """Where its forms may lead; None for anywhere."""
        for directive in self.policy.split(";"):
            name, *sources = directive.split() or [""]
            if name == "form-action":
                return [origin(self.url) if source == "'self'" else source for source in sources]
        return None


@dataclass(frozen=True)
class Request:
    """One request. `page` is where somebody did what led to it; None where an address was typed."""

    method: str
    url: str
    page: Page | None = None
    fields: Mapping[str, str] | None = None
    is_form: bool = False
    is_framed: bool = False

    @property
    def is_from_this_site(self) -> bool:
        return self.page is None or site(self.page.url) == site(self.url)

    @property
    def headers(self) -> dict[str, str]:
        headers = {"accept": "text/html,*/*", "accept-language": "en"}
        return {**headers, "origin": origin(self.page.url)} if self.page and self.method == "POST" else headers

    def check_policy(self) -> None:
        sources = self.page.sources_of_forms if self.page and self.is_form else None
        if sources is not None and not {"*", origin(self.url)} & set(sources):
            raise Blocked(f"A form of {self.page and self.page.url} may not lead to {origin(self.url)}, only to {sources}.")

    def led_to(self, answer: httpx2.Response) -> Request:
        """The request that a redirect asks for."""
        url = urljoin(self.url, answer.headers["location"])
        return replace(self, url=url) if answer.status_code in {307, 308} else replace(self, url=url, method="GET", fields=None)


@dataclass
class Browser:
    """Each act answers the page that is shown when everything has come to rest."""

    cookies: dict[tuple[str, str, str], Cookie] = field(default_factory=dict)

    def opens(self, url: str) -> Page:
        """Type an address."""
        return self._go(Request("GET", url))

    def follows(self, page: Page, url: str) -> Page:
        """Follow a link of the page."""
        return self._go(Request("GET", url, page))

    def sends(self, form: Form, fields: Mapping[str, str] | None = None) -> Page:
        """Fill in a form and send it."""
        fields = {**form.fields, **(fields or {})}
        if form.method == "POST":
            return self._go(Request("POST", form.action, form.page, fields, is_form=True))
        url = urlsplit(form.action)._replace(query=str(httpx2.QueryParams(fields))).geturl()
        return self._go(Request("GET", url, form.page, is_form=True))

    def forgets(self, url: str) -> None:
        """Delete the cookies of an address' host."""
        self.cookies = {key: cookie for key, cookie in self.cookies.items() if cookie.host != urlsplit(url).hostname}

    def cookie(self, url: str, name: str) -> Cookie | None:
        """The cookie of this name that an address' host has set."""
        found = (cookie for cookie in self.cookies.values() if (cookie.host, cookie.name) == (urlsplit(url).hostname, name))
        return next((cookie for cookie in found if cookie.ends > time()), None)

    def _go(self, request: Request) -> Page:
        arrived: list[str] = []
        with httpx2.Client(follow_redirects=False, timeout=30, trust_env=False) as client:
            for _step in range(MOST_STEPS):
                request.check_policy()
                arrived.append(f"{request.method} {request.url}")
                headers = {**request.headers, **self._cookies_for(request)}
                answer = client.request(request.method, request.url, data=request.fields, headers=headers)
                client.cookies.clear()
                self._keep(answer, request)
                if answer.status_code in REDIRECTS:
                    request = request.led_to(answer)
                    continue
                shown = Page(request.url, answer.status_code, answer.text, answer.headers.get("content-security-policy", ""), arrived)
                onward = self._onward(shown) if answer.headers.get("content-type", "").startswith("text/html") else None
                if onward is None:
                    return shown
                request = onward
        raise AssertionError(f"This leads nowhere: {arrived}")

    def _onward(self, shown: Page) -> Request | None:
        """Load the frames of a page; what it then does by itself, if anything."""
        for frame in shown.tree.iter("iframe"):
            framed = self._go(Request("GET", urljoin(shown.url, frame.get("src", "")), shown, is_framed=True))
            shown.arrived.extend(framed.arrived)
        if shown.refresh:
            return Request("GET", shown.refresh, shown)
        carrier = next((form for form in shown.forms if form.carries), None)
        return Request(carrier.method, carrier.action, shown, carrier.fields, is_form=True) if carrier else None

    def _cookies_for(self, request: Request) -> dict[str, str]:
        going = [cookie for cookie in self.cookies.values() if cookie.goes_with(request)]
        return {"cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in going)} if going else {}

    def _keep(self, answer: httpx2.Response, request: Request) -> None:
        for line in answer.headers.get_list("set-cookie"):
            for morsel in SimpleCookie(line).values():
                cookie = _cookie(morsel, request)
                if cookie:
                    self.cookies[cookie.name, cookie.host, cookie.path] = cookie


def _cookie(morsel: Morsel[str], request: Request) -> Cookie | None:
    """The cookie, or None for one that browsers do not take."""
    host = urlsplit(request.url).hostname or ""
    is_secure, same_site = bool(morsel["secure"]), str(morsel["samesite"]).lower() or "lax"
    path, domain = str(morsel["path"]) or "/", str(morsel["domain"]).lstrip(".")
    trusted = urlsplit(request.url).scheme == "https" or host in LOCAL
    if (is_secure and not trusted) or (same_site == "none" and not is_secure) or (domain and domain != host):
        return None
    if morsel.key.startswith("__Host-") and not (is_secure and path == "/" and not domain):
        return None
    if request.is_framed and not request.is_from_this_site:
        return None
    return Cookie(morsel.key, morsel.value, host, path, same_site, _ends(morsel))


def _ends(morsel: Morsel[str]) -> float:
    if morsel["max-age"]:
        return time() + int(morsel["max-age"])
    return parsedate_to_datetime(morsel["expires"]).timestamp() if morsel["expires"] else float("inf")
