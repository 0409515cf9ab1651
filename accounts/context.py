"""What every template knows of the organization."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.tenancy import current_organization


def organization(request: HttpRequest) -> dict[str, Any]:
    """`shell` is the template that a page extends which is open inside and outside of an organization."""
    current = current_organization()
    return {"organization": current, "shell": "frame.html" if current else "door.html"}
