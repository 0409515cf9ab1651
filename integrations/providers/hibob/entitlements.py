"""What people may take by HiBob's policies becomes entitlements. HiBob does not tell what changed, so all of it is read each day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import clock
from integrations.incoming import Import, Incoming, Page
from integrations.providers.hibob.client import Employee, HibobClient
from integrations.providers.hibob.payloads import entitlement
from integrations.records.choices import LimitationType
from integrations.records.models import Event

PAGE = 20
"""Balances, each of them a call: so few that a page is done within a minute of HiBob's limit."""
UNITS = {LimitationType.DAYS: "days", LimitationType.HOURS: "hours"}


def mapped(integration: Any) -> dict[str, str]:
    """Policy type -> primary key of the absence category."""
    return {name: event for name, event in sorted(integration.hibob_policy_type_mapping.items()) if event}


def within() -> Mapping[str, Any]:
    """The cycles under way: of one that is over, HiBob shows nothing any more."""
    return {"end_date__gte": clock.now().date()}


def pages(client: HibobClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """`after` in the cursor: the policy type and the employee that were read last."""
    categories = mapped(client.integration)
    people = client.employees()
    after = tuple(cursor.get("after", ("", "")))
    pairs = [pair for pair in ((name, employee_id) for name in categories for employee_id in sorted(people)) if pair > after]
    refused = {name: reason for name, event_id in categories.items() if (reason := _refusal(client, name, event_id))}
    if refused and not cursor:
        left_out = [Incoming(remote_id=name, left_out=reason, number=name) for name, reason in refused.items()]
        yield Page(records=left_out, cursor={"after": ["", ""]})
    pairs = [pair for pair in pairs if pair[0] not in refused]
    for start in range(0, len(pairs), PAGE):
        chunk = pairs[start : start + PAGE]
        found = (_of(client, people[employee_id], name, categories[name]) for name, employee_id in chunk)
        yield Page(records=list(filter(None, found)), cursor={"after": list(chunk[-1])})


def _of(client: HibobClient, employee: Employee, policy_type: str, event_id: str) -> Incoming | None:
    balance = client.balance(employee.id, policy_type, clock.now().date())
    if balance is None:
        return None
    carried_over: bool = client.integration.hibob_add_carry_over
    return entitlement(balance, employee, policy_type, event_id, carried_over=carried_over, web=client.web)


def _refusal(client: HibobClient, policy_type: str, event_id: str) -> str:
    """Why nothing of the policy type can be brought: days are no hours; '' when both sides count alike."""
    event = Event.objects.filter(pk=event_id).first()
    ours = UNITS.get(LimitationType(event.limitation_type_id)) if event and event.limitation_type_id else None
    theirs = client.policy_type(policy_type).unit
    if ours is None or ours == theirs:
        return ""
    words = {"name": policy_type, "category": event}
    if theirs == "hours":
        reason = _("HiBob counts “%(name)s” in hours, and “%(category)s” is limited by days: map it to one that is limited by hours.")
    else:
        reason = _("HiBob counts “%(name)s” in days, and “%(category)s” is limited by hours: map it to one that is limited by days.")
    return reason % words


ENTITLEMENTS = Import(
    kind="entitlement",
    label=gettext_lazy("Allowances"),
    pages=pages,
    switches=("hibob_enable_entitlements",),
    within=within,
    every=timedelta(days=1),
    full=True,
)
