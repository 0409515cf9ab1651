"""What needs a person, as a provider sees it. The core opens an incident for it, once per cause, and closes it when it is settled."""

from __future__ import annotations

from dataclasses import dataclass

from django.dispatch import Signal
from django.utils.functional import Promise

Text = str | Promise

found = Signal()
"""Sent with `integration` and `finding`, for what cannot wait for the next upkeep."""
settled = Signal()
"""Sent with `integration` and `cause`: it needs nobody any more."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One problem. `cause` is its name within the integration, the same for as long as it lasts; `message` is what was seen.

    When its `urgency` has risen since it was told, it is told again.
    """

    cause: str
    title: Text
    message: Text = ""
    advice: Text = ""
    urgency: int = 0
