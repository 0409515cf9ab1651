from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Action, Connection, Integration, ItemState, OutboxItem, Run, RunState
from tests.conftest import World
from tests.integrations.admin.scenes import LOCKED, make_export, make_import, make_integration, make_invoices, make_items, make_run

pytestmark = pytest.mark.django_db


def act(client: Client, name: str, run: Run, item: object = None, **fields: object):
    """Post the action, and answer the page where it leads."""
    query = f"?item={item}" if item is not None and name == "skip" else ""
    given = {**fields, **({"item": item} if item is not None and name == "retry" else {})}
    return client.post(reverse(f"admin:run-{name}", args=[run.pk]) + query, given, follow=True)


def failed(run: Run) -> list[OutboxItem]:
    return list(OutboxItem.everywhere.filter(run=run, state=ItemState.REJECTED).order_by("pk"))


def states(run: Run) -> dict[str, int]:
    """The run's invoices by their state."""
    found = list(OutboxItem.everywhere.filter(run=run, kind="invoice").values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


@pytest.fixture
def run(world: World) -> Run:
    """A finished export with three records that were refused and two that succeeded."""
    run = make_run(make_integration(world.organization), state=RunState.PARTIAL)
    invoices = make_invoices(world.organization, 5)
    make_items(run, invoices[:2])
    make_items(run, invoices[2:], refusal=LOCKED)
    return run


def test_retry_of_one_reopens_it_and_the_run(admin: Client, run: Run):
    chosen = failed(run)[1]
    page = act(admin, "retry", run, chosen.pk)
    assert page.redirect_chain == [(reverse("admin:run", args=[run.pk]), 302)]
    assert "1 record is tried again." in page.content.decode()
    chosen.refresh_from_db()
    assert (chosen.state, chosen.message, chosen.tries) == ("waiting", "", 0)
    run.refresh_from_db()
    assert (run.state, run.finished_at) == (RunState.RUNNING, None)
    assert states(run) == {"succeeded": 2, "rejected": 2, "waiting": 1}


def test_retry_of_all_reopens_every_failed_record_and_no_other(admin: Client, run: Run):
    assert "Retry failed (3)" in admin.get(reverse("admin:run", args=[run.pk])).content.decode()
    assert "3 records are tried again." in act(admin, "retry", run).content.decode()
    assert states(run) == {"succeeded": 2, "waiting": 3}
    assert Integration.everywhere.get().failed_count == 0


def test_second_press_of_retry_changes_nothing_and_says_so(admin: Client, run: Run):
    act(admin, "retry", run)
    assert "Nothing was left to try again." in act(admin, "retry", run).content.decode()
    assert states(run) == {"succeeded": 2, "waiting": 3}


def test_retry_without_a_connection_says_that_it_waits(admin: Client, run: Run):
    Integration.everywhere.non_polymorphic().update(connection=Connection.NEEDS_RECONNECT)
    assert "3 records wait until Xero is connected." in act(admin, "retry", run).content.decode()


def test_retry_of_a_provider_that_is_gone_is_refused_with_the_reason(admin: Client, run: Run):
    Integration.everywhere.non_polymorphic().update(provider="gone")
    response = admin.post(reverse("admin:run-retry", args=[run.pk]))
    assert response.status_code == 302
    assert states(run)["rejected"] == 3


def test_record_that_went_out_anew_since_is_not_retried(admin: Client, run: Run):
    old = failed(run)[0]
    OutboxItem.everywhere.filter(pk=old.pk).update(replaced_by=failed(run)[1])
    page = admin.get(reverse("admin:run", args=[run.pk])).content.decode()
    assert "A newer copy of this record took its place." in page
    assert "Retry failed (2)" in page
    assert "Nothing was left to try again." in act(admin, "retry", run, old.pk).content.decode()


def test_skipping_one_asks_for_the_reason_and_keeps_it(admin: Client, run: Run):
    chosen = failed(run)[0]
    address = reverse("admin:run-skip", args=[run.pk]) + f"?item={chosen.pk}"
    page = admin.get(address).content.decode()
    assert "Skip 2026-0003?" in page
    assert LOCKED.message in page
    assert "it does not get to Xero" in page
    assert "1 record is skipped." in act(admin, "skip", run, chosen.pk, reason="Paid in cash").content.decode()
    chosen.refresh_from_db()
    assert (chosen.state, chosen.skip_reason) == ("skipped", "Paid in cash")
    assert states(run) == {"succeeded": 2, "rejected": 2, "skipped": 1}


@pytest.mark.parametrize(
    ("reason", "error"),
    [("", "This field is required."), ("   ", "This field is required."), ("x" * 1001, "at most 1000"), ("a\x00", "Null characters")],
)
def test_skipping_without_a_good_reason_is_explained_and_skips_nothing(admin: Client, run: Run, reason: str, error: str):
    page = act(admin, "skip", run, failed(run)[0].pk, reason=reason)
    assert page.status_code == 200
    assert error in page.content.decode()
    assert states(run)["rejected"] == 3


def test_skipping_all_failed_takes_one_reason(admin: Client, run: Run):
    assert "Skip 3 failed records?" in admin.get(reverse("admin:run-skip", args=[run.pk])).content.decode()
    assert "3 records are skipped." in act(admin, "skip", run, reason="Old books").content.decode()
    assert states(run) == {"succeeded": 2, "skipped": 3}


def test_what_succeeded_is_neither_retried_nor_skipped(admin: Client, run: Run):
    done = OutboxItem.everywhere.filter(run=run, state=ItemState.SUCCEEDED).first()
    assert done is not None
    assert "Nothing was left to try again." in act(admin, "retry", run, done.pk).content.decode()
    assert "Nothing is left to skip" in act(admin, "skip", run, done.pk, reason="x").content.decode()
    assert states(run) == {"succeeded": 2, "rejected": 3}


def test_cancelling_skips_what_waits_and_leaves_what_is_under_way(admin: Client, world: World):
    run = make_export(make_integration(world.organization))
    page = admin.get(reverse("admin:run", args=[run.pk])).content.decode()
    assert "What is at Xero stays there" in page
    assert "The run is cancelled." in act(admin, "cancel", run).content.decode()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    left = states(run)
    assert (left.get("waiting"), left["sending"], left["uncertain"], left["succeeded"]) == (None, 1, 1, 60)


def test_cancelling_what_is_over_says_so(admin: Client, run: Run):
    Run.everywhere.update(state=RunState.SUCCEEDED)
    assert "The run is over already." in act(admin, "cancel", run).content.decode()
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED


def test_queued_import_can_be_cancelled(admin: Client, world: World):
    run = make_run(make_integration(world.organization), Action.IMPORT, kind="payment", state=RunState.QUEUED)
    act(admin, "cancel", run)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


@pytest.mark.parametrize("name", ["retry", "cancel"])
def test_looking_at_an_action_does_nothing(admin: Client, run: Run, name: str):
    assert admin.get(reverse(f"admin:run-{name}", args=[run.pk])).status_code == 405
    assert states(run)["rejected"] == 3


@pytest.mark.parametrize("item", ["abc", "", "0", "-1", "99999999999999999999", "²", "1.5", "\x00"])
@pytest.mark.parametrize("name", ["retry", "skip"])
def test_item_that_is_none_is_a_missing_page(admin: Client, run: Run, name: str, item: str):
    assert act(admin, name, run, item, reason="x").status_code == 404


@pytest.mark.parametrize("name", ["retry", "skip"])
def test_item_of_another_run_is_a_missing_page(admin: Client, world: World, run: Run, name: str):
    other = make_run(run.integration)
    (item,) = make_items(other, make_invoices(world.organization, 1, first=50), refusal=LOCKED)
    assert act(admin, name, run, item.pk, reason="x").status_code == 404


def test_import_has_nothing_to_retry_or_skip(admin: Client, world: World):
    run = make_import(make_integration(world.organization))
    assert "Nothing was left to try again." in act(admin, "retry", run).content.decode()
    assert "Nothing is left to skip" in act(admin, "skip", run).content.decode()


def test_auditor_sees_everything_and_no_button(auditor: Client, world: World):
    run = make_export(make_integration(world.organization))
    page = auditor.get(reverse("admin:run", args=[run.pk])).content.decode()
    assert "2026-0061" in page
    for action in ("retry", "skip", "cancel"):
        assert reverse(f"admin:run-{action}", args=[run.pk]) not in page
        assert auditor.post(reverse(f"admin:run-{action}", args=[run.pk])).status_code == 403
    assert states(run)["rejected"] == 3


def test_actions_demand_the_csrf_token(world: World, run: Run):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.admin)
    for name in ("retry", "skip", "cancel"):
        assert client.post(reverse(f"admin:run-{name}", args=[run.pk])).status_code == 403
    assert client.post(reverse("admin:catalogue-connect", args=["xero"])).status_code == 403
