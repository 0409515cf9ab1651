"""The buttons of an integration's page, against the simulated vendor."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.tenancy import within
from integrations.http.deadline import at_most
from integrations.models import Action, Connection, Credential, Incident, Integration, Option, OptionList, OutboxItem, Route, Run
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, ServiceType
from integrations.sandbox.server import SandboxServer
from integrations.sync import connections
from tests.conftest import World
from tests.integrations.admin.scenes import make_import, make_links
from tests.integrations.admin.setting_up import make_agency


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


@pytest.fixture
def vendor(sandbox_server: SandboxServer, settings: Any) -> SandboxServer:
    settings.SANDBOX_URL = sandbox_server.url
    return sandbox_server


@pytest.fixture
def connected(world: World, vendor: SandboxServer) -> Iterator[XeroIntegration]:
    """Connected to the simulated vendor, as a person would."""
    integration = make_agency(world.organization, connection=Connection.NEVER, realm_id="")
    call_command("connect", str(integration.pk), stdout=io.StringIO())
    with within(world.organization):
        yield XeroIntegration.everywhere.get(pk=integration.pk)


def url(integration: Integration, action: str, *args: str) -> str:
    return reverse(f"admin:integration-{action}", args=[integration.pk, *args])


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def connection(integration: Integration) -> str:
    return Integration.everywhere.non_polymorphic().get(pk=integration.pk).connection


# Testing the connection -----------------------------------------------------------------------------------------------------


def test_testing_shows_every_step_with_what_it_found(connected: XeroIntegration, admin: Client) -> None:
    page = admin.post(url(connected, "test"))
    assert page.status_code == 200
    assert [(str(step.label), step.passed) for step in page.context["checked"]] == [
        ("Xero accepts the login", True),
        ("The organisation answers", True),
        ("Accounts can be read", True),
    ]
    assert "The connection works" in page.content.decode()
    assert "Demo Company" in page.content.decode()


def test_testing_stops_at_the_first_step_that_fails(connected: XeroIntegration, vendor: SandboxServer, admin: Client) -> None:
    vendor.sandboxes["xero"].faults.replace([{"kind": "status", "path": "*/Organisation", "status": 503}])
    page = admin.post(url(connected, "test"))
    assert [step.passed for step in page.context["checked"]] == [True, False]
    assert "The connection does not work" in page.content.decode()


def test_testing_without_a_credential_says_so(agency: XeroIntegration, admin: Client) -> None:
    page = admin.post(url(agency, "test"))
    assert "There is no credential" in page.content.decode()


def test_testing_a_vendor_that_does_not_answer_ends_in_time(connected: XeroIntegration, vendor: SandboxServer, admin: Client) -> None:
    assert connections.TEST_SECONDS < 10
    vendor.sandboxes["xero"].faults.replace([{"kind": "timeout", "path": "*", "seconds": 5}])
    began = time.monotonic()
    with at_most(0.6):
        page = admin.post(url(connected, "test"))
    assert time.monotonic() - began < 3
    (step,) = page.context["checked"]
    assert not step.passed
    assert "did not answer within 0.6 seconds" in step.text


def test_testing_never_fails_itself(connected: XeroIntegration, admin: Client) -> None:
    Credential.everywhere.update(payload={"access_token": {"not": "a text"}})
    page = admin.post(url(connected, "test"))
    assert page.status_code == 200
    assert "Patchbay failed to test it." in page.content.decode()


# Lists ------------------------------------------------------------------------------------------------------------------------


def test_a_list_is_read_at_once_and_leads_back_to_its_section(connected: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(connected, "refresh"), {"source": "accounts", "section": "accounts"})
    assert response["Location"] == reverse("admin:integration-section", args=[connected.pk, "accounts"])
    count = Option.everywhere.filter(integration=connected, realm_id=connected.realm_id, source="accounts").count()
    assert said(response) == [f"“Accounts” was read: {count} entries."]
    assert OptionList.everywhere.get(realm_id=connected.realm_id, source="accounts").fetched_at


def test_a_vendor_that_is_down_leaves_the_list_as_it_was(connected: XeroIntegration, vendor: SandboxServer, admin: Client) -> None:
    admin.post(url(connected, "refresh"), {"source": "accounts"})
    before = set(Option.everywhere.filter(realm_id=connected.realm_id, gone_at=None).values_list("value", flat=True))
    vendor.sandboxes["xero"].faults.replace([{"kind": "status", "path": "*/Accounts", "status": 503}])
    (text,) = said(admin.post(url(connected, "refresh"), {"source": "accounts"}))[-1:]
    assert text.startswith("“Accounts” could not be read from Xero; what was read before stays.")
    assert set(Option.everywhere.filter(realm_id=connected.realm_id, gone_at=None).values_list("value", flat=True)) == before
    page = admin.get(reverse("admin:integration-section", args=[connected.pk, "accounts"])).content.decode()
    assert "The last attempt failed:" in page


def test_a_lost_login_is_noticed_when_a_list_is_read(connected: XeroIntegration, admin: Client) -> None:
    Credential.everywhere.all().delete()
    admin.post(url(connected, "refresh"), {"source": "accounts"})
    assert connection(connected) == Connection.NEEDS_RECONNECT
    assert Incident.everywhere.get().title == "Xero needs to be reconnected."


def test_all_lists_are_read_by_a_run(agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency, "lists"), {"once": "a"})
    run = Run.everywhere.get()
    assert (run.action, response["Location"]) == (Action.OPTIONS, reverse("admin:run", args=[run.pk]))
    admin.post(url(agency, "lists"), {"once": "a"})
    assert Run.everywhere.count() == 1


# Moving now -------------------------------------------------------------------------------------------------------------------


def test_exporting_puts_every_changed_record_into_a_run(world: World, agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(url(agency, "export", "invoice"), {"once": "a"})
    run = Run.everywhere.get()
    assert response["Location"] == reverse("admin:run", args=[run.pk])
    assert (run.action, run.kind, run.started_by_id) == (Action.EXPORT, "invoice", world.admin.pk)
    assert OutboxItem.everywhere.filter(run=run, kind="invoice").count() == 6


def test_a_double_click_is_one_run(agency: XeroIntegration, admin: Client) -> None:
    first, second = (admin.post(url(agency, "export", "invoice"), {"once": "a"}) for _click in range(2))
    assert first["Location"] == second["Location"]
    assert Run.everywhere.count() == 1


def test_what_is_switched_off_is_not_moved(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(use_invoices_export=False)
    assert said(admin.post(url(agency, "export", "invoice"))) == ["“Invoices” is switched off. Switch it on first."]
    assert "“Payments” is switched off. Switch it on first." in said(admin.post(url(agency, "import", "payment")))
    assert not Run.everywhere.exists()


@pytest.mark.parametrize("state", [Connection.NEVER, Connection.DISCONNECTED])
def test_nothing_moves_without_a_connection(state: str, agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=state, payments_import=True)
    admin.post(url(agency, "export", "invoice"))
    admin.post(url(agency, "import", "payment"))
    admin.post(url(agency, "lists"))
    assert not Run.everywhere.exists()


def test_what_is_exported_during_a_pause_waits(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency, "pause"))
    admin.post(url(agency, "export", "invoice"))
    assert Run.everywhere.get().state == "running"


def test_importing_is_one_run_however_often_it_is_clicked(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(payments_import=True)
    for _click in range(3):
        assert admin.post(url(agency, "import", "payment"), {"once": "b"}).status_code == 302
    assert [(run.action, run.kind) for run in Run.everywhere.all()] == [(Action.IMPORT, "payment")]


def test_kinds_that_are_not_moved_do_not_exist(agency: XeroIntegration, admin: Client) -> None:
    assert admin.post(url(agency, "export", "person")).status_code == 404
    assert admin.post(url(agency, "import", "person")).status_code == 404


# Everything again --------------------------------------------------------------------------------------------------------------


def brings_payments(agency: XeroIntegration) -> XeroIntegration:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(payments_import=True)
    return agency


def test_importing_everything_again_asks_first_and_says_what_it_does(agency: XeroIntegration, admin: Client) -> None:
    brings_payments(agency)
    address = url(agency, "import-all", "payment")
    assert address in admin.get(reverse("admin:integration", args=[agency.pk]), follow=True).content.decode()
    page = " ".join(admin.get(address).content.decode().split())
    assert "Import all payments again?" in page
    assert "What is not at Xero any more is marked as deleted. Its row and its history stay." in page
    assert "If more than 20 % of them would be marked, it stops and asks." in page
    assert "Nothing is changed at Xero." in page
    assert not Run.everywhere.exists()


def test_importing_everything_again_is_one_full_run(world: World, agency: XeroIntegration, admin: Client) -> None:
    brings_payments(agency)
    for _click in range(2):
        response = admin.post(url(agency, "import-all", "payment"), {"once": "c"})
    run = Run.everywhere.get()
    assert response["Location"] == reverse("admin:run", args=[run.pk])
    assert (run.action, run.kind, run.full, run.unguarded, run.started_by) == (Action.IMPORT, "payment", True, False, world.admin)


def test_what_it_would_do_is_shown_without_doing_it(agency: XeroIntegration, admin: Client) -> None:
    brings_payments(agency)
    assert "Dry run" in admin.get(url(agency, "import-all", "payment")).content.decode()
    admin.post(url(agency, "import-all", "payment"), {"dry": ""})
    run = Run.everywhere.get()
    assert (run.full, run.dry) == (True, True)
    page = admin.get(reverse("admin:run", args=[make_import(agency, dry=True).pk])).content.decode()
    assert "Would import 4 payments" in page
    assert "Dry run: nothing was kept" in page


def test_whoever_has_looked_may_let_many_vanish(agency: XeroIntegration, admin: Client) -> None:
    brings_payments(agency)
    Incident.everywhere.create(
        organization=agency.organization, integration=agency, cause="vanished:payment", title="Many are gone.", message="5 of 10 are gone."
    )
    assert "5 of 10 are gone." in admin.get(url(agency, "import-all", "payment")).content.decode()
    admin.post(url(agency, "import-all", "payment"), {"unguarded": "on"})
    assert Run.everywhere.get().unguarded


def test_the_incident_and_the_run_lead_to_the_question(agency: XeroIntegration, admin: Client) -> None:
    brings_payments(agency)
    own = {"organization": agency.organization, "integration": agency}
    incident = Incident.everywhere.create(**own, cause="vanished:payment", title="Many are gone.")
    run = Run.everywhere.create(**own, action=Action.IMPORT, kind="payment", full=True, state="partial", message="5 of 10 are gone.")
    for page in (reverse("admin:incident", args=[incident.pk]), reverse("admin:run", args=[run.pk])):
        assert url(agency, "import-all", "payment") in admin.get(page).content.decode()


@pytest.mark.parametrize("ask", ["get", "post"])
def test_everything_again_needs_its_switch_and_a_connection(ask: str, agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(payments_import=False)
    assert said(getattr(admin, ask)(url(agency, "import-all", "payment"))) == ["“Payments” is switched off. Switch it on first."]
    XeroIntegration.everywhere.filter(pk=agency.pk).update(payments_import=True, connection=Connection.PAUSED)
    assert getattr(admin, ask)(url(agency, "import-all", "payment")).status_code == 302
    assert getattr(admin, ask)(url(agency, "import-all", "person")).status_code == 404
    assert not Run.everywhere.exists()


# Pausing and ending ------------------------------------------------------------------------------------------------------------


def test_pausing_and_resuming(agency: XeroIntegration, admin: Client) -> None:
    admin.post(url(agency, "pause"))
    assert connection(agency) == Connection.PAUSED
    admin.post(url(agency, "pause"))
    assert connection(agency) == Connection.PAUSED
    admin.post(url(agency, "resume"))
    assert connection(agency) == Connection.CONNECTED


def test_pausing_what_is_not_connected_changes_nothing(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=Connection.NEEDS_RECONNECT)
    for action in ("pause", "resume"):
        admin.post(url(agency, action))
        assert connection(agency) == Connection.NEEDS_RECONNECT


def test_disconnecting_asks_first_and_says_what_stays(agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, Invoice.everywhere.all()[:3])
    XeroIntegration.everywhere.filter(pk=agency.pk).update(waiting_count=2)
    page = " ".join(admin.get(url(agency, "disconnect")).content.decode().split())
    assert "Disconnect Xero?" in page
    assert "<li>3 invoices</li>" in page
    assert "2 waiting changes, which move when you connect again" in page
    assert connection(agency) == Connection.CONNECTED


def test_disconnecting_forgets_the_login_and_keeps_the_rest(connected: XeroIntegration, admin: Client) -> None:
    assert Route.everywhere.filter(integration=connected).exists()
    response = admin.post(url(connected, "disconnect"))
    assert said(response)[0].startswith("Disconnected.")
    assert connection(connected) == Connection.DISCONNECTED
    assert not Credential.everywhere.exists()
    assert not Route.everywhere.exists(), "another integration may export now"
    kept = XeroIntegration.everywhere.get(pk=connected.pk)
    design = str(ServiceType.everywhere.get(name="Design").pk)
    assert (kept.account_code, kept.account_code_mapping[design]) == ("200", "220")
    shown = admin.get(reverse("admin:integration-section", args=[connected.pk, "history"])).context["changes"]
    assert [(line.label, line.old, line.new) for line in shown[0].lines] == [("Connection", "Connected", "Disconnected")]


def test_a_vendor_that_could_not_be_told_is_named(connected: XeroIntegration, vendor: SandboxServer, admin: Client) -> None:
    vendor.sandboxes["xero"].faults.replace([{"kind": "status", "path": "*", "status": 503}])
    (_done, trouble) = said(admin.post(url(connected, "disconnect")))
    assert trouble.startswith("Xero could not be told: ")
    assert trouble.endswith(". Remove Patchbay's access there.")
    assert connection(connected) == Connection.DISCONNECTED


def test_what_is_not_connected_cannot_be_disconnected(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=Connection.NEVER)
    assert admin.get(url(agency, "disconnect")).status_code == 302
    assert admin.post(url(agency, "disconnect")).status_code == 302
    assert connection(agency) == Connection.NEVER


def test_disconnecting_warns_of_what_is_on_its_way(agency: XeroIntegration, admin: Client) -> None:
    assert "Disconnect all the same" not in admin.get(url(agency, "disconnect")).content.decode()
    OutboxItem.everywhere.create(
        organization=agency.organization, integration=agency, kind="invoice", record_id=1, revision=1, state="sending"
    )
    page = admin.get(url(agency, "disconnect")).content.decode()
    assert "1 record is on its way just now" in page
    assert "Disconnect all the same" in page


def test_what_was_never_connected_can_be_removed(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=Connection.NEVER, connected_at=None)
    page = reverse("admin:integration", args=[agency.pk])
    assert url(agency, "remove") in admin.get(page, follow=True).content.decode()
    assert "Is gone for good" in admin.get(url(agency, "remove")).content.decode()
    assert XeroIntegration.everywhere.filter(pk=agency.pk).exists()
    assert admin.post(url(agency, "remove"))["Location"] == reverse("admin:index")
    assert not XeroIntegration.everywhere.filter(pk=agency.pk).exists()
    assert admin.get(page).status_code == 404


def test_what_was_connected_once_is_not_removed(connected: XeroIntegration, admin: Client) -> None:
    for ask in (admin.get, admin.post):
        assert "Disconnect it instead." in said(ask(url(connected, "remove")))[0]
    admin.post(url(connected, "disconnect"))
    admin.post(url(connected, "remove"))
    assert connection(connected) == Connection.DISCONNECTED


# Who may -------------------------------------------------------------------------------------------------------------------------

PLAIN = ("test", "refresh", "lists", "retry", "pause", "resume", "disconnect", "remove")
ASKING = {"disconnect", "remove", "import-all"}
POSTS = [*((name,) for name in PLAIN), ("export", "invoice"), ("import", "payment"), ("import-all", "payment")]


@pytest.mark.parametrize("action", POSTS, ids="-".join)
def test_who_may_not_change_may_not_act(action: tuple[str, ...], world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.auditor)
    assert client.post(url(agency, *action)).status_code == 403
    client.force_login(world.member)
    assert client.post(url(agency, *action)).status_code in {302, 403}
    assert connection(agency) == Connection.CONNECTED
    assert not Run.everywhere.exists()


@pytest.mark.parametrize("action", [post for post in POSTS if post[0] not in ASKING], ids="-".join)
def test_nothing_acts_on_a_mere_visit(action: tuple[str, ...], agency: XeroIntegration, admin: Client) -> None:
    assert admin.get(url(agency, *action)).status_code == 405


@pytest.mark.parametrize("action", POSTS, ids="-".join)
def test_nothing_acts_without_the_token_of_the_form(action: tuple[str, ...], world: World, agency: XeroIntegration) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.admin)
    assert client.post(url(agency, *action)).status_code == 403
    assert connection(agency) == Connection.CONNECTED
