"""A record on its way to the vendors: where it went, sending it there, many at once, and the address that copies carry."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from integrations import clock
from integrations.models import Action, Connection, ItemState, Link, OutboxItem, Run
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Company, Invoice, Person
from tests.conftest import World
from tests.integrations.admin.scenes import LOCKED, make_integration, make_invoices, make_items, make_links, make_run, make_subsidiaries
from tests.integrations.admin.setting_up import make_agency, make_invoice, make_options


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


@pytest.fixture
def invoice(world: World, agency: XeroIntegration) -> Invoice:
    return Invoice.everywhere.get(number="2026-0412")


def page_of(record: Any) -> str:
    return reverse(f"admin:records_{record._meta.model_name}_change", args=[record.pk])


def copy_url(integration: XeroIntegration, kind: str = "invoice", **query: str) -> str:
    return reverse("admin:copy", args=[integration.pk, kind]) + (
        "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
    )


def card(response: HttpResponse) -> str:
    text = " ".join(response.content.decode().split())
    return text[text.index('<section class="card copies"') :].partition("</section>")[0]


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


# Where it went ----------------------------------------------------------------------------------------------------------------


def test_a_record_that_was_never_copied_can_be_copied(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    shown = card(admin.get(page_of(invoice)))
    assert "not copied" in shown
    assert copy_url(agency, ids=str(invoice.pk)) in shown
    assert "Create new" not in shown
    assert f"kind=invoice&amp;record={invoice.pk}" in shown


def test_a_copy_is_linked_with_its_number_and_what_differs(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, [invoice], revision=invoice.revision, difference="total: 5340.00 here, 5340.01 there")
    shown = card(admin.get(page_of(invoice)))
    assert f'href="https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID={invoice.pk}"' in shown
    assert f"INV-{invoice.pk}" in shown
    assert "as it is here" in shown
    assert "total: 5340.00 here, 5340.01 there" in shown
    assert ">Update<" in shown
    assert ">Create new<" in shown


def test_a_copy_that_is_older_than_the_record_says_so(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, [invoice], revision=0)
    assert "changed here since" in card(admin.get(page_of(invoice)))


def test_a_refusal_is_shown_in_the_vendors_words(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_items(make_run(agency), [invoice], refusal=LOCKED)
    shown = card(admin.get(page_of(invoice)))
    assert str(ItemState.REJECTED.label) in shown
    assert LOCKED.message in shown
    assert LOCKED.advice in shown


def test_earlier_copies_are_history(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, [invoice], archived_at=clock.now())
    shown = card(admin.get(page_of(invoice)))
    assert "1 earlier copy" in shown
    assert "not copied" in shown


def test_an_address_that_is_none_of_the_web_is_no_link(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, [invoice])
    Link.everywhere.update(url="javascript:alert(1)")
    assert "javascript:" not in card(admin.get(page_of(invoice)))


def test_only_integrations_for_the_subsidiary_are_shown(world: World, invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    north, south = make_subsidiaries(world.organization, "North", "South")
    Invoice.everywhere.filter(pk=invoice.pk).update(subsidiary=north)
    make_integration(world.organization, "Books of North", subsidiary=north)
    make_integration(world.organization, "Books of South", subsidiary=south)
    shown = card(admin.get(page_of(invoice)))
    assert "Books of North" in shown
    assert "Books of South" not in shown


def test_auditors_see_where_it_went_and_send_nothing(world: World, invoice: Invoice, agency: XeroIntegration, client: Client) -> None:
    client.force_login(world.auditor)
    shown = card(client.get(page_of(invoice)))
    assert "not copied" in shown
    assert "/copy/" not in shown
    assert client.get(copy_url(agency, ids=str(invoice.pk))).status_code == 403
    assert client.post(copy_url(agency), {"ids": invoice.pk}).status_code == 403


def test_records_that_nobody_copies_say_nothing(world: World, agency: XeroIntegration, admin: Client) -> None:
    person = Person.everywhere.create(organization=world.organization, first_name="Ana", last_name="Kovač")
    assert "Where it went" not in admin.get(page_of(person)).content.decode()


def test_without_a_connection_nothing_can_be_sent(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(connection=Connection.DISCONNECTED)
    assert "/copy/" not in card(admin.get(page_of(invoice)))
    admin.post(copy_url(agency), {"ids": invoice.pk})
    assert not Run.everywhere.exists()


def test_the_page_of_a_record_keeps_its_budget(
    world: World, invoice: Invoice, agency: XeroIntegration, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_integration(world.organization, f"Books {number}")
    admin.get(page_of(invoice))
    with django_assert_max_num_queries(20):
        admin.get(page_of(invoice))


# Sending ------------------------------------------------------------------------------------------------------------------------


def test_one_record_is_copied(world: World, invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    form = admin.get(copy_url(agency, ids=str(invoice.pk)))
    assert "Copy 1 invoice to Xero" in form.content.decode()
    response = admin.post(copy_url(agency), {"ids": invoice.pk, "once": form.context["once"], "status": "", "contact": ""})
    run = Run.everywhere.get()
    assert response["Location"] == reverse("admin:run", args=[run.pk])
    assert (run.action, run.started_by_id) == (Action.EXPORT, world.admin.pk)
    item = OutboxItem.everywhere.get(kind="invoice")
    assert (item.record_id, item.create_new, item.choices) == (invoice.pk, False, {})


def test_what_is_chosen_goes_along(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_options(agency, "contacts", [("c-1", "Contoso"), ("c-2", "Fabrikam")], uses=[])
    admin.post(copy_url(agency), {"ids": invoice.pk, "status": "AUTHORISED", "contact": "c-2"})
    assert OutboxItem.everywhere.get(kind="invoice").choices == {"status": "AUTHORISED", "contact": "c-2"}


@pytest.mark.parametrize("data", [{"status": "PAID"}, {"contact": "c-9"}, {"status": "x" * 5000}])
def test_what_is_not_offered_cannot_be_chosen(data: dict[str, str], invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    response = admin.post(copy_url(agency), {"ids": invoice.pk, **data})
    assert response.status_code == 200
    assert "is not among the options. Choose one of the list." in response.content.decode()
    assert not Run.everywhere.exists()


def test_what_has_to_be_chosen_is_asked(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    response = admin.post(copy_url(agency), {"ids": invoice.pk})
    assert "“Status in Xero” has to be chosen for each copy." in response.content.decode()
    admin.post(copy_url(agency), {"ids": invoice.pk, "status": "DRAFT"})
    assert Run.everywhere.count() == 1


@pytest.mark.parametrize(
    ("given", "chosen"), [("c-17", "c-17"), ("customer 17", "c-17"), ("17", "c-17"), ("Unique Ltd", "u"), ("nique", "u")]
)
def test_of_a_long_list_one_types_the_name(given: str, chosen: str, invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    rows = [(f"c-{number}", f"Customer {number}") for number in range(100, 400)]
    make_options(agency, "contacts", [*rows, ("c-17", "Customer 17"), ("u", "Unique Ltd")], uses=[], code="")
    if given == "17":
        response = admin.post(copy_url(agency), {"ids": invoice.pk, "contact": given})
        assert (
            "12 fit this: Customer 117 (c-117), Customer 217 (c-217)" in " ".join(response.content.decode().split())
            or "fit this" in response.content.decode()
        )
        return
    admin.post(copy_url(agency), {"ids": invoice.pk, "contact": given})
    assert OutboxItem.everywhere.get(kind="invoice").choices == {"contact": chosen}


def test_a_name_that_is_not_there_is_said_so(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_options(agency, "contacts", [(f"c-{number}", f"Customer {number}") for number in range(300)], uses=[], code="")
    response = admin.post(copy_url(agency), {"ids": invoice.pk, "contact": "Nobody"})
    assert "There is no “Nobody” there." in response.content.decode()


def test_another_copy_is_made_beside_the_old_one_and_only_once(invoice: Invoice, agency: XeroIntegration, admin: Client) -> None:
    make_links(agency, [invoice], revision=invoice.revision)
    form = admin.get(copy_url(agency, ids=str(invoice.pk), new="1"))
    assert "The copy that is at Xero stays there and is not touched again." in form.content.decode()
    data = {"ids": invoice.pk, "new": "1", "once": form.context["once"]}
    first, second = (admin.post(copy_url(agency), data) for _click in range(2))
    assert first["Location"] == second["Location"]
    assert OutboxItem.everywhere.get(kind="invoice").create_new


def test_everything_changed_is_copied_where_no_record_is_named(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    assert admin.post(reverse("admin:integration-export", args=[agency.pk, "invoice"]))["Location"] == copy_url(agency)
    assert "Everything that was never copied, or was changed since." in admin.get(copy_url(agency)).content.decode()
    admin.post(copy_url(agency), {"ids": "", "status": "DRAFT"})
    assert OutboxItem.everywhere.filter(kind="invoice", choices={"status": "DRAFT"}).count() == 6


@pytest.mark.parametrize("ids", ["x", "999999", "-1", "1e9", ",,,", "ä", "9" * 40])
def test_records_that_do_not_exist_are_not_copied(ids: str, agency: XeroIntegration, admin: Client) -> None:
    for response in (admin.get(copy_url(agency, ids=ids)), admin.post(copy_url(agency), {"ids": ids})):
        assert response.status_code == 302
    assert not Run.everywhere.exists()


def test_records_of_another_organization_are_not_copied(stranger: World, agency: XeroIntegration, admin: Client) -> None:
    foreign = make_invoice(stranger.organization, "CANARY-1", [])
    response = admin.get(copy_url(agency, ids=str(foreign.pk)), follow=True)
    assert "CANARY" not in response.content.decode()
    admin.post(copy_url(agency), {"ids": foreign.pk})
    assert not OutboxItem.everywhere.filter(record_id=foreign.pk).exists()


@pytest.mark.parametrize("kind", ["person", "nothing", "line_item"])
def test_kinds_that_are_not_copied_do_not_exist(kind: str, agency: XeroIntegration, admin: Client) -> None:
    assert admin.get(copy_url(agency, kind)).status_code == 404


# Many at once ---------------------------------------------------------------------------------------------------------------------

LIST = "admin:records_invoice_changelist"


def bulk(integration: XeroIntegration, *records: Invoice, **data: str) -> dict[str, Any]:
    return {"action": f"copy_to_{integration.pk}", "_selected_action": [record.pk for record in records], **data}


def test_chosen_invoices_are_copied_from_the_list(agency: XeroIntegration, admin: Client) -> None:
    page = admin.get(reverse(LIST)).content.decode()
    assert f'<option value="copy_to_{agency.pk}">Copy to Xero</option>' in page
    chosen = list(Invoice.everywhere.order_by("pk")[:3])
    response = admin.post(reverse(LIST), bulk(agency, *chosen))
    run = Run.everywhere.get()
    assert response["Location"] == reverse("admin:run", args=[run.pk])
    assert set(OutboxItem.everywhere.filter(kind="invoice").values_list("record_id", flat=True)) == {one.pk for one in chosen}


def test_a_whole_list_is_copied(world: World, agency: XeroIntegration, admin: Client) -> None:
    for number in range(60):
        make_invoice(world.organization, f"B-{number}", [])
    admin.post(reverse(LIST), bulk(agency, Invoice.everywhere.first(), select_across="1"))  # type: ignore[arg-type]
    assert OutboxItem.everywhere.filter(kind="invoice").count() == 66


def test_thousands_of_invoices_are_copied_from_the_list_with_a_status_that_is_asked_once(
    world: World, agency: XeroIntegration, admin: Client
) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    day = clock.now().date()
    Invoice.everywhere.bulk_create(
        [Invoice(organization=world.organization, number=f"B-{number}", finalized_on=day) for number in range(2_500)], batch_size=500
    )
    form = admin.post(reverse(LIST), bulk(agency, Invoice.everywhere.first(), select_across="1"))  # type: ignore[arg-type]
    admin.post(copy_url(agency), {"ids": form.context["ids"], "once": form.context["once"], "status": "AUTHORISED"})
    everything = Invoice.everywhere.filter(invoice_type_id=1).count()
    assert OutboxItem.everywhere.filter(kind="invoice", choices={"status": "AUTHORISED"}).count() == everything > 2_500


def test_invoices_and_credit_notes_become_a_run_each(world: World, agency: XeroIntegration, admin: Client) -> None:
    credit_note = make_invoice(world.organization, "C-1", [], invoice_type_id=2)
    response = admin.post(reverse(LIST), bulk(agency, credit_note, Invoice.everywhere.get(number="2026-0412")))
    assert response["Location"] == reverse("admin:runs")
    assert sorted(Run.everywhere.values_list("kind", flat=True)) == ["credit_note", "invoice"]


def test_what_has_to_be_chosen_is_asked_for_all_at_once(world: World, agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(xero_invoice_status_id=4)
    chosen = list(Invoice.everywhere.order_by("pk")[:2])
    form = admin.post(reverse(LIST), bulk(agency, *chosen))
    assert form.status_code == 200
    assert list(form.context["form"].fields) == ["status"], "one customer for all of them makes no sense"
    admin.post(copy_url(agency), {"ids": form.context["ids"], "once": form.context["once"], "status": "DRAFT"})
    assert OutboxItem.everywhere.filter(kind="invoice", choices={"status": "DRAFT"}).count() == 2
    credit_note = make_invoice(world.organization, "C-1", [], invoice_type_id=2)
    refused = admin.post(reverse(LIST), bulk(agency, credit_note, *chosen))
    assert said(refused)[-1] == "Xero asks something for each copy. Choose records of one kind only."


def test_what_is_switched_off_is_refused_with_the_cure(agency: XeroIntegration, admin: Client) -> None:
    XeroIntegration.everywhere.filter(pk=agency.pk).update(use_invoices_export=False)
    response = admin.post(reverse(LIST), bulk(agency, Invoice.everywhere.first()))  # type: ignore[arg-type]
    assert said(response) == ["Xero does not copy “Invoices”. Switch that on first."]


def test_auditors_and_other_organizations_have_no_such_action(
    world: World, stranger: World, agency: XeroIntegration, client: Client
) -> None:
    foreign = make_agency(stranger.organization, name="Canary books")
    for user in (world.auditor, world.admin):
        client.force_login(user)
        page = client.get(reverse(LIST)).content.decode()
        assert "Canary" not in page
        assert ("Copy to Xero" in page) is (user == world.admin)
        client.post(reverse(LIST), bulk(foreign, Invoice.everywhere.get(number="2026-0412", organization=world.organization)))
    assert not Run.everywhere.exists()


def test_companies_can_be_copied_too(agency: XeroIntegration, admin: Client) -> None:
    company = Company.everywhere.get()
    assert "not copied" in card(admin.get(page_of(company)))
    admin.post(reverse("admin:records_company_changelist"), bulk(agency, company))  # type: ignore[arg-type]
    assert OutboxItem.everywhere.get().kind == "company"


# The address of a record ------------------------------------------------------------------------------------------------------------


def test_the_address_of_a_record_leads_to_its_page(invoice: Invoice, admin: Client) -> None:
    assert admin.get(reverse("record", args=["invoice", invoice.pk]))["Location"] == page_of(invoice)


def test_foreign_and_missing_records_have_no_address(stranger: World, invoice: Invoice, admin: Client) -> None:
    foreign = make_invoice(stranger.organization, "X", [])
    for kind, pk in (
        ("invoice", foreign.pk),
        ("invoice", 999_999),
        ("credit_note", invoice.pk),
        ("nothing", invoice.pk),
        ("invoice", 10**25),
    ):
        assert admin.get(reverse("record", args=[kind, pk])).status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(invoice: Invoice, client: Client) -> None:
    response = client.get(reverse("record", args=["invoice", invoice.pk]))
    assert response["Location"].startswith(reverse("login"))


def test_operators_outside_of_an_organization_find_nothing(invoice: Invoice, operator: Any, client: Client) -> None:
    client.force_login(operator)
    assert client.get(reverse("record", args=["invoice", invoice.pk])).status_code in {302, 404}


def test_the_list_tells_where_each_record_went(admin: Client, world: World, django_assert_max_num_queries: Any) -> None:
    agency = make_integration(world.organization)
    copied, changed, failed, fresh = make_invoices(world.organization, 4)
    make_links(agency, [copied, changed, failed], revision=copied.revision)
    changed.subject = "Another subject"
    changed.save()
    OutboxItem.everywhere.create(
        organization=world.organization, integration=agency, kind="invoice", record_id=failed.pk, revision=1, state=ItemState.REJECTED
    )
    lists = reverse("admin:records_invoice_changelist")
    admin.get(lists)
    with django_assert_max_num_queries(12):
        records = {record.pk: record for record in admin.get(lists).context["cl"].result_list}
    told = {pk: [(name, str(chip.text)) for name, chip, _number in record.went_to] for pk, record in records.items()}
    assert told == {
        copied.pk: [(agency.name, "as it is here")],
        changed.pk: [(agency.name, "changed here since")],
        failed.pk: [(agency.name, "Rejected")],
        fresh.pk: [],
    }
    assert "as it is here" in admin.get(lists).content.decode()
