"""A small agency, so that there is something to bring."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from integrations import clock
from integrations.providers.productive.sandbox.store import Resource, Store

CUSTOMERS = ("Alpine Outdoor", "Borealis Films", "Cobalt Robotics")
CENTS = 100_000  # of each line, net


def settle(store: Store, organization_id: str, *, empty: bool, time_entries: int) -> None:
    organization = Resource(organization_id, "organizations", {}, {}, clock.now())
    organization.attributes = {"name": "Northwind Studio", "time_zone": "Berlin", "currency": "EUR"}
    store.of("organizations")[organization_id] = organization
    if empty and not time_entries:
        return
    subsidiary = store.add("subsidiaries", {"name": "Northwind GmbH"})
    own = store.add("companies", {"name": "Northwind Studio", "default_currency": "EUR", "default_subsidiary_id": subsidiary.id})
    person = store.add("people", {"first_name": "Ada", "last_name": "Berg", "email": "ada@northwind.example"}, company=own)
    service_type = store.add("service_types", {"name": "Design"})
    rate = {"name": "VAT 19 %", "primary_component_name": "VAT", "primary_component_value": "19.0"}
    tax_rate = store.add("tax_rates", rate, subsidiary=subsidiary)
    pipeline = store.add("pipelines", {"name": "Production", "pipeline_type_id": 2, "position": 1})
    status = store.add("deal_statuses", {"name": "Open", "status_id": 1, "position": 1}, pipeline=pipeline)
    for number, name in enumerate(CUSTOMERS, 1):
        company = store.add("companies", {"name": name, "vat": f"DE{number:09}", "default_currency": "EUR"})
        address = {"contactable_type": "company", "type": "bill_to", "name": name, "city": "Berlin", "country": "Germany"}
        bill_to = store.add("contact_entries", address, company=company)
        project = store.add("projects", {"name": f"Relaunch of {name}", "project_number": str(number)}, company=company)
        budget = {"name": f"Relaunch of {name}", "budget": True, "currency": "EUR", "date": "2026-09-01"}
        deal = store.add("deals", budget, company=company, project=project, subsidiary=subsidiary, deal_status=status, responsible=person)
        service = store.add("services", {"name": "Design", "unit_id": 1, "price": CENTS}, deal=deal, service_type=service_type)
        invoice(store, f"2026-{number:03}", company, subsidiary, bill_to, service, tax_rate)
        store.add("time_entries", {"time": 480, "date": "2026-09-01", "note": "Sketches"}, person=person, service=service)
    service = next(iter(store.of("services").values()))
    for number in range(time_entries):
        store.add(
            "time_entries", {"time": 60 + number % 420, "date": "2026-09-02", "note": f"Part {number}"}, person=person, service=service
        )


def invoice(
    store: Store, number: str, company: Resource, subsidiary: Resource, bill_to: Resource, service: Resource, tax_rate: Resource
) -> Resource:
    """A finalised and sent invoice of two lines."""
    day, net = clock.now().date(), 2 * CENTS
    tax = net * 19 // 100
    attributes: dict[str, Any] = {
        "number": number,
        "subject": f"Work of {day:%B}",
        "invoice_type_id": 1,
        "currency": "EUR",
        "exported": False,
        "credited": False,
        **dict.fromkeys(("invoiced_on", "finalized_on", "sent_on"), day.isoformat()),
        "pay_on": (day + timedelta(days=14)).isoformat(),
        **{"amount": net, "amount_tax": tax, "amount_with_tax": net + tax, "amount_unpaid": net + tax},
        **dict.fromkeys(("amount_paid", "amount_written_off", "amount_credited"), 0),
    }
    made = store.add("invoices", attributes, company=company, subsidiary=subsidiary, bill_to=bill_to)
    for position in (1, 2):
        line = {"description": f"Design, part {position}", "quantity": "1.0", "unit_id": 1, "unit_price": CENTS, "position": position}
        line |= {"amount": CENTS, "amount_tax": CENTS * 19 // 100, "amount_with_tax": CENTS * 119 // 100, "currency": "EUR"}
        line |= {"tax_name": "VAT", "tax_value": "19.0"}
        store.add("line_items", line, invoice=made, service=service, service_type=service.links["service_type"], tax_rate=tax_rate)
    return made
