from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

ROOTS = ("templates", "accounts", "integrations")
TEMPLATES = sorted(path.relative_to(settings.BASE_DIR) for root in ROOTS for path in (settings.BASE_DIR / root).rglob("*.html"))
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=(?=[\"'])|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_template_has_no_inline_script_or_style(path: Path) -> None:
    """The policy would block it."""
    assert INLINE.findall((settings.BASE_DIR / path).read_text()) == []


def test_stylesheet_asks_for_nothing_from_elsewhere() -> None:
    sheet = Path(str(finders.find("css/patchbay.css"))).read_text()
    addresses = re.findall(r"url\(\"?([^)\"]+)", sheet)
    assert addresses
    assert all(address.startswith(("data:image/svg+xml", "../admin/img/")) for address in addresses)
