"""Who may call now: asked before every call, told what the vendor says about its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Gate(Protocol):
    """One for each integration; whoever keeps the state of `limits` and `breaker` implements it."""

    def acquire(self, interactive: bool) -> None:
        """Returns when one call may go out, having counted it. Raises `RateLimited` when that takes too long for the caller."""

    def release(self) -> None:
        """The call that was let through is over, however it ended."""

    def blocked(self, retry_after: float) -> None:
        """The vendor refuses every call for so many seconds."""

    def heard(self, headers: Mapping[str, str]) -> None:
        """The headers of an answer, before its call is released: some vendors tell what is left of their limits."""


class OpenGate:
    """Lets everything through: for calls that no limit of the vendor's counts, such as renewing a token."""

    def acquire(self, interactive: bool) -> None:
        return

    def release(self) -> None:
        return

    def blocked(self, retry_after: float) -> None:
        return

    def heard(self, headers: Mapping[str, str]) -> None:
        return


OPEN = OpenGate()
