"""What people cost, as HR brought it. Only the connection's own switch lets it go, and nobody reads it on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Copy, Draft, Export, Outcome
from integrations.providers.productive.client import ProductiveClient
from integrations.providers.productive.comparing import INCIDENTAL, OVERWRITE
from integrations.providers.productive.writing import periods
from integrations.records.currencies import to_minor
from integrations.records.models import Salary

OF_SALARIES = ("started_on", "ended_on", "salary_type_id", "currency", "cost", "note")


def build_salary(copy: Copy, salary: Salary) -> tuple[dict[str, Any], dict[str, Decimal]]:
    """Overhead, working hours and holidays are what Productive keeps beside it: at first as they are for everybody there."""
    if salary.remote_deleted_at is not None:
        return {"type": periods.PAY, "withdrawn": True}, {}
    periods.only_once(copy)
    if salary.cost is None or salary.started_on is None or not salary.currency or salary.salary_type_id is None:
        raise Rejected(_("The pay has no amount, currency, period or first day."), advice=_("Correct it where it was entered."))
    try:
        cost = to_minor(salary.cost, salary.currency)
    except ValueError:
        message = _("The amount is finer than the smallest unit of its currency.")
        raise Rejected(message, field="cost", advice=_("Correct it where it was entered.")) from None
    payload = periods.written(
        copy,
        salary,
        periods.PAY,
        columns=OF_SALARIES,
        alike=("started_on",),
        relationships=periods.linked(copy, salary, "person"),
        at_first={"working_hours": salary.working_hours, "overhead": True, "default_salary": False},
        cost=cost,
    )
    return payload, {}


def create_salaries(client: ProductiveClient, drafts: Sequence[Draft], key: str) -> Sequence[Outcome]:
    return [_create(client, draft, key) for draft in drafts]


def _create(client: ProductiveClient, draft: Draft, key: str) -> Outcome:
    """Where nobody says how long somebody works, it is as long as everybody in the organization."""
    at_first = draft.payload["at_first"]
    hours = at_first["working_hours"] or client.organization.attributes.get("working_hours")
    if not hours:
        return Rejected(_("The working hours of a week are not known."), advice=_("Set them in Productive, then try again."))
    with_hours = {**draft.payload, "at_first": {**at_first, "working_hours": hours}}
    (outcome,) = periods.create(client, [replace(draft, payload=with_hours)], key)
    return outcome


SALARIES = Export(
    kind="salary",
    label=gettext_lazy("Salaries from HR"),
    switches=("writes_pay",),
    select={"origin": "import"},
    not_ready=gettext_lazy("It comes from Productive."),
    needs={"person": "person"},
    by_itself="writes_by_itself",
    incidental=INCIDENTAL,
    choices=(OVERWRITE,),
    build=build_salary,
    create=create_salaries,
    update=periods.update,
    withdraws=True,
    find_existing=periods.find_existing,
    exclusive=False,
)
