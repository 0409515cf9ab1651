from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.tenancy import NoOrganization, within
from integrations.records.changes import records_changed
from integrations.records.models import Company, ContactEntry, Deal, Expense, ExpenseLineItem, Invoice, LineItem, Payment, Person
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("scoped")


@pytest.fixture
def heard() -> Iterator[list[tuple[str, list[int], str]]]:
    """What `records_changed` told."""
    heard: list[tuple[str, list[int], str]] = []

    def listen(sender: Any, kind: str, ids: list[int], changed_by: str, **_: Any) -> None:
        assert transaction.get_connection().in_atomic_block
        heard.append((kind, ids, changed_by))

    records_changed.connect(listen)
    yield heard
    records_changed.disconnect(listen)


def revision_of(record: Any) -> int:
    return type(record).objects.get(pk=record.pk).revision


def test_a_new_record_has_revision_one_and_belongs_to_the_current_organization(world: World) -> None:
    company = Company.objects.create(name="Acme")
    assert (company.revision, company.organization, company.origin) == (1, world.organization, "productive")


def test_a_change_of_content_raises_the_revision_and_the_time() -> None:
    company = Company.objects.create(name="Acme", changed_by="file")
    before = company.changed_at
    company.name, company.changed_by = "Acme Ltd", "user:5"
    company.save()
    company.refresh_from_db()
    assert (company.revision, company.changed_by) == (2, "user:5")
    assert company.changed_at > before > company.stored_at or company.changed_at > before


def test_a_save_without_a_change_writes_nothing(django_assert_num_queries: Any) -> None:
    company = Company.objects.create(name="Acme", changed_by="file")
    company.changed_by = "user:5"
    with django_assert_num_queries(3):  # a savepoint, the look at what is stored, the savepoint's end
        company.save()
    company.refresh_from_db()
    assert (company.revision, company.changed_by) == (1, "file")


def test_the_same_value_in_another_spelling_is_no_change() -> None:
    invoice = Invoice.objects.create(number="1", amount=Decimal("12.5"), invoiced_on=date(2024, 5, 31), custom_fields={"1": "x"})
    invoice.amount, invoice.invoiced_on = "12.5000", "2024-05-31"  # type: ignore[assignment]
    invoice.save()
    assert revision_of(invoice) == 1


def test_a_stale_copy_does_not_write_back_what_it_did_not_change() -> None:
    company = Company.objects.create(name="Acme", vat="DE1")
    stale = Company.objects.only("name").get(pk=company.pk)
    Company.objects.filter(pk=company.pk).update(vat="DE2")
    stale.name = "Acme Ltd"
    stale.save()
    company.refresh_from_db()
    assert (company.name, company.vat, company.revision) == ("Acme Ltd", "DE2", 2)


def test_update_fields_limit_what_is_looked_at() -> None:
    company = Company.objects.create(name="Acme", vat="DE1")
    company.name, company.vat = "Acme Ltd", "DE2"
    company.save(update_fields=["vat"])
    company.refresh_from_db()
    assert (company.name, company.vat, company.revision) == ("Acme", "DE2", 2)


def test_bookkeeping_is_no_content() -> None:
    company = Company.objects.create(name="Acme")
    company.productive_id = "7"
    company.save()
    assert revision_of(company) == 1


def test_a_line_changes_its_invoice(heard: list[tuple[str, list[int], str]]) -> None:
    invoice = Invoice.objects.create(number="1")
    line = LineItem.objects.create(invoice=invoice, description="Design", changed_by="integration:12")
    assert revision_of(invoice) == 2
    line.description = "Design and print"
    line.save()
    assert revision_of(invoice) == 3
    line.save()
    assert revision_of(invoice) == 3
    line.delete()
    invoice.refresh_from_db()
    assert (invoice.revision, invoice.changed_by) == (4, "integration:12")
    assert heard[1:3] == [("invoice", [invoice.pk], "integration:12"), ("line_item", [line.pk or heard[2][1][0]], "integration:12")]


def test_a_line_that_moves_changes_both_invoices() -> None:
    old, new = Invoice.objects.create(number="1"), Invoice.objects.create(number="2")
    line = LineItem.objects.create(invoice=old)
    line.invoice = new
    line.save()
    assert (revision_of(old), revision_of(new)) == (3, 2)


def test_entries_are_part_of_their_company_and_expense_lines_of_their_expense() -> None:
    company, expense = Company.objects.create(name="Acme"), Expense.objects.create(name="Flight")
    ContactEntry.objects.create(company=company, email="a@acme.example")
    ExpenseLineItem.objects.create(expense=expense, name="Outward")
    assert (revision_of(company), revision_of(expense)) == (2, 2)


def test_a_payment_is_no_part_of_its_invoice() -> None:
    invoice = Invoice.objects.create(number="1")
    Payment.objects.create(invoice=invoice, amount=5)
    assert revision_of(invoice) == 1


def test_changes_are_told_once_with_their_kind(heard: list[tuple[str, list[int], str]]) -> None:
    note = Invoice.objects.create(number="1", invoice_type_id=2, changed_by="productive")
    budget = Deal.objects.create(name="Site", budget=True, changed_by="productive")
    deal = Deal.objects.create(name="Site", changed_by="productive")
    deal.save()
    assert heard == [(kind, [record.pk], "productive") for kind, record in (("credit_note", note), ("budget", budget), ("deal", deal))]


def test_productive_ids_are_unique_for_organization_and_kind(world: World, stranger: World) -> None:
    Company.objects.create(productive_id="7")
    Person.objects.create(productive_id="7")
    Company.objects.create(), Company.objects.create()
    with within(stranger.organization):
        Company.objects.create(productive_id="7")
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(productive_id="7")


def test_a_user_is_one_person_of_an_organization(world: World) -> None:
    Person.objects.create(user=world.member)
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(user=world.member)


def test_records_of_another_organization_are_not_seen(world: World, stranger: World) -> None:
    Company.objects.create(name="Acme")
    with within(stranger.organization):
        assert not Company.objects.exists()
    with within(None), pytest.raises(NoOrganization):
        Company.objects.exists()
    assert Company.everywhere.count() == 1
