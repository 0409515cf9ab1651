"""Walking a sandbox's consent page without a browser: everything that is offered is granted."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.conf import settings

from integrations.auth.hosts import resolve
from integrations.errors import ConfigProblem, Rejected
from integrations.http.client import Http
from integrations.provider import Provider


class _Form(HTMLParser):
    """The page's form: hidden fields, every box, and the first button."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self._has_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") in {"hidden", "checkbox"}:
            self.fields.append((given.get("name", ""), given.get("value", "on")))
        elif tag == "button" and not self._has_button and given.get("name"):
            self._has_button = True
            self.fields.append((given["name"], given.get("value", "")))


def walk_consent(provider: Provider, address: str) -> dict[str, str]:
    """Grant everything at `address`; the parameters with which the vendor sends the browser back.

    Raises `ConfigProblem` outside of the sandbox, `Rejected` when it does not grant, and what calling raises.
    """
    if not settings.SANDBOX_URL:
        raise ConfigProblem("Only the sandbox's consent can be walked without a browser.", field="SANDBOX_URL")
    hosts = resolve(provider.slug, provider.hosts.anywhere())
    parts = urlsplit(address)
    http = Http(f"{parts.scheme}://{parts.netloc}", allowed=hosts.allowed)
    page = http.get(address, headers={"accept": "text/html"}, also_ok={302, 303})
    if page.status == 200:
        form = _Form()
        form.feed(page.text)
        page = http.send(
            "POST",
            urljoin(address, form.action),
            content=urlencode(form.fields).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "text/html"},
            also_ok={302, 303},
        )
    answered = dict(parse_qsl(urlsplit(page.headers.get("location", "")).query))
    if "code" not in answered:
        raise Rejected(answered.get("error_description") or answered.get("error") or "The sandbox did not grant the connection.")
    return answered
