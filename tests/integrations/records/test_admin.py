"""The lists and pages of records: what they show to whom, in how many queries, and whatever is asked of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from accounts.tenancy import within
from integrations.admin.records.columns import money
from integrations.records.base import Record, content_fields
from integrations.records.kinds import all_kinds
from integrations.records.models import (
    Company,
    ContactEntry,
    CustomField,
    CustomFieldOption,
    Deal,
    Invoice,
    LineItem,
    Payment,
    Person,
    Salary,
    Service,
    ServiceType,
    Subsidiary,
    TaxRate,
    TimeEntry,
)
from tests.conftest import World

MODELS = list(dict.fromkeys(kind.model for kind in all_kinds()))
PAY = Decimal("6543.21")


@pytest.fixture
def signed_in(client: Client, world: World) -> Client:
    client.force_login(world.admin)
    return client


def fill(world: World, number: int = 0) -> None:
    """Some of every kind, every foreign key set: what makes a careless list ask once for every row."""
    made: dict[type[Record], Record] = {}
    with within(world.organization):
        for _round in range(2):
            for model in MODELS:
                values: dict[str, Any] = {}
                for field in content_fields(model):
                    if isinstance(field, models.ForeignKey):
                        values[field.name] = made.get(field.related_model)  # type: ignore[call-overload]
                    elif field.choices:
                        values[field.name] = field.flatchoices[0][0]
                    elif isinstance(field, models.DecimalField):
                        values[field.name] = Decimal(f"{number + 1}.5")
                    elif isinstance(field, models.DateTimeField) and field.name != "remote_deleted_at":
                        values[field.name] = datetime(2024, 5, 1 + number % 28, 10, tzinfo=UTC)
                    elif isinstance(field, models.DateField) and field.name != "remote_deleted_at":
                        values[field.name] = date(2024, 5, 1 + number % 28)
                    elif field.name in ("currency", "default_currency"):
                        values[field.name] = "EUR"
                    elif isinstance(field, models.CharField | models.TextField):
                        values[field.name] = f"{field.name[:12]} {number}"
                values.pop("user", None)
                made[model] = model(organization=world.organization, productive_id=f"{number}{_round}", **values)
                model.everywhere.bulk_create([made[model]])


def list_url(model: type[Record]) -> str:
    return reverse(f"admin:records_{model._meta.model_name}_changelist")


def page_url(record: Record) -> str:
    return reverse(f"admin:records_{record._meta.model_name}_change", args=[record.pk])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_takes_few_queries_however_many_rows(
    model: type[Record], client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    client.force_login(world.owner)
    for number in range(3):
        fill(world, number)
    client.get(list_url(model))  # the first page of a session stamps it
    with django_assert_max_num_queries(12):
        answer = client.get(list_url(model), {"q": "2"})
    assert answer.status_code == 200
    with django_assert_max_num_queries(12):
        assert len(client.get(list_url(model)).context["cl"].result_list) == 6


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_page_shows_every_attribute_in_few_queries(
    model: type[Record], client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    client.force_login(world.owner)
    fill(world, 0)
    fill(world, 1)
    record = model.everywhere.order_by("-pk")[0]
    client.get(list_url(model))
    with django_assert_max_num_queries(20):
        answer = client.get(page_url(record))
    assert answer.status_code == 200
    shown = answer.content.decode()
    for field in content_fields(model):
        assert str(field.verbose_name).capitalize()[:1] + str(field.verbose_name)[1:] in shown.replace("&#x27;", "'"), field.name
    assert 'name="_save"' not in shown


FUZZ = [
    "?p=abc", "?p=-1", "?p=99999999999999999999999", "?o=x", "?o=1.x.-99", "?o=.....", "?q=%00", "?q=%FF%FE", "?q=" + "a+" * 3000,
    '?q="', "?all=", "?e=1", "?id=abc", "?id__exact=abc", "?id__exact=99999999999999999999999", "?pk=1", "?nothing=1",
    "?nothing__x__y=1", "?productive_id__regex=[", "?organization=1", "?organization__id__exact=1",
    "?organization__slug__startswith=c", "?custom_fields__x=1", "?_to_field=abc", "?_popup=1", "?_facets=True",
    "?changed_by__contains=%00", "?_changelist_filters=%3D%3D", "?invoice_type_id__exact=abc",
    "?invoice_type_id__exact=9999999999999999999999", "?invoice_type_id__in=1,x", "?invoice_type_id__regex=(",
    "?exported__exact=maybe", "?exported__isnull=x", "?subsidiary__id__exact=abc", "?subsidiary__id__exact=99999999999999999999",
    "?subsidiary__isnull=2", "?currency=%00", "?currency=x&currency=y", "?type=%00", "?calendar=%00", "?event__id__exact=x",
    "?budget__exact=%00", "?status__exact=%00", "?default_currency=%00", "?absence_type__exact=%00",
    *(
        f"?{name}__{lookup}={value}"
        for name in ("invoiced_on", "date", "started_on", "paid_on")
        for lookup in ("year", "month", "day", "gte", "exact")
        for value in ("abc", "0", "99999", "99999999999999999999999", "-1", "", "%00")
    ),
]  # fmt: skip


@pytest.mark.parametrize("model", [Invoice], ids=lambda model: model.__name__)
def test_no_question_to_a_list_breaks_it(model: type[Record], signed_in: Client, world: World) -> None:
    fill(world)
    for query in FUZZ:
        answer = signed_in.get(list_url(model) + query, follow=True)
        assert answer.status_code in (200, 400), query
        assert answer.status_code == 400 or answer.content, query


@pytest.mark.parametrize("path", ["abc", "0", "-1", "99999999999999999999999", "_5F", "1/change/x", "%00", "' OR 1=1"])
def test_an_address_that_names_no_record_leads_nowhere(path: str, signed_in: Client) -> None:
    for ending in ("", "change/", "delete/", "history/"):
        answer = signed_in.get(f"{list_url(Invoice)}{path}/{ending}", follow=True)
        assert answer.status_code in (200, 403, 404)
        assert answer.status_code != 200 or answer.redirect_chain


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_records_are_only_read(model: type[Record], client: Client, world: World) -> None:
    client.force_login(world.owner)
    fill(world)
    record = model.everywhere.all()[0]
    before = model.everywhere.filter(pk=record.pk).values().get()
    assert client.get(reverse(f"admin:records_{model._meta.model_name}_add")).status_code == 403
    assert client.post(page_url(record), {"name": "changed"}).status_code == 403
    assert client.post(reverse(f"admin:records_{model._meta.model_name}_delete", args=[record.pk]), {"post": "yes"}).status_code == 403
    answer = client.post(list_url(model), {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"})
    assert answer.status_code in (200, 403)
    assert model.everywhere.filter(pk=record.pk).values().get() == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_auditors_read_members_and_strangers_do_not(model: type[Record], client: Client, world: World, stranger: World) -> None:
    fill(world)
    record = model.everywhere.all()[0]
    client.force_login(world.auditor)
    assert client.get(list_url(model)).status_code == (403 if model is Salary else 200)
    client.force_login(world.member)
    assert client.get(list_url(model)).status_code in (302, 403)
    client.force_login(stranger.owner)
    assert not client.get(list_url(model)).context["cl"].result_list
    missing = client.get(f"{list_url(model)}999999999/change/")
    foreign = client.get(page_url(record))
    assert (foreign.status_code, foreign.headers.get("Location")) == (missing.status_code, missing.headers.get("Location"))


def test_nothing_of_another_organization_is_on_lists_pages_or_filters(signed_in: Client, world: World, stranger: World) -> None:
    fill(world)
    with within(stranger.organization):
        theirs = Subsidiary.objects.create(name="Canary Subsidiary")
        ServiceType.objects.create(name="Canary Type")
        TaxRate.objects.create(name="Canary Rate")
        invoice = Invoice.objects.create(number="Canary-1", subsidiary=theirs)
    for model in MODELS:
        if model is not Salary:
            assert "Canary" not in signed_in.get(list_url(model)).content.decode()
    answer = signed_in.get(list_url(Invoice), {"subsidiary__id__exact": theirs.pk})
    assert not answer.context["cl"].result_list
    assert signed_in.get(page_url(invoice)).status_code == 302


@pytest.fixture
def paid(world: World) -> TimeEntry:
    with within(world.organization):
        person = Person.objects.create(first_name="Ana", last_name="Horvat")
        Salary.objects.create(person=person, currency="EUR", cost=PAY, hourly_rate=PAY)
        deal = Deal.objects.create(name="Site", currency="EUR", cost=PAY, profit=PAY)
        service = Service.objects.create(name="Design", deal=deal, currency="EUR", cost=PAY)
        return TimeEntry.objects.create(person=person, service=service, date=date(2024, 5, 1), currency="EUR", cost=PAY, time=60)


def test_pay_is_seen_by_owners_and_by_whom_they_let(client: Client, world: World, paid: TimeEntry) -> None:
    assert paid.person
    assert paid.service
    assert paid.service.deal
    pages = [page_url(paid), page_url(paid.person), page_url(paid.service), page_url(paid.service.deal), list_url(Salary)]

    def seen() -> list[bool]:
        return ["6,543.21" in client.get(url).content.decode() for url in pages]

    client.force_login(world.owner)
    assert all(seen())
    client.force_login(world.admin)
    assert not any(seen())
    assert client.get(list_url(Salary)).status_code == 403
    Membership.everywhere.filter(user=world.admin).update(sees_pay=True)
    client.force_login(world.admin)
    assert all(seen())


@pytest.mark.parametrize(
    "query", ["?cost__gt=5", "?cost=6543.21", "?service__cost__gt=5", "?person__salaries__cost__gt=5", "?person__salaries__hourly_rate=1"]
)
def test_pay_cannot_be_found_out_by_asking_a_list(query: str, signed_in: Client, paid: TimeEntry) -> None:
    assert signed_in.get(list_url(TimeEntry) + query).status_code == 400


def test_pay_cannot_be_found_out_by_sorting(signed_in: Client, paid: TimeEntry) -> None:
    for model in (TimeEntry, Service, Deal):
        listed = {str(column) for column in admin.site.get_model_admin(model).list_display}
        assert not {name for name in listed for pay in model.pay_columns if pay in name}


def test_an_invoice_is_found_filtered_and_shown_with_its_lines(signed_in: Client, world: World) -> None:
    with within(world.organization):
        company = Company.objects.create(name="Acme & Sons")
        north = Subsidiary.objects.create(name="North")
        invoice = Invoice.objects.create(
            number="2024-17", company=company, subsidiary=north, invoiced_on=date(2024, 5, 31), currency="EUR",
            amount_with_tax=Decimal("1190"), tag_list=["retainer", "design"],
        )  # fmt: skip
        LineItem.objects.create(
            invoice=invoice, description="Drawing", currency="JPY", unit_price=Decimal("12000"), quantity=Decimal("2.5")
        )
        Payment.objects.create(invoice=invoice, currency="EUR", amount=Decimal("3.5"), external_id="PAY-1")
        Invoice.objects.create(
            number="2024-18", invoice_type_id=2, invoiced_on=date(2024, 6, 1), currency="KWD", amount_with_tax=Decimal("1.5")
        )

    def found(**query: Any) -> list[str]:
        return [row.number for row in signed_in.get(list_url(Invoice), query).context["cl"].result_list]

    assert found() == ["2024-18", "2024-17"]
    assert found(q="acme 17") == found(q="2024-17") == ["2024-17"]
    assert found(invoice_type_id__exact=2) == ["2024-18"]
    assert found(subsidiary__id__exact=north.pk) == ["2024-17"]
    assert found(invoiced_on__gte="2024-05-01", invoiced_on__lt="2024-06-01") == ["2024-17"]
    listed = list(signed_in.get(list_url(Invoice)).context["cl"].list_display)
    by_amount = listed.index(money(Invoice, "amount_with_tax"))
    assert (found(o=by_amount), found(o=-by_amount)) == (["2024-18", "2024-17"], ["2024-17", "2024-18"])
    shown = signed_in.get(list_url(Invoice)).content.decode()
    assert "1,190.00\xa0EUR" in shown
    assert "1.500\xa0KWD" in shown
    assert 'class="field-number_amount_with_tax"' in shown
    page = signed_in.get(page_url(invoice)).content.decode()
    assert "2.5000" not in page
    for text in ("Invoice 2024-17", "Drawing", "12,000\xa0JPY", "2.5", "3.50\xa0EUR", "PAY-1", "retainer, design", "Acme &amp; Sons"):
        assert text in page
    assert page_url(company) in page


def test_custom_fields_are_shown_by_name_and_sensitive_ones_are_not(signed_in: Client, world: World) -> None:
    with within(world.organization):
        colour = CustomField.objects.create(name="Colour", productive_id="77")
        CustomFieldOption.objects.create(name="Blue & green", productive_id="8", custom_field=colour)
        CustomField.objects.create(name="Blood type", productive_id="78", sensitive=True)
        person = Person.objects.create(first_name="Ana", custom_fields={"77": ["8"], "78": "Canary", "79": {"a": "<b>"}, "80": None})
    page = signed_in.get(page_url(person)).content.decode()
    assert "<dt>Colour</dt><dd>Blue &amp; green</dd>" in page
    assert "<dt>Blood type</dt><dd>hidden, because the field is sensitive</dd>" in page
    assert "Canary" not in page
    assert "&lt;b&gt;" in page


def test_every_kind_has_a_list_and_nothing_else_of_records_is_registered() -> None:
    registered = {model for model in admin.site._registry if model._meta.app_label == "records"}
    assert registered == set(MODELS)


def test_an_empty_list_says_how_records_come(signed_in: Client) -> None:
    assert "manage.py load_records PATH" in signed_in.get(list_url(ContactEntry)).content.decode()
