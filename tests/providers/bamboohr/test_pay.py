"""Pay becomes salaries: amounts, periods, the days between which they hold, and who sees them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Link
from integrations.providers.bamboohr.pay import read_history
from integrations.records.choices import SalaryType
from integrations.records.models import Person, Salary
from tests.providers.bamboohr.office import Office, complaints


@pytest.fixture
def paid(office: Office) -> Office:
    office.company.hire("Ada Lovelace")
    office.set(bamboo_enable_cost_rates=True)
    office.bring("person")
    return office


def ada(office: Office) -> str:
    return next(iter(office.company.employees))


def row(number: int, start: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "startDate": start, "rate": {"currency": "EUR", "value": "4000.00"}, "paidPer": "Month", **more}


def test_each_rate_holds_until_the_day_before_the_next_whatever_their_order() -> None:
    records = read_history("5", [row(2, "2026-01-01"), row(1, "2024-03-01"), row(3, "2027-01-01")], "")
    spans = [(one.remote_id, one.values["started_on"], one.values["ended_on"]) for one in records]
    assert spans == [
        ("1", date(2024, 3, 1), date(2025, 12, 31)),
        ("2", date(2026, 1, 1), date(2026, 12, 31)),
        ("3", date(2027, 1, 1), None),
    ]


def test_of_two_rates_for_one_day_the_later_entered_counts() -> None:
    assert [one.remote_id for one in read_history("5", [row(10, "2026-01-01"), row(9, "2026-01-01")], "")] == ["10"]


def test_a_rate_without_a_day_was_always_there() -> None:
    first, second = read_history("5", [row(1, "2026-01-01"), row(2, "0000-00-00")], "")
    assert (first.remote_id, first.values["started_on"], first.values["ended_on"]) == ("2", None, date(2025, 12, 31))
    assert second.values["started_on"] == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("period", "kind", "cost"),
    [
        ("Hour", SalaryType.HOURLY, "4000"),
        ("Week", SalaryType.WEEKLY, "4000"),
        ("Every other week", SalaryType.BIWEEKLY, "4000"),
        ("Twice a month", SalaryType.MONTHLY, "8000"),
        ("Month", SalaryType.MONTHLY, "4000"),
        ("Quarter", SalaryType.ANNUALLY, "16000"),
        ("Year", SalaryType.ANNUALLY, "4000"),
    ],
)
def test_every_period_has_its_type(period: str, kind: SalaryType, cost: str) -> None:
    (record,) = read_history("5", [row(1, "2026-01-01", paidPer=period)], "")
    assert (record.values["salary_type_id"], record.values["cost"], record.values["currency"]) == (kind, Decimal(cost), "EUR")
    assert record.values["hourly_rate"] == (Decimal(cost) if kind == SalaryType.HOURLY else None)


@pytest.mark.parametrize("rate", ["4,321.09 GBP", {"currency": "GBP", "value": "4321.09"}])
def test_an_amount_is_an_object_or_text(rate: Any) -> None:
    (record,) = read_history("5", [row(1, "2026-01-01", rate=rate)], "")
    assert (record.values["cost"], record.values["currency"]) == (Decimal("4321.09"), "GBP")


WRONG: list[dict[str, Any]] = [
    {"rate": "4000"},
    {"rate": None},
    {"rate": {"value": "", "currency": "EUR"}},
    {"rate": "much EUR"},
    {"paidPer": "Pay Period"},
    {"startDate": "soon"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_pay_is_refused_and_the_rest_is_taken(wrong: dict[str, Any]) -> None:
    records = read_history("5", [row(1, "2024-01-01") | wrong, row(2, "2026-01-01")], "")
    assert {one.remote_id: one.refused is not None for one in records} == {"1": True, "2": False}


def test_the_history_comes_and_a_raise_ends_what_was_before(paid: Office) -> None:
    first = paid.company.set_pay(ada(paid), "4000.00", "2024-03-01", comment="Welcome")
    paid.bring("salary")
    paid.company.set_pay(ada(paid), "4500.00", "2026-07-01")
    paid.bring("salary")
    spans = list(Salary.objects.order_by("started_on").values_list("cost", "started_on", "ended_on", "note"))
    assert spans == [
        (Decimal(4000), date(2024, 3, 1), date(2026, 6, 30), "Welcome"),
        (Decimal(4500), date(2026, 7, 1), None, ""),
    ]
    assert Link.objects.get(kind="salary", remote_id=first["id"]).url.endswith("&page=job")


def test_a_row_that_was_taken_back_is_gone_and_the_one_before_goes_on(paid: Office) -> None:
    paid.company.set_pay(ada(paid), "4000.00", "2024-03-01")
    mistake = paid.company.set_pay(ada(paid), "9000.00", "2026-07-01")
    paid.bring("salary")
    paid.company.delete_pay(mistake["id"])
    paid.bring("salary")
    (salary,) = Salary.objects.filter(remote_deleted_at=None)
    assert (salary.cost, salary.ended_on) == (Decimal(4000), None)


def test_pay_that_is_hidden_by_now_is_not_gone(paid: Office) -> None:
    row = paid.company.set_pay(ada(paid), "4000.00", "2024-03-01")
    paid.bring("salary")
    del paid.company.pay[row["id"]]
    paid.company.touch(ada(paid))
    paid.bring("salary")
    paid.bring("salary", full=True)
    assert Salary.objects.filter(remote_deleted_at=None).count() == 1


def test_of_somebody_who_is_not_here_no_pay_is_kept(paid: Office) -> None:
    gone = paid.company.hire("Grace Hopper", status="Inactive")
    paid.company.set_pay(gone["eeid"], "4000.00", "2024-03-01")
    assert paid.bring("salary").succeeded == 0
    assert not Salary.objects.exists()


def test_pay_of_a_person_whose_record_was_deleted_here_is_left_alone(paid: Office) -> None:
    paid.company.set_pay(ada(paid), "4000.00", "2024-03-01")
    Person.objects.all().delete()
    run = paid.bring("salary")
    assert (run.state, run.rejected) == ("succeeded", 0)
    assert not Salary.objects.exists()


def test_a_refusal_tells_no_amount(paid: Office) -> None:
    paid.company.set_pay(ada(paid), "4000.00", "2024-03-01", paidPer="Pay Period")
    run = paid.bring("salary")
    assert run.rejected == 1
    assert "4000" not in " ".join(complaints(run))


def test_without_the_switch_pay_is_not_even_asked_for(office: Office) -> None:
    office.company.hire("Ada Lovelace")
    office.bring("person")
    assert not office.integration.declaration.import_of("salary").is_on(office.integration)
    assert not [call for call in office.asked() if "compensation" in call]
