"""The records with which every provider is put to the proof: a small agency, and one sample after the other of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Organization
from integrations.records import files
from integrations.records.base import Record
from integrations.records.choices import BookingMethod, BookingType, HrmType, InvoiceType, LimitationType, PurchaseOrderStatus, SalaryType
from integrations.records.models import (
    Attachment,
    Booking,
    Company,
    ContactEntry,
    Deal,
    Entitlement,
    Event,
    Expense,
    Invoice,
    LineItem,
    Payment,
    Person,
    PurchaseOrder,
    Salary,
    ServiceType,
    Subsidiary,
    TaxRate,
)

FIRST_DAY = date(2026, 9, 1)
EMAIL = "ana@northwind.example"
"""Of the one person who works there: by it, vendors' people are known to be ours."""


@dataclass
class House:
    """`sample(kind)` makes another ready record of the kind; `edit(record)` changes what every copy of it shows.

    `prepare` and `rework` are what the vendor's scenario has to add to either.
    """

    organization: Organization
    subsidiary: Subsidiary = field(init=False)
    service_type: ServiceType = field(init=False)
    tax_rate: TaxRate = field(init=False)
    purchase_tax_rate: TaxRate = field(init=False)
    budget: Deal = field(init=False)
    customer: Company = field(init=False)
    person: Person = field(init=False)
    absence: Event = field(init=False)
    prepare: Callable[[Any], None] = lambda record: None
    rework: Callable[[Any], None] = lambda record: None
    _count: int = 0

    def __post_init__(self) -> None:
        own = {"organization": self.organization}
        self.subsidiary = Subsidiary.everywhere.create(**own, name="Northwind GmbH")
        self.service_type = ServiceType.everywhere.create(**own, name="Design")
        self.tax_rate = TaxRate.everywhere.create(**own, name="VAT 19 %", primary_component_value=Decimal(19))
        self.purchase_tax_rate = TaxRate.everywhere.create(**own, name="Input VAT 19 %", primary_component_value=Decimal(19))
        self.budget = Deal.everywhere.create(**own, name="Relaunch", budget=True, subsidiary=self.subsidiary)
        self.customer = self._company(0)
        self.person = Person.everywhere.create(**own, first_name="Ana", last_name="Adler", email=EMAIL)
        self.absence = Event.everywhere.create(**own, name="Days away", limitation_type_id=LimitationType.DAYS)

    def sample(self, kind: str) -> Any:
        if kind not in SAMPLES:
            pytest.fail(f"tests/contract/house.py has no sample of a {kind}. Add one to SAMPLES and EDITS.")
        self._count += 1
        record = SAMPLES[kind](self, self._count)
        self.prepare(record)
        return record

    def edit(self, record: Record) -> None:
        EDITS[type(record)](record)
        self.rework(record)

    def unready(self, record: Record, select: dict[str, Any]) -> bool:
        """Make `record` one that an export with this `select` may not take; False when the select refuses nothing."""
        for lookup, wanted in select.items():
            column, _, operator = lookup.partition("__")
            if operator == "isnull" and wanted is False:
                setattr(record, column, None)
            elif isinstance(wanted, bool) and not operator:
                setattr(record, column, not wanted)
            elif isinstance(wanted, int | str) and not operator:
                setattr(record, column, next(value for value in type(record)._meta.get_field(column).choices if value[0] != wanted)[0])
            else:
                continue
            record.save()
            type(record).everywhere.filter(pk=record.pk).update(**{column: getattr(record, column)})  # where it comes from is not content
            return True
        return False

    def _company(self, number: int) -> Company:
        company: Company = Company.everywhere.create(
            organization=self.organization,
            productive_id=f"{7000 + number}",
            name=f"Customer {number}",
            vat=f"DE{number:09}",
            default_currency="EUR",
        )
        ContactEntry.everywhere.create(
            organization=self.organization,
            company=company,
            email=f"office@customer-{number}.example",
            phone="+49 30 1234567",
            address=f"High Street {number + 1}",
            city="Berlin",
            zipcode="10115",
            country="Germany",
        )
        return company

    def _document(self, number: int, type_id: InvoiceType) -> Invoice:
        day = FIRST_DAY + timedelta(days=number)
        invoice: Invoice = Invoice.everywhere.create(
            organization=self.organization,
            subsidiary=self.subsidiary,
            company=self.customer,
            invoice_type_id=type_id,
            number=f"{type_id.name[0]}-{number:04}",
            subject=f"Work of period {number}",
            currency="EUR",
            invoiced_on=day,
            pay_on=day + timedelta(days=14),
            finalized_on=day,
            amount=Decimal("300.30"),
            amount_tax=Decimal("57.06"),
            amount_with_tax=Decimal("357.36"),
        )
        for position, (quantity, price) in enumerate([("2", "100.10"), ("1", "100.10")]):
            LineItem.everywhere.create(
                organization=self.organization,
                invoice=invoice,
                position=position,
                description=f"Design, part {position + 1} of {number}",
                quantity=Decimal(quantity),
                unit_price=Decimal(price),
                currency="EUR",
                service_type=self.service_type,
                tax_rate=self.tax_rate,
            )
        invoice.refresh_from_db()
        return invoice

    def _expense(self, number: int, **columns: Any) -> Expense:
        """Two pieces of 50.05 each, taxed at 19 %."""
        day = FIRST_DAY + timedelta(days=number)
        expense: Expense = Expense.everywhere.create(
            organization=self.organization,
            deal=self.budget,
            vendor=self.customer,
            name=f"Flyers {number}",
            date=day,
            pay_on=day + timedelta(days=14),
            currency="EUR",
            quantity=Decimal(2),
            amount=Decimal("50.05"),
            amount_with_tax=Decimal("59.56"),
            total_amount=Decimal("100.10"),
            total_amount_with_tax=Decimal("119.12"),
            service_type=self.service_type,
            tax_rate=self.purchase_tax_rate,
            **columns,
        )
        expense.refresh_from_db()
        return expense

    def _payment(self, number: int) -> Payment:
        """As an accounting system brings it."""
        invoice, day = self._document(number, InvoiceType.INVOICE), FIRST_DAY + timedelta(days=number)
        payment: Payment = Payment.everywhere.create(
            organization=self.organization,
            invoice=invoice,
            origin="import",
            amount=Decimal("33.33"),
            currency="EUR",
            paid_on=day,
            external_id=f"payment-{number}",
        )
        return payment

    def _hired(self, number: int, **columns: Any) -> Person:
        """As HR brings them."""
        name = {"first_name": f"Grace {number}", "last_name": "Hopper", "email": f"grace.{number}@northwind.example"}
        hired = {"origin": "import", "hrm_type_id": HrmType.EMPLOYEE, "subsidiary": self.subsidiary, **name, **columns}
        person: Person = Person.everywhere.create(organization=self.organization, **hired)
        return person

    def _category(self, number: int) -> Event:
        named = {"name": f"Leave {number}", "limitation_type_id": LimitationType.DAYS}
        event: Event = Event.everywhere.create(organization=self.organization, origin="import", **named)
        return event

    def _entitled(self, number: int) -> Entitlement:
        owner = {"person": self._hired(number), "event": self._category(number)}
        year = {"start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31), "allocated": Decimal(25)}
        entitlement: Entitlement = Entitlement.everywhere.create(organization=self.organization, origin="import", **owner, **year)
        entitlement.refresh_from_db()
        return entitlement

    def _away(self, number: int) -> Booking:
        """All of them on the same day, and half of it, as two requests may be."""
        owner = {"person": self._hired(number), "event": self._category(number)}
        what = {"booking_type_id": BookingType.ABSENCE, "booking_method_id": BookingMethod.PERCENTAGE, "percentage": Decimal(50)}
        days = {"started_on": FIRST_DAY, "ended_on": FIRST_DAY, "note": "Sailing"}
        booking: Booking = Booking.everywhere.create(organization=self.organization, origin="import", **owner, **what, **days)
        booking.refresh_from_db()
        return booking

    def _salary(self, number: int) -> Salary:
        pay = {"salary_type_id": SalaryType.MONTHLY, "currency": "EUR", "cost": Decimal("4321.09"), "started_on": FIRST_DAY}
        salary: Salary = Salary.everywhere.create(organization=self.organization, origin="import", person=self._hired(number), **pay)
        salary.refresh_from_db()
        return salary

    def _with_receipt(self, expense: Expense) -> Expense:
        digest = files.keep(self.organization.pk, b"Thank you for your order")
        Attachment.everywhere.create(organization=self.organization, expense=expense, name="receipt.txt", digest=digest)
        expense.refresh_from_db()
        return expense

    def _purchase_order(self, number: int) -> PurchaseOrder:
        day = FIRST_DAY + timedelta(days=number)
        order: PurchaseOrder = PurchaseOrder.everywhere.create(
            organization=self.organization,
            deal=self.budget,
            vendor=self.customer,
            number=f"PO-{number:04}",
            subject=f"Catalogue {number}",
            status_id=PurchaseOrderStatus.FINALIZED,
            issued_on=day,
            delivery_on=day + timedelta(days=21),
            currency="EUR",
            total_cost=Decimal("200.20"),
            total_cost_with_tax=Decimal("238.24"),
        )
        for position in (1, 2):
            self._expense(number, purchase_order=order, position=position, draft=True)
        order.refresh_from_db()
        return order


def _rename(company: Company) -> None:
    company.name += " and Partners"
    company.save()


def _reword(invoice: Invoice) -> None:
    line = invoice.line_items.first()
    assert line is not None
    line.description += ", revised"
    line.save()
    invoice.refresh_from_db()


def _describe(expense: Expense) -> None:
    expense.name += ", revised"
    expense.save()


def _order_more(order: PurchaseOrder) -> None:
    _describe(order.expenses.all()[0])
    order.refresh_from_db()


def _pay_more(payment: Payment) -> None:
    assert payment.amount is not None
    payment.amount += Decimal("1.10")
    payment.save()


def _marry(person: Person) -> None:
    person.last_name = "Murray"
    person.save()


def _name_anew(event: Event) -> None:
    event.name += ", of all sorts"
    event.save()


def _allow_more(entitlement: Entitlement) -> None:
    assert entitlement.allocated is not None
    entitlement.allocated += Decimal("1.5")
    entitlement.save()


def _stay_away(booking: Booking) -> None:
    assert booking.ended_on is not None
    booking.ended_on += timedelta(days=1)
    booking.save()


def _raise_pay(salary: Salary) -> None:
    assert salary.cost is not None
    salary.cost += Decimal(100)
    salary.save()


SAMPLES: dict[str, Callable[[House, int], Record]] = {
    "company": lambda house, number: house._company(number),
    "invoice": lambda house, number: house._document(number, InvoiceType.INVOICE),
    "credit_note": lambda house, number: house._document(number, InvoiceType.CREDIT_NOTE),
    "expense": lambda house, number: house._with_receipt(house._expense(number)),
    "purchase_order": lambda house, number: house._purchase_order(number),
    "payment": lambda house, number: house._payment(number),
    "person": lambda house, number: house._hired(number),
    "event": lambda house, number: house._category(number),
    "entitlement": lambda house, number: house._entitled(number),
    "booking": lambda house, number: house._away(number),
    "salary": lambda house, number: house._salary(number),
}
EDITS: dict[type[Record], Callable[[Any], None]] = {
    Company: _rename,
    Invoice: _reword,
    Expense: _describe,
    PurchaseOrder: _order_more,
    Payment: _pay_more,
    Person: _marry,
    Event: _name_anew,
    Entitlement: _allow_more,
    Booking: _stay_away,
    Salary: _raise_pay,
}
