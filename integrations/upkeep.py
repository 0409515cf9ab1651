"""What a provider looks after while an integration is connected, beside the records: part of the contract. Plain values, no rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What upkeep found: whatever needs a person now, and when to look again. What is not among it any more is settled."""

    findings: Sequence[Finding]
    again_at: datetime


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What has to be looked after while the integration is connected, and moves no record. `run(client, integration)` does it.

    A `ProviderError` that it raises is tried again later, and opens no incident by itself.
    """

    name: str
    run: Callable[[Any, Any], Looked]
