"""The pages of the integrations in a real browser: their look with realistic rows, and what only a browser shows."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tenancy import within
from integrations.models import Action, Connection, ItemState, OutboxItem, Run, RunState
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice
from integrations.sync.progress import finish_runs
from tests.browser.conftest import OpenPage, Watch, check_look
from tests.conftest import World
from tests.integrations.admin.scenes import (
    hours_ago,
    make_comparison,
    make_export,
    make_history,
    make_import,
    make_incident,
    make_integration,
    make_run,
    make_stream,
    make_subsidiaries,
)
from tests.integrations.admin.test_deliveries import make_delivery
from tests.integrations.admin.test_item import make_batch

WEEKS = (22, 31, 0, 0, 28, 40, 35, 18, 0, 0, 44, 38, 51, 26)


@pytest.fixture
def crowd(world: World) -> World:
    """Integrations in every state, with what a fortnight brings."""
    berlin, boston = make_subsidiaries(world.organization, "Northwind Berlin GmbH", "Northwind Boston Inc.")
    lost = make_integration(
        world.organization,
        "Xero Berlin",
        subsidiary=berlin,
        connection=Connection.NEEDS_RECONNECT,
        waiting_count=14,
        last_synced_at=hours_ago(5),
    )
    make_history(lost, (5, 4, 0, 0, 6, 5, 7, 3, 0, 0, 4, 6, 5, 0))
    make_incident(lost, "Xero Berlin needs to be reconnected.", opened_at=hours_ago(4), seen=12)
    partly = make_integration(
        world.organization, "Xero Boston", subsidiary=boston, failed_count=3, unmapped_count=1, last_synced_at=hours_ago(0.04)
    )
    make_history(partly, WEEKS, rejected={0: 3, 3: 12})
    make_stream(partly)
    healthy = make_integration(world.organization, "Xero", last_synced_at=hours_ago(0.1))
    make_history(healthy, (9, 7, 0, 0, 12, 8, 6, 9, 0, 0, 11, 10, 7, 5))
    make_stream(healthy)
    make_integration(world.organization, "Xero of the old company", connection=Connection.DISCONNECTED, last_synced_at=hours_ago(24 * 90))
    make_integration(world.organization, "Xero sandbox", connection=Connection.NEVER, sync="never", realm_id="")
    make_incident(
        partly,
        "Accounts could not be read.",
        cause="options",
        message="403 Forbidden",
        advice="",
        opened_at=hours_ago(50),
        closed_at=hours_ago(49),
    )
    return world


def test_overview_has_the_look(crowd: World, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:index"))
    check_look(admin_page, "overview")


def test_empty_overview_has_the_look(admin_page: Page) -> None:
    admin_page.goto(reverse("admin:index"))
    check_look(admin_page, "overview-empty")


def test_catalogue_has_the_look(crowd: World, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:catalogue"))
    check_look(admin_page, "catalogue")
    admin_page.goto(reverse("admin:catalogue") + "?q=nothing+like+this")
    check_look(admin_page, "catalogue-nothing")


def test_form_of_a_new_connection_has_the_look(world: World, admin_page: Page) -> None:
    berlin, _boston = make_subsidiaries(world.organization, "Northwind Berlin GmbH", "Northwind Boston Inc.")
    make_integration(world.organization, "Xero", subsidiary=berlin)
    admin_page.goto(reverse("admin:catalogue-connect", args=["xero"]))
    admin_page.get_by_label("Name").fill("xero")
    admin_page.get_by_role("button", name="Add it").click()
    check_look(admin_page, "connect")


def test_runs_have_the_look(crowd: World, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:runs"))
    check_look(admin_page, "runs")
    admin_page.goto(reverse("admin:runs") + "?state=cancelled")
    check_look(admin_page, "runs-nothing")


def test_open_export_has_the_look(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    check_look(admin_page, "run-export")
    admin_page.goto(reverse("admin:run", args=[run.pk]) + "?show=all&page=2")
    check_look(admin_page, "run-export-all")
    admin_page.get_by_role("button", name="Cancel …").click()
    check_look(admin_page, "run-cancel")


def test_finished_runs_have_the_look(world: World, auditor_page: Page) -> None:
    integration = make_integration(world.organization)
    runs = {
        "import": make_import(integration),
        "empty": make_run(integration, unchanged=240, total=240),
        "agrees": make_comparison(integration),
        "differs": make_comparison(
            integration,
            only_there=[
                {"kind": "invoice", "remote_id": "77", "number": "INV-77", "date": "2026-10-04", "currency": "EUR", "there": "119.00"}
            ],
            only_here=[
                {"kind": "invoice", "record": 4711, "number": "2026-0011", "date": "2026-10-09", "currency": "EUR", "here": "80.00"}
            ],
            currencies={"EUR": {"here": "312400.50", "there": "312439.50"}, "SEK": {"here": "1200.00", "there": "1200.00"}},
            sums={
                "invoice": {"EUR": {"here": "312480.50", "there": "312519.50"}, "SEK": {"here": "1200.00", "there": "1200.00"}},
                "credit_note": {"EUR": {"here": "80.00", "there": "80.00"}},
            },
        ),
        "options": make_run(integration, Action.OPTIONS, result={"options": {"accounts": 84, "tax_rates": 12, "contacts": 1204}}),
        "failed": make_run(
            integration,
            Action.IMPORT,
            kind="payment",
            state=RunState.FAILED,
            message="Xero answered with 503.",
            advice="It is tried again by itself.",
        ),
    }
    for name, run in runs.items():
        auditor_page.goto(reverse("admin:run", args=[run.pk]))
        check_look(auditor_page, f"run-{name}")


def test_sums_of_many_currencies_fit(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    for number, currency in enumerate(("CHF", "GBP", "JPY", "SEK", "USD")):
        Invoice.everywhere.filter(number__endswith=str(number)).update(currency=currency)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    check_look(admin_page, "run-currencies")


def test_skipping_has_the_look(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    admin_page.get_by_role("link", name="Skip 2026-0062").click()
    admin_page.get_by_role("button", name="Skip it").click()
    expect(admin_page.get_by_text("This field is required.")).to_be_visible()
    check_look(admin_page, "run-skip")


def test_incidents_have_the_look(crowd: World, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:incidents"))
    admin_page.locator("summary", has_text="Accounts could not be read").click()
    check_look(admin_page, "incidents")


def test_open_run_moves_by_itself_and_ends_by_itself(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]) + "?show=waiting")
    expect(admin_page.get_by_role("link", name="Refresh")).to_be_hidden()
    bar, rows = admin_page.get_by_role("progressbar", name="Records done"), admin_page.locator("tr[data-row]")
    expect(bar).to_have_attribute("value", "66")
    expect(rows).to_have_count(4)
    OutboxItem.everywhere.filter(run=run, state=ItemState.WAITING).update(state=ItemState.SUCCEEDED)
    expect(admin_page.locator("[data-live=text]")).to_have_text("69 of 71", timeout=10_000)
    expect(bar).to_have_attribute("value", "69")
    expect(admin_page.locator("[data-figure=succeeded]")).to_have_text("63")
    expect(rows).to_have_count(1)
    expect(admin_page.locator("[data-live=left]")).to_contain_text("left")
    OutboxItem.everywhere.filter(run=run).exclude(state=ItemState.REJECTED).update(state=ItemState.SUCCEEDED)
    with within(world.organization):
        finish_runs([run.pk])
    expect(admin_page.get_by_role("heading", level=1)).to_have_text("Exported 66 of 69 invoices", timeout=10_000)
    expect(admin_page.locator("progress")).to_have_count(0)
    expect(admin_page.get_by_role("button", name="Retry failed (3)")).to_be_visible()


def test_row_in_focus_is_left_alone(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    button = admin_page.get_by_role("button", name="Retry 2026-0062")
    button.focus()
    OutboxItem.everywhere.filter(run=run, state=ItemState.REJECTED).update(message="Something else.")
    Run.everywhere.filter(pk=run.pk).update(unchanged=7)
    expect(admin_page.locator("[data-figure=unchanged]")).to_have_text("7", timeout=10_000)
    expect(button).to_be_focused()
    button.blur()
    expect(admin_page.get_by_text("Something else.").first).to_be_visible(timeout=10_000)


def test_run_survives_a_server_that_is_away_for_a_moment(world: World, admin_page: Page, watch: Watch) -> None:
    watch.expect("Failed to load resource")
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    admin_page.route("**/progress/**", lambda route: route.abort(), times=1)
    Run.everywhere.filter(pk=run.pk).update(unchanged=7)
    expect(admin_page.locator("[data-figure=unchanged]")).to_have_text("7", timeout=20_000)


def test_everything_works_without_scripts(world: World, open_page: OpenPage) -> None:
    page = open_page(world.admin, java_script_enabled=False)
    make_subsidiaries(world.organization, "Berlin", "Boston")
    page.goto(reverse("admin:catalogue"))
    page.get_by_role("link", name="Connect", exact=True, description="Xero").click()
    page.get_by_label("Subsidiary").select_option("Berlin")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Xero")
    run = make_export(XeroIntegration.everywhere.get(), world.admin)
    page.goto(reverse("admin:run", args=[run.pk]))
    OutboxItem.everywhere.filter(run=run, state=ItemState.WAITING).update(state=ItemState.SUCCEEDED)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("69 of 71")).to_be_visible()
    page.get_by_role("button", name="Retry 2026-0061").click()
    expect(page.get_by_text("1 record waits until Xero is connected.")).to_be_visible()
    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("The run is cancelled.")).to_be_visible()


def test_dialog_opens_closes_and_gives_the_focus_back(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization), world.admin)
    admin_page.goto(reverse("admin:run", args=[run.pk]))
    opener = admin_page.get_by_role("button", name="Cancel …")
    opener.press("Enter")
    expect(admin_page.get_by_role("dialog", name="Cancel this run?")).to_be_visible()
    admin_page.keyboard.press("Escape")
    expect(admin_page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_catalogue_is_searched_with_the_keyboard(world: World, admin_page: Page) -> None:
    admin_page.goto(reverse("admin:catalogue"))
    search = admin_page.get_by_role("searchbox", name="Search the catalogue")
    search.fill("payments")
    search.press("Enter")
    expect(admin_page.get_by_role("heading", name="Xero")).to_be_visible()
    assert admin_page.url.endswith("?q=payments")


def test_record_on_its_way_has_the_look(world: World, admin_page: Page) -> None:
    run = make_export(make_integration(world.organization, "Xero Boston"), world.admin)
    item = OutboxItem.everywhere.filter(run=run, state=ItemState.REJECTED).order_by("pk")[0]
    first = make_batch(
        item, status=None, failure="Xero did not answer in time.", milliseconds=60_000, response_body="", response_headers={}
    )
    make_batch(item)
    item.earlier_batches.add(first)
    admin_page.goto(reverse("admin:item", args=[item.pk]))
    check_look(admin_page, "item")
    for summary in admin_page.locator("main summary").all():
        summary.click()
    check_look(admin_page, "item-open")


def test_diagnostics_are_copied_with_one_press(world: World, open_page: OpenPage) -> None:
    page = open_page(world.admin, permissions=["clipboard-read", "clipboard-write"])
    run = make_run(make_integration(world.organization))
    page.goto(reverse("admin:run", args=[run.pk]))
    page.locator(".diagnostics > summary").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert f"run: {run.pk}, export invoice" in page.evaluate("navigator.clipboard.readText()")


def test_one_incident_has_the_look(world: World, admin_page: Page) -> None:
    lost = make_integration(world.organization, "Xero Berlin", connection=Connection.NEEDS_RECONNECT)
    make_export(lost)
    incident = make_incident(lost, "Xero Berlin needs to be reconnected.", opened_at=hours_ago(4), seen=12)
    admin_page.goto(reverse("admin:incident", args=[incident.pk]))
    check_look(admin_page, "incident")


def test_deliveries_have_the_look(world: World, operator: User, admin_page: Page, open_page: OpenPage) -> None:
    admin_page.goto(reverse("admin:deliveries"))
    check_look(admin_page, "deliveries-empty")
    integration = make_integration(world.organization, "Xero Boston")
    for number, state in enumerate(("handled", "ignored", "failed", "received")):
        remote_id = f"5f2c7a1e-0000-4a5d-9d7c-00000000000{number}"
        make_delivery(integration, remote_id, state=state, message="Nothing is imported that it could change." if number == 1 else "")
    make_delivery(None, "lost", realm_id="0a1b2c3d-7d1a-4c39-9f5e-0c7a5a1f4b11", state="ignored")
    admin_page.goto(reverse("admin:deliveries"))
    admin_page.locator("main summary", has_text="5f2c").first.click()
    check_look(admin_page, "deliveries")
    page = open_page(operator, world.organization)
    page.goto(reverse("admin:unclaimed-deliveries"))
    check_look(page, "deliveries-unclaimed")
