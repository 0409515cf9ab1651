from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations import clock
from integrations.models import Action, Connection, Integration, ItemState, Limit, Link, OutboxItem, Run, RunState
from integrations.records.models import Company, Invoice
from tests.conftest import World
from tests.integrations.admin.scenes import (
    LOCKED,
    NOT_UNIQUE,
    UNMAPPED,
    Refusal,
    make_comparison,
    make_export,
    make_import,
    make_integration,
    make_invoices,
    make_items,
    make_run,
)

pytestmark = pytest.mark.django_db


def shown(client: Client, run: Run, **query: object) -> str:
    response = client.get(reverse("admin:run", args=[run.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def progress(client: Client, run: Run, **query: object) -> dict[str, Any]:
    response = client.get(reverse("admin:run-progress", args=[run.pk]), query)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def table(client: Client, run: Run) -> list[dict[str, str]]:
    response = client.get(reverse("admin:run-csv", args=[run.pk]))
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def heading(page: str) -> str:
    return re.findall(r"<h1><span[^>]*>([^<]*)</span></h1>", page)[0]


def row(page: str, label: str) -> str:
    """The table row of the record with that label, in one line, with ~ for a space that does not break."""
    part = next(part for part in page.split('<tr data-row="')[1:] if f'<th scope="row">{label}<' in part or f'">{label}</a><' in part)
    return " ".join(part.split("</tr>")[0].replace("\N{NO-BREAK SPACE}", "~").split())


def labels(page: str) -> list[str]:
    return re.findall(r'<tr data-row="\d+">\s*<th scope="row">(?:<a[^>]*>)?([^<]+)', page)


def figures(page: str) -> dict[str, int]:
    return {name: int(count.replace(",", "")) for name, count in re.findall(r'data-figure="(\w+)"[^>]*>([\d,]+)<', page)}


# Exports ---------------------------------------------------------------------------------------------------------------


def test_open_export_tells_how_far_it_is_and_what_it_counts(admin: Client, world: World):
    page = shown(admin, make_export(make_integration(world.organization), world.owner))
    assert heading(page) == "Exporting 69 invoices"
    assert "started by Owner Northwind Studio, today" in page
    assert '<b class="num" data-live="text">66 of 71</b>' in page
    assert '<progress class="bar" aria-label="Records done" value="66" max="71">' in page
    assert figures(page) == {"succeeded": 60, "rejected": 3, "uncertain": 1, "waiting": 4, "unchanged": 2, "skipped": 1}
    assert "Xero allows 41 more calls this minute · 4,812 today" in page
    assert '<a href="">Refresh</a>' in page
    assert "js/run.js" in page


def test_what_goes_along_with_the_records_is_counted_apart(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    succeeded = OutboxItem.everywhere.filter(run=run, state="succeeded").order_by("pk")
    OutboxItem.everywhere.filter(pk__in=[item.pk for item in succeeded[:14]]).update(kind="company")
    assert figures(shown(admin, run)) == {
        "succeeded": 46,
        "rejected": 3,
        "uncertain": 1,
        "waiting": 4,
        "unchanged": 2,
        "skipped": 1,
        "along": 14,
    }


def test_sum_at_the_vendor_is_that_of_what_succeeded_to_the_cent(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    amounts = Invoice.everywhere.filter(pk__in=run.items.model.everywhere.filter(run=run, state="succeeded").values("record_id"))
    expected = sum(invoice.amount_with_tax for invoice in amounts)
    assert progress(admin, run)["worth"] == {"EUR": f"{expected:.4f}"}
    assert f'<dd data-live="worth">{expected:,.2f}\N{NO-BREAK SPACE}EUR</dd>' in shown(admin, run)
    assert '<span class="chip warn">1 total differs</span>' in shown(admin, run)
    Link.everywhere.update(difference="")
    assert "to the cent" in shown(admin, run)


def test_sums_are_kept_apart_by_currency_and_floats_leave_no_trace(admin: Client, world: World):
    run = make_run(make_integration(world.organization), state=RunState.RUNNING)
    invoices = make_invoices(world.organization, 30)
    for number, invoice in enumerate(invoices):
        Invoice.everywhere.filter(pk=invoice.pk).update(amount_with_tax=Decimal("0.1"), currency="EUR" if number % 3 else "JPY")
    make_items(run, invoices)
    assert progress(admin, run)["worth"] == {"EUR": "2.0000", "JPY": "1.0000"}


def test_rejected_rows_come_first_with_the_words_the_advice_and_the_way_to_the_setting(admin: Client, world: World):
    integration = make_integration(world.organization)
    page = shown(admin, make_export(integration))
    assert labels(page) == ["2026-0061", "2026-0062", "2026-0063"]
    unmapped = row(page, "2026-0061")
    assert UNMAPPED.message in unmapped
    assert '<span class="chip bad">Rejected</span>' in unmapped
    assert "1,250.50~EUR" in unmapped
    assert "Fabrikam AB" in unmapped
    accounts = reverse("admin:integration-section", args=[integration.pk, "accounts"])
    assert f'<a href="{accounts}?row=7#set-account_code_mapping-7"' in unmapped
    assert '>Map it<span class="unseen"> (2026-0061)</span></a>' in unmapped
    assert NOT_UNIQUE.message in row(page, "2026-0062")
    assert NOT_UNIQUE.advice in row(page, "2026-0062")
    assert "Map it" not in row(page, "2026-0062")


def test_problem_of_something_that_is_no_setting_leads_nowhere(admin: Client, world: World):
    run = make_run(make_integration(world.organization), state=RunState.FAILED)
    make_items(
        run,
        make_invoices(world.organization, 1),
        refusal=Refusal("“Status in Xero” has to be chosen.", error="ConfigProblem", field="status"),
    )
    assert "Correct it" not in shown(admin, run)


def test_row_of_what_succeeded_opens_the_copy_and_shows_a_difference_of_totals(admin: Client, world: World):
    page = shown(admin, make_export(make_integration(world.organization)), show="succeeded")
    link = Link.everywhere.exclude(difference="").get()
    first = row(page, "2026-0001")
    assert f"{link.number} at Xero" in first
    assert f'<a href="{link.url}" rel="noopener noreferrer">Open<span class="unseen"> (2026-0001)</span></a>' in first
    assert '<span class="chip warn">Totals differ</span> total: 1190.50 here, 1190.49 there' in first
    assert "Totals differ" not in row(page, "2026-0002")


def test_copy_that_has_our_number_there_is_not_told_twice(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    (invoice,) = make_invoices(world.organization, 1)
    make_items(run, [invoice])
    Link.everywhere.update(number=invoice.number)
    assert '>Open at Xero<span class="unseen"> (2026-0001)</span></a>' in row(shown(admin, run), "2026-0001")
    assert "2026-0001 at Xero" not in shown(admin, run)


def test_address_that_is_none_of_the_web_is_not_linked(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    make_items(run, make_invoices(world.organization, 1))
    Link.everywhere.update(url="javascript:alert(1)")
    assert "javascript:" not in shown(admin, run)


def test_rows_say_what_happens_by_itself(admin: Client, world: World):
    page = shown(admin, make_export(make_integration(world.organization)), show="all", page=2)
    assert "Tried 2 times, next try today" in row(page, "2026-0067")
    assert "Patchbay looks there before it sends anything again." in row(page, "2026-0068")
    assert "Skipped: Written off with the customer." in row(page, "2026-0069")


@pytest.mark.parametrize(
    ("show", "count"),
    [("rejected", 3), ("uncertain", 1), ("waiting", 4), ("succeeded", 50), ("skipped", 1), ("all", 50), ("nonsense", 3), ("\x00", 3)],
)
def test_chips_filter_the_rows_by_state(admin: Client, world: World, show: str, count: int):
    assert len(labels(shown(admin, make_export(make_integration(world.organization)), show=show))) == count


def test_rows_come_in_pages_and_wrong_pages_lead_to_the_nearest(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    assert len(labels(shown(admin, run, show="succeeded", page=2))) == 10
    assert len(labels(shown(admin, run, show="succeeded", page="99999999999999999999"))) == 10
    assert len(labels(shown(admin, run, show="succeeded", page="abc"))) == 50
    assert 'href="?show=succeeded&amp;page=2"' in shown(admin, run, show="succeeded")


def test_customers_that_invoices_needed_are_rows_of_their_own(admin: Client, world: World):
    integration = make_integration(world.organization)
    run = make_run(integration, state=RunState.RUNNING)
    make_items(run, make_invoices(world.organization, 2), "waiting")
    customer = Company.everywhere.get(organization=world.organization, name="Fabrikam AB")
    OutboxItem.everywhere.create(
        organization=world.organization, integration=integration, run=run, kind="company", record_id=customer.pk, revision=1
    )
    page = shown(admin, run)
    assert heading(page) == "Exporting 2 invoices"
    assert "0 of 3" in page
    assert '<span class="sub">Company</span>' in row(page, "Fabrikam AB")


def test_record_that_was_deleted_since_is_shown_by_its_kind_and_id(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    (invoice,) = make_invoices(world.organization, 1)
    make_items(run, [invoice])
    Invoice.everywhere.all().delete()
    assert labels(shown(admin, run)) == [f"Invoice {invoice.pk}"]


@pytest.mark.parametrize(
    ("state", "done", "refused", "unchanged", "words"),
    [
        (RunState.RUNNING, 1, 0, 0, "Exporting 1 invoice"),
        (RunState.SUCCEEDED, 3, 0, 2, "Exported 3 invoices"),
        (RunState.PARTIAL, 2, 1, 0, "Exported 2 of 3 invoices"),
        (RunState.FAILED, 0, 2, 0, "Exported 0 of 2 invoices"),
        (RunState.SUCCEEDED, 0, 0, 240, "Nothing to export: every record is up to date"),
        (RunState.SUCCEEDED, 0, 0, 0, "Nothing to export"),
        (RunState.CANCELLED, 1, 0, 0, "Cancelled: export of 1 invoice"),
    ],
)
def test_heading_says_what_became_of_an_export(
    admin: Client, world: World, state: RunState, done: int, refused: int, unchanged: int, words: str
):
    run = make_run(make_integration(world.organization), state=state, unchanged=unchanged)
    invoices = make_invoices(world.organization, done + refused)
    make_items(run, invoices[:done])
    make_items(run, invoices[done:], refusal=LOCKED)
    assert heading(shown(admin, run)) == words


def test_finished_run_neither_refreshes_itself_nor_can_be_cancelled(admin: Client, world: World):
    page = shown(admin, make_run(make_integration(world.organization), finished_at=clock.now()))
    assert "js/run.js" not in page
    assert reverse("admin:run-cancel", args=[1]).split("1")[1] not in page
    assert "<progress" not in page
    assert "more calls" not in page


def test_open_run_of_a_lost_connection_says_that_it_waits(admin: Client, world: World):
    integration = make_integration(world.organization, connection=Connection.NEEDS_RECONNECT)
    assert "It goes on once Xero is connected. Nothing is lost." in shown(admin, make_run(integration, state=RunState.RUNNING))


def test_vendor_that_is_down_or_asks_for_a_pause_is_told(admin: Client, world: World):
    integration = make_integration(world.organization)
    run = make_run(integration, state=RunState.RUNNING)
    limit = Limit.everywhere.create(
        organization=world.organization, integration=integration, breaker={"state": "open", "until": clock.timestamp() + 40}
    )
    assert re.search(r"Xero does not answer. Tried again in (39|40|41) s.", progress(admin, run)["allowance"])
    assert Limit.everywhere.get(pk=limit.pk).breaker["state"] == "open", "looking changes nothing"
    Limit.everywhere.update(breaker={}, usage={"blocked_until": clock.timestamp() + 125})
    assert re.search(r"Xero asked us to wait for 2 min \d s.", progress(admin, run)["allowance"])


def test_run_of_a_provider_that_is_gone_is_still_readable(admin: Client, world: World):
    integration = make_integration(world.organization)
    run = make_export(integration)
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk).update(provider="gone", name="Old system")
    page = shown(admin, run)
    assert "2026-0061" in page
    assert ">Retry</button>" not in page
    assert table(admin, run)


# Progress --------------------------------------------------------------------------------------------------------------


def test_progress_tells_the_numbers_and_brings_the_rows(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    found = progress(admin, run, show="waiting")
    assert found["open"] is True
    assert (found["state"], found["done"], found["total"], found["text"]) == ("running", 66, 71, "66 of 71")
    assert found["counts"] == {"succeeded": 60, "rejected": 3, "uncertain": 1, "waiting": 4, "unchanged": 2, "skipped": 1}
    assert found["heading"] == "Exporting 69 invoices"
    assert labels(found["rows"]) == ["2026-0064", "2026-0065", "2026-0066", "2026-0067"]


def test_progress_of_a_finished_run_is_closed(admin: Client, world: World):
    assert progress(admin, make_run(make_integration(world.organization), finished_at=clock.now()))["open"] is False


def test_progress_of_an_open_import_counts_what_was_read(admin: Client, world: World):
    run = make_import(make_integration(world.organization))
    Run.everywhere.update(state=RunState.RUNNING)
    found = progress(admin, run)
    assert (found["text"], found["total"]) == ("12 read", 0)
    assert found["counts"] == {"created": 2, "updated": 1, "deleted": 1, "rejected": 1, "unchanged": 7}


# Imports, lists, comparisons -------------------------------------------------------------------------------------------


def test_import_shows_what_was_created_updated_deleted_and_refused(admin: Client, world: World):
    run = make_import(make_integration(world.organization))
    page = shown(admin, run)
    assert heading(page) == "Imported 4 payments"
    assert figures(page) == {"created": 2, "updated": 1, "deleted": 1, "rejected": 1, "unchanged": 7}
    assert labels(page) == ["pay-9"]
    assert "Its date “31 April” is none." in page
    assert [len(labels(shown(admin, run, show=show))) for show in ("created", "updated", "deleted", "all")] == [2, 1, 1, 5]
    created = shown(admin, run, show="created")
    assert '<span class="chip ok">Created</span>' in created
    assert "250.25\N{NO-BREAK SPACE}EUR" in created
    assert "pay-0 at Xero" in created


def test_dry_import_says_of_nothing_that_it_was_done(admin: Client, world: World):
    run = make_import(make_integration(world.organization))
    Run.everywhere.update(dry=True)
    page = shown(admin, run, show="all")
    assert heading(page) == "Would import 4 payments"
    assert figures(page) == {"created": 2, "updated": 1, "deleted": 1, "rejected": 1, "unchanged": 7}
    assert page.count(">Would be created</span>") == 2
    assert all(f"to {what}" in page for what in ("create", "update", "delete"))
    assert not re.search(">(created|updated|deleted)<", page, re.IGNORECASE)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState.QUEUED, "Importing payments"),
        (RunState.SUCCEEDED, "No changed payments to import"),
        (RunState.FAILED, "The import of payments failed"),
        (RunState.CANCELLED, "Cancelled: import of payments"),
    ],
)
def test_heading_says_what_became_of_an_import(admin: Client, world: World, state: RunState, words: str):
    assert heading(shown(admin, make_run(make_integration(world.organization), Action.IMPORT, kind="payment", state=state))) == words


def test_failed_run_says_why_and_what_to_do(admin: Client, world: World):
    run = make_run(
        make_integration(world.organization), Action.IMPORT, kind="payment", state=RunState.FAILED, message="503.", advice="Wait."
    )
    assert '<div class="notice bad"><div><b>503.</b> Wait.</div></div>' in shown(admin, run)


def test_refresh_of_lists_names_the_lists_as_the_provider_does(admin: Client, world: World):
    run = make_run(make_integration(world.organization), Action.OPTIONS, result={"options": {"accounts": 1204, "unheard_of": 2}})
    page = shown(admin, run)
    assert heading(page) == "Refreshed 2 lists of options"
    assert '<th scope="row">Accounts</th>' in page
    assert ">1,204</td>" in page
    assert '<th scope="row">unheard_of</th>' in page


def test_comparison_that_agrees_says_so(admin: Client, world: World):
    page = shown(admin, make_comparison(make_integration(world.organization)))
    assert heading(page) == "Both sides agree: 1 Oct 2026 – 31 Oct 2026"
    assert "238 documents are the same on both sides, to the cent." in page


def test_comparison_lists_what_is_missing_or_differs(admin: Client, world: World):
    (invoice,) = make_invoices(world.organization, 1)
    here = {
        "kind": "invoice",
        "record": invoice.pk,
        "number": invoice.number,
        "date": "2026-10-09",
        "currency": "EUR",
        "here": "80.00",
        "remote_id": "r-1",
    }
    there = {"kind": "invoice", "remote_id": "77", "number": "INV-77", "date": "2026-10-04", "currency": "EUR", "there": "119.00"}
    run = make_comparison(
        make_integration(world.organization),
        differs=[{**here, "there": "79.99", "there_currency": "EUR"}],
        only_there=[there],
        sums={"invoice": {"EUR": {"here": "80.00", "there": "198.99"}}},
    )
    page = shown(admin, run)
    assert heading(page) == "2 differences: 1 Oct 2026 – 31 Oct 2026"
    assert figures(page) == {"matched": 238, "differs": 1, "only_here": 0, "only_there": 1}
    for text in ("80.00", "79.99", "118.99", "9 Oct 2026", "Invoice · Fabrikam AB", "r-1"):
        assert text in page
    assert "INV-77" not in page
    there_only = shown(admin, run, show="only_there")
    assert "INV-77" in there_only
    assert "missing" in there_only


@pytest.mark.parametrize(
    "result", [{}, {"matched": None}, {"first": "x", "last": 3}, {"matched": 1, "sums": {"invoice": {"EUR": {}}}, "differs": [{}]}]
)
def test_odd_results_are_no_error(admin: Client, world: World, result: Mapping[str, object]):
    run = make_run(make_integration(world.organization), Action.RECONCILE, result=result)
    shown(admin, run)
    Run.everywhere.update(state=RunState.RUNNING)
    progress(admin, run)


def test_run_of_a_kind_that_is_no_more_is_still_readable(admin: Client, world: World):
    integration = make_integration(world.organization)
    run = make_run(integration, kind="fax")
    OutboxItem.everywhere.create(
        organization=world.organization, integration=integration, run=run, kind="fax", record_id=7, revision=1, state="succeeded"
    )
    assert labels(shown(admin, run)) == ["fax 7"]


# CSV -------------------------------------------------------------------------------------------------------------------


def test_csv_holds_every_row_with_numbers_that_are_numbers(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    rows = table(admin, run)
    assert len(rows) == 69
    first = rows[0]
    assert first["kind"] == "invoice"
    assert first["name"] == "2026-0001"
    assert first["belongs to"] == "Fabrikam AB"
    assert (first["amount"], first["currency"]) == ("1190.5", "EUR")
    assert first["state"] == "succeeded"
    assert first["number there"].startswith("INV-")
    assert first["difference"] == "total: 1190.50 here, 1190.49 there"
    assert rows[60]["what happened"] == UNMAPPED.message
    assert rows[61]["what to do"] == NOT_UNIQUE.advice
    assert rows[68]["note"] == "Skipped: Written off with the customer."


def test_csv_is_a_download_that_no_spreadsheet_runs(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    (invoice,) = make_invoices(world.organization, 1)
    Invoice.everywhere.update(number='=HYPERLINK("http://evil.example")', amount_with_tax=Decimal("-5.25"))
    Company.everywhere.update(name="@SUM(A1)")
    make_items(run, [invoice])
    response = admin.get(reverse("admin:run-csv", args=[run.pk]))
    assert response.headers["Content-Disposition"] == f'attachment; filename="run-{run.pk}.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    (only,) = csv.DictReader(io.StringIO(response.getvalue().decode()))
    assert only["name"] == '\'=HYPERLINK("http://evil.example")'
    assert only["belongs to"] == "'@SUM(A1)"
    assert only["amount"] == "-5.25"


def test_csv_goes_through_all_its_chunks(admin: Client, world: World):
    run = make_run(make_integration(world.organization))
    make_items(run, make_invoices(world.organization, 1201))
    rows = table(admin, run)
    assert [row["name"] for row in rows] == [f"2026-{number:04}" for number in range(1, 1202)]


def test_csv_of_an_import_holds_its_entries(admin: Client, world: World):
    rows = table(admin, make_import(make_integration(world.organization)))
    assert [row["state"] for row in rows] == ["created", "created", "updated", "deleted", "rejected"]
    assert rows[0]["id there"] == "pay-0"


def test_csv_of_a_run_without_records_has_only_its_heading(admin: Client, world: World):
    assert table(admin, make_run(make_integration(world.organization))) == []


# Size ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "run-progress"])
def test_queries_stay_the_same_however_many_records_there_are(admin: Client, world: World, name: str):
    run = make_export(make_integration(world.organization), world.owner)
    address = f"{reverse(f'admin:{name}', args=[run.pk])}?show=all"
    admin.get(address)
    small = _queries(admin, address)
    make_items(run, make_invoices(world.organization, 5000, first=1000))
    make_items(run, make_invoices(world.organization, 500, first=7000), refusal=LOCKED)
    assert _queries(admin, address) == small <= 15


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        client.get(address)
    return len(caught)


def test_items_without_a_state_of_the_page_are_never_lost(world: World):
    from integrations.admin.run_figures import ITEM_GROUPS

    assert sorted(state for states in ITEM_GROUPS.values() for state in states) == sorted(ItemState.values)
