"""What is told back to Productive: what accounting brought or copied, and what HR brought; and which columns are written from here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from integrations.providers.productive.writing.marks import ADDRESS, MARKS
from integrations.providers.productive.writing.pay import OF_SALARIES, SALARIES
from integrations.providers.productive.writing.payments import OF_PAYMENTS, PAYMENTS
from integrations.providers.productive.writing.people import OF_PEOPLE, PEOPLE
from integrations.providers.productive.writing.time_off import OF_BOOKINGS, OF_ENTITLEMENTS, TIME_OFF

EXPORTS = (*MARKS, PAYMENTS, *PEOPLE, *TIME_OFF, SALARIES)
BROUGHT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "person": ("writes_people", OF_PEOPLE),
    "entitlement": ("writes_time_off", OF_ENTITLEMENTS),
    "booking": ("writes_time_off", OF_BOOKINGS),
    "salary": ("writes_pay", OF_SALARIES),
}
"""Of what HR brings: the switch with which it is written, and its columns."""


def ours(integration: Any, record: Any, brought: bool) -> Collection[str]:
    """The columns that are written from here."""
    if address := ADDRESS.get(record.kind):
        number = ("number",) if integration.writes_numbers and record.kind != "expense" else ()
        return ("exported", "export_id", address, "export_integration_type_id", *number)
    if record.kind == "payment":  # also while they are not written: Productive does not know all of them
        return OF_PAYMENTS if brought else ()
    switch, columns = BROUGHT.get(record.kind, ("", ()))
    return columns if switch and brought and getattr(integration, switch) else ()


def reference(resource: Mapping[str, Any]) -> str:
    return str(resource.get("reference", ""))
