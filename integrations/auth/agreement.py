"""No signing in: both sides know each other's addresses and certificates, and connecting only says that they count from now on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

from integrations.auth.token import SecretInput
from integrations.http.guard import Allowed


@dataclass(frozen=True)
class Agreement:
    """`require(integration)` raises `ConfigProblem`, which names the field, while something is missing on our side.

    `client(integration, allowed)` makes what checks and upkeep call the other side with; nothing is signed in by it.
    """

    kind: ClassVar[str] = "agreement"
    asks: ClassVar[tuple[SecretInput, ...]] = ()
    require: Callable[[Any], None]
    client: Callable[[Any, Allowed], Any]
    label: str | Promise = ""
    about: str | Promise = ""
