"""The sandboxes' pages for people: plain HTML of Django templates, one style sheet, no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.template.loader import render_to_string

from integrations.sandbox.exchange import Reply

STYLE = Path(__file__).with_name("sandbox.css")
STYLE_ADDRESS = "/sandbox.css"


def html(template: str, context: Mapping[str, object], *, status: int = 200, sends_to: str = "") -> Reply:
    """A page. `sends_to` is the origin that its form may lead to in the end, other than the sandbox."""
    policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {sends_to}".rstrip()
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Reply(status, render_to_string(template, dict(context)).encode(), "text/html; charset=utf-8", headers)


def style_sheet() -> Reply:
    return Reply(200, STYLE.read_bytes(), "text/css; charset=utf-8", {"Cache-Control": "max-age=60"})
