"""What people may take: by their policies, for the year that is under way, in the unit of the category."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from integrations import clock
from integrations.models import Entry, Run, RunState
from integrations.providers.hibob.entitlements import PAGE
from integrations.providers.hibob.sandbox.company import Company, Employee, Policy
from integrations.records.choices import LimitationType
from integrations.records.models import Entitlement, Event
from tests.contract.harness import Harness


def skipped(run: Run) -> list[str]:
    return list(Entry.objects.filter(run=run, state="skipped").values_list("message", flat=True))


def test_a_policy_is_what_the_person_may_take(harness: Harness, company: Company, ana: Employee) -> None:
    company.assign(ana, "Holiday", Policy("Holiday UK", Decimal("27.5")))
    harness.bring("entitlement")
    entitlement = Entitlement.objects.get()
    assert (entitlement.person, entitlement.event) == (harness.house.person, harness.house.absence)
    assert (entitlement.allocated, entitlement.note) == (Decimal("27.5"), "Holiday UK")


def test_what_was_carried_over_counts_where_that_is_switched_on(harness: Harness, company: Company, ana: Employee) -> None:
    company.assign(ana, "Holiday", Policy("Holiday", Decimal(25), starting_balance=Decimal(3), adjustments=Decimal(1)))
    harness.bring("entitlement")
    assert Entitlement.objects.get().allocated == 25
    harness.integration.hibob_add_carry_over = True
    harness.integration.save()
    assert harness.bring("entitlement").succeeded == 1
    assert Entitlement.objects.get().allocated == 29


def test_every_run_looks_at_everybody(harness: Harness) -> None:
    assert harness.bring("entitlement").full


def test_a_new_year_is_another_entitlement_and_the_old_one_stays(harness: Harness, company: Company, ana: Employee) -> None:
    company.assign(ana, "Holiday", Policy("Holiday", Decimal(25)))
    harness.bring("entitlement")
    harness.later((date(clock.now().year + 1, 1, 2) - clock.now().date()).total_seconds())
    run = harness.bring("entitlement")
    assert (run.state, run.succeeded) == (RunState.SUCCEEDED, 1)
    years = [entitlement.start_date and entitlement.start_date.year for entitlement in Entitlement.objects.filter(remote_deleted_at=None)]
    assert years == [clock.now().year - 1, clock.now().year]


def test_a_policy_that_is_withdrawn_takes_its_entitlement_along(harness: Harness, company: Company, ana: Employee) -> None:
    for _colleague in range(5):
        company.assign(company.hire("Ana", "Again", ana.email), "Holiday", Policy("Holiday"))
    company.assign(ana, "Holiday", Policy("Holiday"))
    assert harness.bring("entitlement").succeeded == 6
    company.withdraw(ana, "Holiday")
    run = harness.bring("entitlement")
    assert (run.state, run.succeeded) == (RunState.SUCCEEDED, 1)
    assert Entitlement.objects.exclude(remote_deleted_at=None).count() == 1


def test_a_person_is_asked_before_everything_goes_that_is_not_mapped_any_more(harness: Harness, company: Company, ana: Employee) -> None:
    company.assign(ana, "Holiday", Policy("Holiday"))
    harness.bring("entitlement")
    harness.integration.hibob_policy_type_mapping = {}
    harness.integration.save()
    assert harness.bring("entitlement").state == RunState.PARTIAL
    assert Entitlement.objects.get().remote_deleted_at is None


def test_days_are_not_taken_for_hours(harness: Harness, company: Company, ana: Employee) -> None:
    company.assign(ana, "Overtime", Policy("Overtime", Decimal(40)))
    harness.integration.hibob_policy_type_mapping = {"Overtime": str(harness.house.absence.pk)}
    harness.integration.save()
    (reason,) = skipped(harness.bring("entitlement"))
    assert "“Overtime” in hours" in reason
    assert not Entitlement.objects.exists()
    hours = Event.objects.create(organization=harness.organization, name="Overtime", limitation_type_id=LimitationType.HOURS)
    harness.integration.hibob_policy_type_mapping = {"Overtime": str(hours.pk), "Holiday": str(hours.pk)}
    harness.integration.save()
    run = harness.bring("entitlement")
    assert run.succeeded == 1
    assert "“Holiday” in days" in skipped(run)[0]


def test_who_is_not_here_is_told(harness: Harness, company: Company) -> None:
    company.assign(company.whoever_has("ivo"), "Holiday", Policy("Holiday"))
    assert skipped(harness.bring("entitlement")) == ["No person here has the e-mail ivo@northwind.example."]


def test_many_people_are_read_page_by_page_within_the_limit(
    harness: Harness, company: Company, ana: Employee, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        harness.later(seconds)

    monkeypatch.setattr(clock, "sleep", wait)
    for number in range(4 * PAGE):
        company.assign(company.hire(f"Somebody{number}", "Else"), "Holiday", Policy("Holiday"))
    company.assign(ana, "Holiday", Policy("Holiday"))
    harness.misbehave({"kind": "status", "status": 503, "path": "*/balance", "skip": PAGE + 5, "times": 1})
    run = harness.bring("entitlement")
    assert (run.state, run.succeeded, run.skipped) == (RunState.SUCCEEDED, 1, 4 * PAGE)
    assert waits
    assert not [exchange for exchange in harness.exchanges if exchange.reply.status == 429]
