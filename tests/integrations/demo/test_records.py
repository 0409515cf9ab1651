"""The demo keeps what its documentation promises: how many of what, amounts right to the cent, and nothing that leaks."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import F

from accounts.models import Organization
from accounts.tenancy import OrganizationOwned, within
from integrations import clock
from integrations.demo.story import tell
from integrations.records.choices import InvoiceType
from integrations.records.kinds import all_kinds, get_kind
from integrations.records.models import (
    Booking,
    Company,
    ContactEntry,
    CustomFieldOption,
    Deal,
    DealStatus,
    Entitlement,
    Expense,
    Invoice,
    LineItem,
    Person,
    Pipeline,
    Project,
    PurchaseOrder,
    Salary,
    Service,
    ServiceType,
    Subsidiary,
    TaxRate,
    TimeEntry,
)

CENT = Decimal("0.01")
MODELS = list(dict.fromkeys(kind.model for kind in all_kinds()))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def finalized(kind: str = "invoice"):
    return get_kind(kind).queryset().filter(finalized_on__isnull=False)


def test_there_is_as_much_of_everything_as_promised(northwind: Organization) -> None:
    assert Subsidiary.objects.get().name == "Northwind Studio GmbH"
    assert {model: model.objects.count() for model in (Company, ServiceType, TaxRate, PurchaseOrder)} == {
        Company: 18,
        ServiceType: 10,
        TaxRate: 7,
        PurchaseOrder: 2,
    }
    assert finalized().count() == 64
    assert get_kind("invoice").queryset().filter(finalized_on=None, number="").count() == 3
    assert finalized("credit_note").count() == 4
    assert finalized("credit_note").filter(parent_invoice__isnull=False).count() == 2


def test_no_list_that_people_look_at_is_empty(northwind: Organization) -> None:
    lists = (Booking, Deal, DealStatus, Entitlement, Pipeline, Project, Salary, Service, TimeEntry, CustomFieldOption)
    assert all(0 < model.objects.count() <= 120 for model in lists)


def test_every_record_says_that_it_is_of_the_demo_and_has_a_productive_id(northwind: Organization) -> None:
    for model in MODELS:
        rows = list(model.objects.all())
        assert {row.origin for row in rows} <= {"demo"}
        assert all(row.productive_id.isdecimal() and len(row.productive_id) >= 6 for row in rows)


def test_tax_rates_are_two_of_vat_each_way_two_of_nothing_and_one_of_two_components(northwind: Organization) -> None:
    rates = {rate.name: rate.effective_rate for rate in TaxRate.objects.all()}
    assert sorted(rates.values()) == [0, 0, 7, 7, 7, 19, 19]
    (two,) = TaxRate.objects.filter(secondary_component_value__gt=0)
    assert (two.primary_component_value, two.secondary_component_value, two.effective_rate) == (6, 1, 7)


def test_the_subsidiary_knows_who_bills_and_how(northwind: Organization) -> None:
    subsidiary = Subsidiary.objects.select_related("bill_from", "default_tax_rate", "default_document_type").get()
    assert subsidiary.bill_from.vat == "DE900000019"
    assert subsidiary.bill_from.subsidiary == subsidiary
    assert subsidiary.default_tax_rate.name == "19 % VAT"
    assert subsidiary.default_document_type.name == "Invoice"


def test_every_company_can_be_written_to_and_called(northwind: Organization) -> None:
    for company in Company.objects.all():
        entries = ContactEntry.objects.filter(company=company)
        assert entries.filter(city__gt="", country__gt="", address__gt="").count() == 1, company
        assert entries.filter(email__endswith=".example").count() == 1, company
        assert entries.filter(phone__startswith="+").count() == 1, company


def test_company_names_are_as_awkward_as_real_ones(northwind: Organization) -> None:
    names = set(Company.objects.values_list("name", flat=True))
    assert 'Müller & Söhne "Die Werkstatt" GmbH' in names
    assert any("Ł" in name for name in names)
    assert list(Company.objects.filter(vat="").values_list("name", flat=True)) == ["Grüne Wege Stiftung"]


def test_everybody_who_signs_in_is_a_person_of_the_records(northwind: Organization) -> None:
    emails = {"ana@northwind.example", "tomasz@northwind.example", "miriam@northwind.example", "jonas@northwind.example"}
    people = Person.objects.filter(user__isnull=False).select_related("user")
    assert {person.user.email for person in people} == {person.email for person in people} == emails
    assert Person.objects.filter(company__isnull=False).exists()


def test_invoices_are_of_the_last_120_days_and_numbered_in_their_order(northwind: Organization) -> None:
    invoices = list(finalized().order_by("number"))
    today = clock.now().date()
    days = [invoice.invoiced_on for invoice in invoices]
    assert days == sorted(days)
    assert today - timedelta(days=121) < days[0] < today - timedelta(days=90)
    assert today - timedelta(days=15) < days[-1] <= today
    assert all(day.weekday() < 5 for day in days)
    assert all(invoice.finalized_on == invoice.invoiced_on < invoice.pay_on for invoice in invoices)
    assert len({invoice.number for invoice in invoices} | {note.number for note in finalized("credit_note")}) == 68


def test_lines_are_as_different_as_real_ones(northwind: Organization) -> None:
    invoices = list(finalized().prefetch_related("line_items"))
    counts = Counter(invoice.line_items.count() for invoice in invoices)
    lines = [line for invoice in invoices for line in invoice.line_items.all()]
    assert set(counts) == {1, 2, 3, 4, 5, 6}
    assert all(line.service_type_id and line.tax_rate_id and line.service_id and line.description for line in lines)
    assert sum(line.quantity != int(line.quantity) for line in lines) > 50
    assert any(line.unit_price != cents(line.unit_price) for line in lines)
    assert 10 < sum(line.discount is not None for line in lines) < len(lines) / 2
    assert 3 < sum(invoice.discount is not None for invoice in invoices) < len(invoices) / 2
    assert 10 < sum(bool(invoice.purchase_order_number) for invoice in invoices) < len(invoices)
    assert all(invoice.subject for invoice in invoices)
    assert {invoice.currency for invoice in invoices} == {"EUR", "CHF", "GBP", "USD"}


def test_no_quantity_or_price_is_finer_than_ledgers_take(northwind: Organization) -> None:
    for line in LineItem.objects.all():
        assert line.quantity == line.quantity.quantize(Decimal("0.0001"))
        assert line.unit_price == line.unit_price.quantize(Decimal("0.0001"))


def test_every_amount_follows_from_the_lines_to_the_cent(demo) -> None:
    def kept(percent: Decimal | None) -> Decimal:
        return 1 - (percent or Decimal(0)) / 100

    def check(invoice: Invoice) -> None:
        lines = invoice.line_items.all()
        for line in lines:
            assert line.amount == cents(line.quantity * line.unit_price * kept(line.discount) * kept(invoice.discount)) > 0
            assert line.tax_value == line.tax_rate.effective_rate
            assert line.amount_tax == cents(line.amount * line.tax_value / 100)
            assert line.amount_with_tax == line.amount + line.amount_tax
            assert line.currency == invoice.currency
        for name in ("amount", "amount_tax", "amount_with_tax"):
            assert getattr(invoice, name) == sum(getattr(line, name) for line in lines), (invoice, name)
        assert invoice.amount_unpaid == invoice.amount_with_tax - (invoice.amount_credited or 0) >= 0

    for organization in demo.organizations:
        with within(organization):
            for invoice in Invoice.objects.prefetch_related("line_items__tax_rate"):
                check(invoice)


def test_clients_abroad_have_their_own_rates_and_reduced_services_too(northwind: Organization) -> None:
    rates = set(
        LineItem.objects.filter(invoice__company__contact_entries__type="bill_to").values_list(
            "invoice__company__contact_entries__country", "tax_name"
        )
    )
    assert {tax for country, tax in rates if country == "Germany"} == {"19 % VAT", "7 % VAT"}
    assert {tax for country, tax in rates if country in {"Poland", "France", "Spain", "Sweden"}} == {"0 % reverse charge EU"}
    assert {tax for country, tax in rates if country in {"Switzerland", "United Kingdom"}} == {"0 % export"}


def test_credit_notes_take_back_a_line_of_their_invoice(northwind: Organization) -> None:
    for note in finalized("credit_note").filter(parent_invoice__isnull=False).select_related("parent_invoice"):
        parent, (line,) = note.parent_invoice, note.line_items.all()
        assert (note.company_id, note.currency) == (parent.company_id, parent.currency)
        assert parent.invoiced_on <= note.invoiced_on
        assert parent.credited
        assert parent.amount_credited == note.amount_with_tax == line.amount_with_tax
        assert parent.line_items.filter(amount=line.amount, service=line.service).exists()
    assert all(note.invoice_type_id == InvoiceType.CREDIT_NOTE and not note.discount for note in finalized("credit_note"))


def test_expenses_have_vendors_and_due_dates_and_their_orders_add_up(northwind: Organization) -> None:
    expenses = list(Expense.objects.select_related("tax_rate").prefetch_related("expense_line_items"))
    assert len(expenses) >= 12
    for expense in expenses:
        assert expense.vendor_id
        assert expense.date < expense.pay_on
        assert expense.total_amount == cents(expense.amount * expense.quantity)
        assert expense.total_amount_with_tax == expense.total_amount + cents(expense.total_amount * expense.tax_rate.effective_rate / 100)
        if lines := expense.expense_line_items.all():
            assert sum(line.unit_price * line.quantity for line in lines) == expense.amount
    for order in PurchaseOrder.objects.prefetch_related("expenses"):
        assert order.expenses.count() == 2
        assert order.total_cost == sum(expense.total_amount for expense in order.expenses.all())
        assert order.total_cost_with_tax == sum(expense.total_amount_with_tax for expense in order.expenses.all())
        assert {expense.vendor_id for expense in order.expenses.all()} == {order.vendor_id}


def test_values_of_custom_fields_name_fields_and_options_that_exist(northwind: Organization) -> None:
    options = dict(CustomFieldOption.objects.values_list("productive_id", "custom_field__productive_id"))
    used = [pair for invoice in finalized() for pair in invoice.custom_fields.items()]
    assert len(used) == 64
    assert all(options[option] == field for field, option in used)


def test_services_belong_to_budgets_of_the_invoiced_company(northwind: Organization) -> None:
    for line in LineItem.objects.select_related("invoice", "service__deal"):
        assert line.service.deal.budget
        assert line.service.deal.company_id == line.invoice.company_id
        assert line.service.service_type_id == line.service_type_id
    assert Deal.objects.filter(budget=False).count() == 4


def test_no_record_leads_into_the_other_organization(demo) -> None:
    for model in MODELS:
        for field in model._meta.concrete_fields:
            if field.many_to_one and issubclass(field.related_model, OrganizationOwned):
                elsewhere = model.everywhere.filter(**{f"{field.name}__isnull": False})
                assert not elsewhere.exclude(**{f"{field.name}__organization": F("organization")}).exists(), (model, field.name)


def test_each_organization_sees_its_own_companies_only(demo) -> None:
    names = {}
    for slug in ("northwind-studio", "contoso-works"):
        with within(Organization.objects.get(slug=slug)):
            names[slug] = set(Company.objects.values_list("name", flat=True))
    assert len(names["northwind-studio"]) == 18
    assert names["contoso-works"] == {"Tulip Cycles B.V.", "Polder Labs B.V."}


def test_amounts_are_the_same_whatever_day_it_is_and_dates_follow_the_day(db, set_clock) -> None:
    def told_at(time: str) -> tuple[list[tuple], str]:
        set_clock(time)
        before = transaction.savepoint()
        tell()
        invoices = Invoice.everywhere.order_by("organization__slug", "number", "subject")
        amounts = list(invoices.values_list("number", "company__productive_id", "currency", "amount", "amount_tax", "amount_with_tax"))
        newest = invoices.filter(organization__slug="northwind-studio", number="").first().invoiced_on.isoformat()
        transaction.savepoint_rollback(before)
        return amounts, newest

    (amounts, newest), (later_amounts, later_newest) = told_at("2027-03-03T12:00:00+00:00"), told_at("2031-05-05T23:30:00+00:00")
    assert len(amounts) > 70
    assert amounts == later_amounts
    assert (newest, later_newest) == ("2027-03-03", "2031-05-06")
