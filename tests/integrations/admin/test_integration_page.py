"""The page of an integration, as each role sees it."""

from __future__ import annotations

import itertools

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import within
from integrations import clock
from integrations.models import Connection, Integration
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Invoice, ServiceType, TaxRate
from integrations.sync.progress import recount
from tests.conftest import World
from tests.integrations.admin.scenes import UNMAPPED, make_integration, make_items, make_run, make_subsidiaries
from tests.integrations.admin.setting_up import make_agency, make_invoice, make_options, make_service_types, make_tax_rate

SECTIONS = ("account", "options", "tax_rates", "invoices", "accounts", "preview", "dry-run", "scope", "history")


def section_url(integration: Integration, name: str, query: str = "") -> str:
    return reverse("admin:integration-section", args=[integration.pk, name]) + query


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization, creator=world.admin)


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
def test_every_section_is_shown_to_whoever_may_look(name: str, role: str, world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(getattr(world, role))
    response = client.get(section_url(agency, name))
    assert response.status_code == 200
    assert b"Northwind Ltd" in response.content


@pytest.mark.parametrize("name", SECTIONS)
def test_auditors_see_all_and_change_nothing(name: str, world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.auditor)
    page = client.get(section_url(agency, name)).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert 'method="post"' not in main
    assert "Refresh" not in main
    assert client.post(section_url(agency, name)).status_code == 403


def test_members_are_sent_home(world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.member)
    response = client.get(section_url(agency, "account"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("home")


def test_the_page_begins_with_the_first_step_that_has_something_to_do(world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.admin)
    page = client.get(reverse("admin:integration", args=[agency.pk]))
    assert page.context["here"].name == "accounts"
    assert "“Media buying” is mapped to 260 · Media, which is gone at Xero." in page.content.decode()


def test_a_new_integration_begins_with_its_account(world: World, client: Client) -> None:
    integration = make_integration(world.organization, connection=Connection.NEVER, connected_at=None, realm_id="")
    client.force_login(world.admin)
    page = client.get(reverse("admin:integration", args=[integration.pk]))
    assert page.context["here"].name == "account"
    notes = ["1 to fix", "optional", "", "optional", "optional", "1 to fix", "optional", *["switched off"] * 2]
    assert [step.note for step in page.context["steps"]] == notes
    assert "A Xero login that may change the settings of the organisation." in page.content.decode()
    assert reverse("connect", args=[integration.pk]) in page.content.decode()


@pytest.mark.parametrize(
    ("connection", "shown", "hidden"),
    [
        (Connection.NEVER, ["Connect"], ["Test connection", "Pause", "Resume", "Export now", "Disconnect …"]),
        (Connection.CONNECTED, ["Test connection", "Pause", "Export now", "Refresh lists", "Disconnect …"], ["Resume"]),
        (Connection.PAUSED, ["Test connection", "Resume", "Disconnect …"], ["Export now", "Import now", "Refresh lists"]),
        (Connection.NEEDS_RECONNECT, ["Reconnect", "Disconnect …"], ["Export now", "Pause", "Resume"]),
        (Connection.DISCONNECTED, ["Reconnect"], ["Export now", "Pause", "Resume", "Disconnect …"]),
    ],
)
def test_buttons_are_there_where_they_make_sense(
    connection: str, shown: list[str], hidden: list[str], world: World, agency: XeroIntegration, client: Client
) -> None:
    connected_at = None if connection == Connection.NEVER else clock.now()
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=connection, connected_at=connected_at)
    client.force_login(world.admin)
    page = client.get(section_url(agency, "scope")).content.decode()
    head = page[page.index('class="actions"') : page.index('class="two"')]
    assert [text for text in shown if text not in head] == []
    assert [text for text in hidden if text in head] == []


def test_only_switched_on_kinds_can_be_moved_now(world: World, agency: XeroIntegration, client: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(use_companies_export=False, payments_import=True)
    client.force_login(world.admin)
    header = client.get(section_url(agency, "account")).context["header"]
    assert [str(offered.label) for offered in header.exports] == ["Invoices", "Credit notes"]
    assert [str(offered.label) for offered in header.imports] == ["Payments"]


def test_an_export_that_asks_for_each_copy_leads_to_the_form(world: World, agency: XeroIntegration, client: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    client.force_login(world.admin)
    header = client.get(section_url(agency, "account")).context["header"]
    assert [(str(offered.label), offered.asks) for offered in header.exports] == [
        ("Customers and vendors", False),
        ("Invoices", True),
        ("Credit notes", True),
    ]


def test_steps_tell_done_to_do_and_switched_off(world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.admin)
    steps = client.get(section_url(agency, "account")).context["steps"]
    assert [(step.name, step.state, step.note) for step in steps] == [
        ("account", "done", ""),
        ("options", "done", ""),
        ("tax_rates", "done", ""),
        ("invoices", "done", ""),
        ("along", "done", ""),
        ("accounts", "todo", "1 to fix"),
        ("tracking", "done", ""),
        ("purchase_orders", "off", "switched off"),
        ("expenses", "off", "switched off"),
    ]
    XeroIntegration.everywhere.filter(pk=agency.pk).update(use_invoices_export=False)
    page = client.get(section_url(agency, "accounts"))
    assert [step.state for step in page.context["steps"]] == ["done", "done", "done", *["off"] * 6]
    assert "“Copy invoices” is switched off, so nothing of this is used." in page.content.decode()


def test_a_provider_that_is_not_installed_any_more_is_said_to_be_so(world: World, agency: XeroIntegration, client: Client) -> None:
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(provider="gone_vendor")
    client.force_login(world.admin)
    for url in (reverse("admin:integration", args=[agency.pk]), section_url(agency, "accounts")):
        page = client.get(url)
        assert page.status_code == 200
        assert "“gone_vendor” is not installed any more" in page.content.decode()
    assert client.post(reverse("admin:integration-test", args=[agency.pk])).status_code == 404


# Isolation --------------------------------------------------------------------------------------------------------------

ACTIONS = ("test", "refresh", "lists", "retry", "pause", "resume", "disconnect")


def test_a_foreign_integration_is_a_missing_one(world: World, stranger: World, client: Client) -> None:
    foreign = make_agency(stranger.organization, name="Canary books")
    client.force_login(world.admin)
    for pk in (foreign.pk, 999_999, 10**30):
        urls = [reverse("admin:integration", args=[pk]), *(reverse("admin:integration-section", args=[pk, name]) for name in SECTIONS)]
        posts = [reverse(f"admin:integration-{action}", args=[pk]) for action in ACTIONS]
        posts += [reverse(f"admin:integration-{what}", args=[pk, "invoice"]) for what in ("export", "import")]
        urls += [reverse("admin:copy", args=[pk, "invoice"])]
        assert {client.get(url).status_code for url in urls} == {404}
        assert {client.post(url).status_code for url in [*urls[1:], *posts]} == {404}
    assert XeroIntegration.everywhere.get(pk=foreign.pk).connection == Connection.CONNECTED


def test_nothing_of_another_organization_is_offered_or_shown(
    world: World, stranger: World, agency: XeroIntegration, client: Client
) -> None:
    make_subsidiaries(stranger.organization, "Canary subsidiary")
    other = make_agency(stranger.organization, name="Canary books")
    make_options(other, "accounts", [("999", "Canary account")])
    make_tax_rate(stranger.organization, "Canary tax", "7")
    (service,) = make_service_types(stranger.organization, "Canary service")
    make_invoice(stranger.organization, "CANARY-1", [(service, None, "1.00")])
    client.force_login(world.admin)
    for name in SECTIONS:
        for query in ("", "?q=canary", "?number=CANARY-1"):
            page = client.get(section_url(agency, name, query)).content.decode()
            main = page[page.index("<main") :].replace("q=canary", "").replace("canary", "").replace("CANARY-1", "")
            assert "Canary" not in main, name


# No parameter makes an error ----------------------------------------------------------------------------------------------

NONSENSE = ("", "0", "-1", "999999999999999999999999", "abc", "ä🙂", "%00", "'", "<script>", "x" * 5000, "a\0b")


@pytest.mark.parametrize("name", SECTIONS)
def test_no_parameter_makes_an_error(name: str, world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.admin)
    known = {"kind": "invoice", "number": "2026-0412"}
    for value, beside in zip(NONSENSE, itertools.cycle(({}, known)), strict=False):
        given = dict.fromkeys(("page", "q", "kind", "number", "record", "show", "suggest", "another"), value) | beside
        assert client.get(section_url(agency, name), given).status_code == 200


@pytest.mark.parametrize("name", ["nothing", "do", "copy", "x" * 200, "-", "1"])
def test_unknown_sections_do_not_exist(name: str, world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.admin)
    assert client.get(section_url(agency, name)).status_code == 404
    assert client.post(section_url(agency, name)).status_code == 404


def test_no_form_makes_an_error(world: World, agency: XeroIntegration, client: Client) -> None:
    """Rows that do not exist, values that are no options, huge texts, fields of other sections."""
    client.force_login(world.admin)
    key = str(ServiceType.everywhere.filter(organization=world.organization).first().pk)  # type: ignore[union-attr]
    keys = (key, "999999", "", "ä", "x" * 300, "1.5")
    for name in ("options", "tax_rates", "invoices", "accounts", "scope"):
        for value in NONSENSE:
            data = {
                **{
                    f"{field}.{part}.{row}": value
                    for field in ("account_code_mapping", "tax_rate_mapping")
                    for part in ("row", "was")
                    for row in keys
                },
                "account_code_mapping.all": value,
                "account_code_mapping.tick": [*keys, value],
                "account_code": value,
                "initial-account_code": value,
                "xero_invoice_status_id": value,
                "initial-xero_invoice_status_id": value,
                "xero_reference": value,
                "name": value,
                "subsidiary": value,
                "use_invoices_export": value,
                "initial-use_invoices_export": value,
                "organization": value,
                "connection": value,
            }
            assert client.post(section_url(agency, name), data).status_code in {200, 302}, (name, value)
            XeroIntegration.everywhere.filter(pk=agency.pk).update(name="Xero", use_invoices_export=True)
    with within(world.organization):
        stored = XeroIntegration.objects.get(pk=agency.pk)
    assert stored.organization_id == world.organization.pk
    assert stored.connection == Connection.CONNECTED
    assert stored.account_code == "200"


@pytest.mark.parametrize("action", ["refresh", "retry", "export", "import"])
def test_no_action_makes_an_error(action: str, world: World, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.admin)
    args = [agency.pk, "nothing"] if action in {"export", "import"} else [agency.pk]
    for value in NONSENSE:
        response = client.post(reverse(f"admin:integration-{action}", args=args), {"source": value, "section": value, "once": value})
        assert response.status_code in {302, 404}


# Speed -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["account", "tax_rates", "accounts", "scope", "history"])
def test_the_page_takes_at_most_twenty_queries_however_much_there_is(
    name: str, world: World, agency: XeroIntegration, client: Client, django_assert_max_num_queries
) -> None:
    services = make_service_types(world.organization, *(f"Service {number}" for number in range(1000)))
    make_options(agency, "accounts", [(str(1000 + number), f"Account {number}") for number in range(300)])
    vat = TaxRate.everywhere.get()
    for number in range(50):
        make_invoice(
            world.organization, f"2026-9{number:03}", [(service, vat, "1.00") for service in services[number * 20 : number * 20 + 20]]
        )
    agency.account_code_mapping = {str(service.pk): str(1000 + number % 300) for number, service in enumerate(services)}
    agency.save()
    shared = {
        "provider": "xero",
        "integration_type_id": 2,
        "polymorphic_ctype_id": agency.polymorphic_ctype_id,
        "organization": world.organization,
    }
    Integration.everywhere.bulk_create([Integration(name=f"Xero {number}", tag=f"t{number}", **shared) for number in range(1000)])
    run = make_run(agency)
    make_items(run, Invoice.everywhere.all()[:3], refusal=UNMAPPED)
    recount(agency.pk)
    client.force_login(world.admin)
    client.get(section_url(agency, name))
    with django_assert_max_num_queries(20):
        response = client.get(section_url(agency, name))
    assert len(response.content) < 500_000
