"""What the pages are shown with: integrations in every state, runs with records in every state, incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Organization, User
from integrations import clock
from integrations.models import (
    Action,
    Connection,
    Entry,
    Incident,
    Integration,
    ItemState,
    Limit,
    Link,
    OutboxItem,
    Run,
    RunState,
    Stream,
    SyncState,
)
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import Company, Invoice, Payment, Subsidiary
from integrations.sync.outbox import recount

REALM = "9f1c2a5e-7d1a-4c39-9f5e-0c7a5a1f4b11"
CUSTOMERS = ("Contoso GmbH", "Fabrikam AB", "Tailspin BV", "Litware SA", "Adventure Works Kft.", "Proseware OÜ")
AT_XERO = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID="


@dataclass(frozen=True)
class Refusal:
    """What the vendor, or we before it, said of a record."""

    message: str
    advice: str = ""
    error: str = "Rejected"
    field: str = ""
    value: str = ""
    state: str = ItemState.REJECTED


UNMAPPED = Refusal(
    "Service type “Media buying” has no account in Xero: map it or set a default.",
    error="ConfigProblem",
    field="account_code_mapping",
    value="7",
)
NOT_UNIQUE = Refusal(
    "Invoice # must be unique.", "Xero has another document with this number. Link the two, or give this one a new number."
)
LOCKED = Refusal(
    "The document date cannot be before the period lock date 31 October 2026.",
    "Ask your bookkeeper to open the period, or change the date.",
)


def make_integration(organization: Organization, name: str = "Xero", **fields: Any) -> XeroIntegration:
    """A connected integration, unless `fields` say otherwise."""
    given = {"connection": Connection.CONNECTED, "sync": SyncState.SUCCEEDED, "realm_id": REALM, "connected_at": clock.now(), **fields}
    return XeroIntegration.everywhere.create(organization=organization, provider="xero", name=name, **given)


def make_stream(integration: Integration, kind: str = "payment", due_in: timedelta = timedelta(minutes=13, seconds=30)) -> Stream:
    return Stream.everywhere.create(
        organization_id=integration.organization_id,
        integration_id=integration.pk,
        realm_id=integration.realm_id,
        kind=kind,
        next_run_at=clock.now() + due_in,
    )


def make_run(integration: Integration, action: Action = Action.EXPORT, **fields: Any) -> Run:
    given = {"state": RunState.SUCCEEDED, "kind": "invoice" if action == Action.EXPORT else "", "started_at": clock.now(), **fields}
    run = Run.everywhere.create(organization_id=integration.organization_id, integration_id=integration.pk, action=action, **given)
    run.integration = integration
    return run


def make_history(integration: Integration, moved: Sequence[int], rejected: Mapping[int, int] | None = None) -> None:
    """One export a day up to today; `rejected` by the days ago."""
    for ago, count in enumerate(reversed(moved)):
        if count:
            at = clock.now() - timedelta(days=ago)
            make_run(integration, succeeded=count, rejected=(rejected or {}).get(ago, 0), created_at=at, started_at=at, finished_at=at)


def make_invoices(organization: Organization, count: int, first: int = 1) -> list[Invoice]:
    """Finalised invoices of 1,190.50 EUR each, more of them from one to the next by one."""
    companies = [Company.everywhere.get_or_create(organization=organization, name=name)[0] for name in CUSTOMERS]
    rows = [
        Invoice(
            organization=organization,
            number=f"2026-{number:04}",
            subject="Retainer",
            currency="EUR",
            amount=Decimal(1000 + number),
            amount_with_tax=Decimal("1189.5") + number,
            company=companies[number % len(companies)],
            invoiced_on=clock.now().date(),
            finalized_on=clock.now().date(),
        )
        for number in range(first, first + count)
    ]
    return list(Invoice.everywhere.bulk_create(rows, batch_size=1000))


def make_items(
    run: Run, invoices: Sequence[Invoice], state: str = ItemState.SUCCEEDED, refusal: Refusal | None = None, **fields: Any
) -> list[OutboxItem]:
    """The invoices as items of the run; those that succeeded are linked."""
    words = (
        {"message": refusal.message, "advice": refusal.advice, "error": refusal.error, "field": refusal.field, "value": refusal.value}
        if refusal
        else {}
    )
    given = {
        "state": refusal.state if refusal else state,
        "finished_at": None if state in {"waiting", "sending"} and not refusal else clock.now(),
        **words,
        **fields,
    }
    items = [
        OutboxItem(
            organization_id=run.organization_id,
            integration_id=run.integration_id,
            run=run,
            kind="invoice",
            record_id=invoice.pk,
            revision=1,
            **given,
        )
        for invoice in invoices
    ]
    made = OutboxItem.everywhere.bulk_create(items, batch_size=1000)
    if given["state"] == ItemState.SUCCEEDED:
        make_links(run.integration, invoices)
    return list(made)


def make_links(integration: Integration, invoices: Sequence[Invoice], **fields: Any) -> list[Link]:
    links = [
        Link(
            organization_id=integration.organization_id,
            integration_id=integration.pk,
            realm_id=integration.realm_id,
            kind="invoice",
            record_id=invoice.pk,
            remote_id=f"{invoice.pk:08}-aaaa-bbbb-cccc-0123456789ab",
            number=f"INV-{invoice.pk}",
            url=f"{AT_XERO}{invoice.pk}",
            **fields,
        )
        for invoice in invoices
    ]
    return list(Link.everywhere.bulk_create(links, batch_size=1000))


def make_export(integration: Integration, user: User | None = None, **fields: Any) -> Run:
    """An open export with a record in every state: 60 succeeded, one of them with other totals there, 3 rejected, 4 waiting ..."""
    now = clock.now()
    run = make_run(integration, state=RunState.RUNNING, started_by=user, total=71, unchanged=2, created_at=now, **fields)
    invoices = make_invoices(integration.organization, 69)
    done, refused, rest = invoices[:60], invoices[60:63], invoices[63:]
    make_items(run, done)
    for invoice, refusal in zip(refused, (UNMAPPED, NOT_UNIQUE, LOCKED), strict=True):
        make_items(run, [invoice], refusal=refusal)
    make_items(run, rest[:1], ItemState.SENDING)
    make_items(run, rest[1:3], ItemState.WAITING)
    make_items(
        run, rest[3:4], ItemState.WAITING, tries=2, message="Xero answered with 503.", error="Transient", due_at=now + timedelta(minutes=4)
    )
    make_items(run, rest[4:5], ItemState.UNCERTAIN, message="Xero did not answer in time.", error="Uncertain")
    make_items(run, rest[5:], ItemState.SKIPPED, skip_reason="Written off with the customer.")
    Link.everywhere.filter(record_id=done[0].pk).update(difference="total: 1190.50 here, 1190.49 there")
    Limit.everywhere.create(
        organization_id=integration.organization_id,
        integration_id=integration.pk,
        usage={"told": {"60.0": [41, now.timestamp()], "86400.0": [4812, now.timestamp()]}},
    )
    recount(integration.pk)
    return run


def make_import(integration: Integration, **fields: Any) -> Run:
    """An import that brought two payments, changed one, deleted one and could not read one."""
    run = make_run(
        integration, Action.IMPORT, kind="payment", state=RunState.PARTIAL, total=12, succeeded=4, rejected=1, unchanged=7, **fields
    )
    (invoice,) = make_invoices(integration.organization, 1, first=900)
    actions = ("created", "created", "updated", "deleted")
    for number, action in enumerate(actions):
        payment = Payment.everywhere.create(
            organization=integration.organization,
            invoice=invoice,
            amount=Decimal("250.25") + number,
            currency="EUR",
            paid_on=clock.now().date(),
        )
        make_entry(run, record_id=payment.pk, action=action, state=ItemState.SUCCEEDED, remote_id=f"pay-{number}")
    make_entry(run, state=ItemState.REJECTED, remote_id="pay-9", message="Its date “31 April” is none.", advice="Correct it at the vendor.")
    return run


def make_entry(run: Run, **fields: Any) -> Entry:
    return Entry.everywhere.create(organization_id=run.organization_id, run=run, kind=run.kind, **fields)


def make_comparison(integration: Integration, **result: Any) -> Run:
    found = {
        "first": "2026-10-01",
        "last": "2026-10-31",
        "matched": 238,
        "only_here": [],
        "only_there": [],
        "differs": [],
        "currencies": {"EUR": {"here": "312480.50", "there": "312480.50"}},
        "sums": {"invoice": {"EUR": {"here": "312480.50", "there": "312480.50"}}},
        **result,
    }
    return make_run(integration, Action.RECONCILE, result=found, succeeded=238, total=238)


def make_incident(integration: Integration, title: str = "Xero needs to be reconnected.", **fields: Any) -> Incident:
    given = {"cause": "connection", "message": "The refresh token was revoked.", "advice": "Connect it again. Nothing is lost.", **fields}
    return Incident.everywhere.create(organization_id=integration.organization_id, integration_id=integration.pk, title=title, **given)


def make_subsidiaries(organization: Organization, *names: str) -> list[Subsidiary]:
    return [Subsidiary.everywhere.create(organization=organization, name=name) for name in names]


def hours_ago(hours: float) -> datetime:
    return clock.now() - timedelta(hours=hours)
