"""Both sides compared from the page: as a run of a worker, with the same result as the command."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from integrations import clock
from integrations.models import Action, Run, RunState
from integrations.sync import reconcile
from tests.conftest import World
from tests.integrations.sync.desk import Desk


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    client.force_login(world.admin)
    return client


@pytest.fixture
def booked(desk: Desk) -> list[Any]:
    """Five invoices: two the same on both sides, one a cent more here, one only there, one only here."""
    invoices = desk.invoices(5)
    desk.export("invoice", invoices[:4])
    invoices[2].amount_with_tax += Decimal("0.01")
    invoices[2].save()
    invoices[3].finalized_on = None
    invoices[3].save()
    return invoices


def page(desk: Desk) -> str:
    return reverse("admin:integration-section", args=[desk.integration.pk, "reconcile"])


def period(invoices: list[Any], **more: Any) -> dict[str, Any]:
    days = [invoice.invoiced_on for invoice in invoices]
    return {"first": min(days).isoformat(), "last": max(days).isoformat(), "kinds": ["invoice", "credit_note"], **more}


def command(desk: Desk, *line: str) -> Any:
    out = io.StringIO()
    call_command("reconcile", str(desk.integration.pk), "--json", *line, stdout=out)
    return json.loads(out.getvalue())


def test_a_comparison_is_queued_and_finds_what_the_command_finds(desk: Desk, admin: Client, booked: list[Any], calls: Any):
    asked = period(booked, once="t-1")
    before = len(calls.requests)
    answer = admin.post(page(desk), asked)
    run = Run.everywhere.get(action=Action.RECONCILE)
    assert (answer["Location"], run.state, len(calls.requests)) == (reverse("admin:run", args=[run.pk]), RunState.QUEUED, before)
    assert admin.post(page(desk), asked)["Location"] == answer["Location"], "pressed twice is pressed once"
    desk.work(run)
    run.refresh_from_db()
    told = command(desk, "--since", asked["first"], "--until", asked["last"])
    assert {name: run.result[name] for name in told} == told
    assert told["matched"] == 2
    assert [row["record"] for row in told["only_here"]] == [booked[4].pk]
    assert [row["record"] for row in told["differs"]] == [booked[2].pk]
    assert len(told["only_there"]) == 1
    shown = admin.get(answer["Location"]).content.decode()
    assert "3 differences" in shown
    assert "-0.01" in shown
    assert f'href="{escape(told["differs"][0]["url"])}"' in shown
    assert told["only_there"][0]["url"].startswith("http")


def test_the_csv_has_every_difference_and_the_sums_to_the_cent(desk: Desk, admin: Client, booked: list[Any]):
    admin.post(page(desk), period(booked))
    run = desk.work(Run.everywhere.get(action=Action.RECONCILE))
    answer: Any = admin.get(reverse("admin:run-csv", args=[run.pk]))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["result"] for row in rows] == ["differs", "only here", "only there", "sum"]
    assert rows[0]["difference"] == "-0.01"
    here, there, gap = (Decimal(rows[3][name]) for name in ("here", "there", "difference"))
    assert gap == there - here
    assert here == sum((booked[number].amount_with_tax for number in (0, 1, 2, 4)), Decimal(0))


def test_only_the_chosen_kinds_are_asked_for(desk: Desk, admin: Client, booked: list[Any]):
    admin.post(page(desk), period(booked, kinds=["credit_note"]))
    run = desk.work(Run.everywhere.get(action=Action.RECONCILE))
    assert (run.kind, run.result["matched"], run.result["only_here"]) == ("credit_note", 0, [])
    assert "Comparison of credit notes" in admin.get(reverse("admin:runs")).content.decode()
    assert command(desk, "--kind", "credit_note")["only_here"] == []


def test_a_long_comparison_keeps_its_lease(desk: Desk, booked: list[Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reconcile, "BEAT", 1)
    beats: list[int] = []
    first, last = (booked[0].invoiced_on, booked[-1].invoiced_on)
    reconcile.reconcile(desk.integration, desk.client(), min(first, last), max(first, last), (), lambda: beats.append(1))
    assert len(beats) == 4


def test_sums_are_told_by_kind_and_what_is_owed_after_all(desk: Desk, admin: Client, booked: list[Any]):
    (credit_note,) = desk.invoices(1, kind=2)
    desk.export("credit_note", [credit_note])
    told = command(desk, "--since", "2000-01-01", "--until", "2100-01-01")
    assert list(told["sums"]) == ["invoice", "credit_note"]
    invoices, credited = (told["sums"][kind]["EUR"] for kind in ("invoice", "credit_note"))
    assert Decimal(credited["here"]) == abs(credit_note.amount_with_tax)
    for side in ("here", "there"):
        assert Decimal(told["currencies"]["EUR"][side]) == Decimal(invoices[side]) - Decimal(credited[side])
    alone = command(desk, "--kind", "invoice", "--since", "2000-01-01", "--until", "2100-01-01")
    assert alone["currencies"]["EUR"] == invoices
    admin.post(page(desk), period([*booked, credit_note]))
    run = desk.work(Run.everywhere.get(action=Action.RECONCILE))
    shown = admin.get(reverse("admin:run", args=[run.pk])).content.decode()
    assert "Owed after all" in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kinds": []}, "Choose what is compared."),
        ({"kinds": ["person"]}, "Select a valid choice."),
        ({"first": "2026-05-02", "last": "2026-05-01"}, "The last day is before the first."),
        ({"first": "0001-01-01"}, "Choose days between 2000 and 2100."),
        ({"first": "31.12.2026"}, "Enter a valid date."),
    ],
)
def test_what_cannot_be_compared_is_said(desk: Desk, admin: Client, wrong: dict[str, Any], says: str):
    asked = {"kinds": ["invoice"], "first": "2026-05-01", "last": "2026-05-31", **wrong}
    assert says in admin.post(page(desk), asked).content.decode()
    assert not Run.everywhere.filter(action=Action.RECONCILE).exists()


def test_the_command_names_kinds_and_days_that_cannot_be(desk: Desk):
    with pytest.raises(CommandError, match=r"“person” is not compared with “.*”\. Compared are: invoice, credit_note"):
        command(desk, "--kind", "person")
    with pytest.raises(CommandError, match="give the first day before the last"):
        command(desk, "--since", "2026-05-02", "--until", "2026-05-01")


def test_periods_are_offered_and_kept_from_the_address(desk: Desk, admin: Client, auditor_client: Client):
    shown = admin.get(page(desk), {"first": "2026-01-01", "last": "x"}).content.decode()
    assert 'value="2026-01-01"' in shown
    assert f'value="{clock.now().date():%Y}' in shown
    assert "Compare</button>" not in auditor_client.get(page(desk)).content.decode()


@pytest.fixture
def auditor_client(world: World) -> Client:
    client = Client()
    client.force_login(world.auditor)
    return client
