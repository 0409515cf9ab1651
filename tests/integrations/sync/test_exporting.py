"""One batch out, and what every kind of answer means for its records."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.tenancy import within
from integrations import clock
from integrations.errors import AuthLost, RateLimited, Rejected, Transient, Uncertain
from integrations.models import Connection, Incident, Limit, OutboxItem
from integrations.records.models import Company, ContactEntry
from integrations.sync import claim, connections, outcomes
from integrations.sync.exporting import work_off_batch
from integrations.sync.outbox import retry
from tests.books import make_books, make_invoices, make_xero
from tests.conftest import World
from tests.integrations.sync.desk import Calls, Desk, numbers_of

PUT_INVOICES = {"method": "PUT", "path": "*/Invoices"}


# Refusals


def test_what_is_refused_by_itself_does_not_hold_up_the_rest_of_its_request(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    good, bad = desk.invoices(3), desk.invoices(1, first=20)[0]
    line = bad.line_items.get()
    line.tax_rate = desk.books.unmapped_tax_rate
    line.save()
    desk.set(tax_rate_mapping={**desk.integration.tax_rate_mapping, str(line.tax_rate_id): "NOSUCHTAX"})
    run = desk.export()
    assert (run.state, run.succeeded, run.rejected) == ("partial", 3, 1)
    assert len(calls.writes()) == 1
    item = desk.item(bad)
    assert (item.state, item.error, item.tries) == ("rejected", "Rejected", 0)
    assert "NOSUCHTAX" in item.message
    assert "sales" in item.advice
    assert set(desk.numbers()) == {invoice.number for invoice in good}


def test_what_cannot_be_built_names_the_mapping_and_the_value(desk: Desk) -> None:
    (invoice,) = desk.invoices(1, tax_rate=desk.books.unmapped_tax_rate)
    run = desk.export()
    item = desk.item(invoice)
    assert (item.error, item.field, item.value) == ("ConfigProblem", "tax_rate_mapping", str(desk.books.unmapped_tax_rate.pk))
    assert item.message == "The tax rate “VAT 16 %” has no tax rate in Xero."
    assert (desk.row().failed_count, desk.row().unmapped_count, run.state) == (1, 1, "failed")


def test_a_request_refused_as_a_whole_goes_again_one_by_one_and_only_the_bad_one_is_rejected(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    invoices = desk.invoices(4)
    bad = invoices[2]
    desk.start()
    refusal = {"kind": "status", "status": 400, "message": "The third is refused.", **PUT_INVOICES}
    desk.misbehave(refusal, {**refusal, "skip": 2})
    run = desk.work(desk.items()[0].run)
    assert [len(numbers_of(request)) for request in calls.writes()] == [4, 1, 1, 1, 1]
    assert (run.succeeded, run.rejected) == (3, 1)
    assert desk.item(bad).message == "The third is refused."
    assert set(desk.numbers()) == {invoice.number for invoice in invoices if invoice != bad}


def test_a_single_record_refused_as_a_whole_is_rejected_at_once(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    desk.misbehave({"kind": "status", "status": 400, "message": "Not this one.", **PUT_INVOICES})
    desk.export()
    assert len(calls.writes()) == 1
    assert (desk.item(invoice).state, desk.item(invoice).message) == ("rejected", "Not this one.")


def test_a_search_that_is_refused_as_a_whole_goes_one_by_one_too(desk: Desk) -> None:
    """Also what could not be built in the same batch comes to its end."""
    nameless = desk.books.companies[0]
    nameless.name = ""
    nameless.save()
    desk.misbehave({"kind": "status", "status": 400, "message": "Too much.", "method": "GET", "path": "*/Contacts"})
    run = desk.export("company")
    assert (run.succeeded, run.rejected) == (2, 1)
    assert desk.states(kind="company") == {"succeeded": 2, "rejected": 1}


# Trouble of the moment


def test_an_outage_before_anything_is_written_burns_no_try(desk: Desk, settings: Any) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    reachable, settings.SANDBOX_URL = settings.SANDBOX_URL, "http://127.0.0.1:9"
    try:
        for _attempt in range(4):
            with pytest.raises(Transient, match="cannot be reached"):
                work_off_batch(desk.integration, desk.client())
            assert (desk.item(invoice).state, desk.item(invoice).tries, desk.item(invoice).error) == ("waiting", 0, "")
    finally:
        settings.SANDBOX_URL = reachable
    assert desk.work(run).succeeded == 1
    assert desk.numbers() == {invoice.number: 1}


def test_a_vendor_that_is_down_is_left_alone_and_loses_nothing(desk: Desk, calls: Calls) -> None:
    """Contacts are searched for before they are written: reads that fail are tried again and prove nothing written."""
    desk.invoices(3)
    run = desk.start()
    down = clock.timestamp() + 1200
    desk.misbehave({"kind": "status", "status": 503, "until": down, "times": None})
    calls.clear()
    while clock.timestamp() < down:
        if not desk.turn():
            desk.wait()
    assert len(calls.api()) <= 26  # 70 an hour
    assert not OutboxItem.objects.exclude(tries=0).exists()
    desk.misbehave()
    assert desk.work(run).succeeded == 3
    assert clock.timestamp() < down + 600


def test_a_vendor_that_wants_to_be_left_alone_is_until_the_time_it_says(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    run = desk.start()
    desk.misbehave({"kind": "status", "status": 429, "retry_after": 90, **PUT_INVOICES})
    assert desk.turn()
    told = clock.now()
    assert desk.item(invoice).state == "waiting"
    assert desk.item(invoice).tries == 0
    assert timedelta(seconds=85) < desk.row().work_due_at - told <= timedelta(seconds=91)
    calls.clear()
    desk.later(80)
    assert not desk.turn()
    assert not calls.requests
    desk.later(15)
    assert desk.work(run).succeeded == 1


def test_what_is_enqueued_meanwhile_does_not_call_before_the_time_either(desk: Desk, calls: Calls) -> None:
    desk.export("company")
    desk.invoices(1)
    desk.start()
    desk.misbehave({"kind": "status", "status": 429, "retry_after": 90, **PUT_INVOICES})
    desk.turn()
    calls.clear()
    desk.invoices(1, first=20)
    desk.start()
    desk.work_now()
    assert not calls.requests


def test_other_integrations_go_on_while_one_is_held(desk: Desk, stranger: World, calls: Calls) -> None:
    first = desk.integration
    desk.invoices(1)
    desk.export("company")
    desk.start()
    desk.misbehave({"kind": "status", "status": 429, "retry_after": 600, **PUT_INVOICES})
    desk.turn()
    desk.misbehave()
    books = make_books(stranger.organization)
    make_invoices(books, 2, first=50)
    second = desk.connect(make_xero(books))
    with within(stranger.organization):
        assert desk.export().succeeded == 2
    desk.integration = first
    assert desk.states() == {"waiting": 1}
    assert second.organization != first.organization


def test_items_of_which_each_is_told_to_wait_are_tried_later_and_later_and_then_parked(desk: Desk) -> None:
    desk.export("company")
    (invoice,) = desk.invoices(1)
    desk.start()
    export = desk.integration.declaration.export("invoice")
    waits = []
    for _attempt in range(outcomes.MAX_TRIES):
        OutboxItem.objects.filter(kind="invoice").update(due_at=clock.now())
        found = claim.claim_next(desk.integration)
        assert found is not None
        batch, items = found
        outcomes.finish(batch, export, items, [], {items[0].pk: Transient("Busy.", advice="Patience.")})
        item = desk.item(invoice)
        waits.append((item.due_at - clock.now()).total_seconds())
    assert (item.state, item.tries, item.message, item.advice) == ("parked", 11, "Busy.", "Patience.")
    assert all(wait <= 60 * 2**number + 1 for number, wait in enumerate(waits[:6]))
    assert all(wait <= 3601 for wait in waits)
    assert retry(OutboxItem.objects.filter(pk=item.pk)) == 1
    assert (desk.item(invoice).state, desk.item(invoice).tries) == ("waiting", 0)


def test_the_pauses_grow_from_a_minute_to_an_hour_with_full_jitter() -> None:
    for tries, most in ((0, 60), (1, 120), (5, 1920), (6, 3600), (11, 3600)):
        pauses = [outcomes.backoff(tries).total_seconds() for _ in range(400)]
        assert max(pauses) <= most
        assert max(pauses) > most * 0.9
        assert min(pauses) < most * 0.1


# The connection is lost


def test_a_lost_connection_is_one_incident_and_loses_nothing(desk: Desk) -> None:
    desk.invoices(3)
    run = desk.start()
    desk.xero.end_grants()
    desk.work_now()
    assert desk.row().connection == Connection.NEEDS_RECONNECT
    incident = Incident.objects.get()
    assert (incident.cause, incident.closed_at) == ("connection", None)
    assert "Connect it again" in incident.advice or incident.advice == "Connect anew."
    assert desk.states() == {"waiting": 3}
    assert not desk.turn()
    run.refresh_from_db()
    assert run.state == "running"


def test_it_goes_on_by_itself_after_reconnecting(desk: Desk) -> None:
    desk.export("company")
    invoices = desk.invoices(3)
    run = desk.start()
    desk.xero.end_grants()
    desk.work_now()
    desk.connect(desk.integration)
    assert Incident.objects.get().closed_at is not None
    assert desk.work(run).succeeded == 3
    assert desk.numbers() == {invoice.number: 1 for invoice in invoices}


def test_a_connection_lost_between_two_batches_leaves_the_first_settled(desk: Desk) -> None:
    desk.export("company")
    desk.invoices(60)
    run = desk.start()
    sent = []

    def end_after_the_first(exchange) -> None:
        if exchange.request.method == "PUT":
            sent.append(exchange)
            desk.xero.end_grants()

    desk.xero.watchers.append(end_after_the_first)
    desk.work_now()
    desk.xero.watchers.remove(end_after_the_first)
    assert desk.states() == {"succeeded": 50, "waiting": 10}
    desk.connect(desk.integration)
    assert desk.work(run).succeeded == 60
    assert set(desk.numbers().values()) == {1}


def test_what_only_an_operator_can_correct_rejects_no_record(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's secret is wrong: nothing is refused, and the incident says what to do; it closes when it works again."""
    desk.export("company")
    desk.invoices(2)
    run = desk.start()
    monkeypatch.setenv("XERO_CLIENT_SECRET", "not the secret")
    desk.later(1800)
    desk.work_now()
    assert desk.states() == {"waiting": 2}
    incident = Incident.objects.get()
    assert (incident.cause, incident.closed_at) == ("installation", None)
    assert "does not accept this installation's app" in incident.message
    assert desk.row().connection == Connection.CONNECTED
    monkeypatch.delenv("XERO_CLIENT_SECRET")
    assert desk.work(run).succeeded == 2
    incident.refresh_from_db()
    assert incident.closed_at is not None


# Contacts that Xero knows already


def contact(desk: Desk, **fields: str) -> str:
    """Somebody at Xero makes a contact; its id."""
    made = desk.xero.contacts.commit(desk.there, desk.xero.contacts.stage(desk.there, fields, None, set()))
    return made.id if hasattr(made, "id") else next(reversed(desk.there.contacts))


def customer(desk: Desk, **fields: str) -> Company:
    company = desk.books.companies[0]
    for name, value in fields.items():
        setattr(company, name, value)
    company.save()
    return company


@pytest.mark.parametrize(
    "known",
    [
        {"Name": "Another name", "ContactNumber": "100"},
        {"Name": "Another name", "TaxNumber": "DE000000000"},
        {"Name": "Another name", "EmailAddress": "office@customer-0.example"},
        {"Name": "customer 0"},
    ],
    ids=["number", "tax number", "e-mail", "name"],
)
@pytest.mark.parametrize("creates", [True, False], ids=["switched on", "switched off"])
def test_a_contact_that_xero_has_is_adopted_and_not_written(desk: Desk, calls: Calls, known: dict[str, str], creates: bool) -> None:
    desk.set(use_companies_export=creates)
    company = desk.books.companies[0]
    ContactEntry.objects.create(company=company, billing_email="office@customer-0.example")
    remote_id = contact(desk, **known)
    before = dict(desk.there.contacts[remote_id].row)
    (invoice,) = desk.invoices(1, first=0)
    assert desk.export(records=[invoice]).succeeded == 1
    assert desk.link(company).remote_id == remote_id
    assert not calls.writes("/Contacts")
    assert {name: desk.there.contacts[remote_id].row[name] for name in known} == {name: before[name] for name in known}


def test_what_fits_several_contacts_is_not_taken(desk: Desk) -> None:
    company = customer(desk, vat="DE123")
    contact(desk, Name="First of two", TaxNumber="DE123")
    contact(desk, Name="Second of two", TaxNumber="DE123")
    desk.export("company", records=[company])
    assert desk.there.contacts[desk.link(company).remote_id].row["Name"] == company.name


def test_while_it_is_switched_off_an_unknown_customer_is_refused_in_words(desk: Desk, calls: Calls) -> None:
    desk.set(use_companies_export=False)
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    assert desk.item(invoice.company).message.startswith("Xero does not know this company.")
    assert "Xero does not know this company." in desk.item(invoice).message
    assert not calls.writes("/Contacts")


def test_while_it_is_switched_off_a_changed_customer_stays_as_it_is_there(desk: Desk, calls: Calls) -> None:
    (invoice,) = desk.invoices(1)
    desk.export(records=[invoice])
    company = invoice.company
    desk.start("company", records=[company])
    company.name = "Renamed"
    company.save()
    desk.set(use_companies_export=False)
    calls.clear()
    desk.work_now()
    assert desk.item(company).state == "succeeded"
    assert not calls.writes("/Contacts")


def test_what_waits_while_its_export_is_switched_off_is_refused_in_words(desk: Desk, calls: Calls) -> None:
    (invoice,) = desk.invoices(1)
    run = desk.start()
    desk.set(use_invoices_export=False)
    desk.work(run)
    assert desk.item(invoice).message == "Copying this kind of record is switched off."
    assert not calls.writes()


# What comes back with the answer


def test_totals_that_differ_are_shown_on_the_link(desk: Desk) -> None:
    right, wrong = desk.invoices(2)
    wrong.amount_with_tax = Decimal("119.01")
    wrong.save()
    desk.export()
    assert desk.link(right).difference == ""
    assert desk.link(wrong).difference == "total: 119.01 here, 119.00 there"


def test_a_link_has_id_number_and_address_there(desk: Desk) -> None:
    (invoice,) = desk.invoices(1)
    desk.export()
    link, (document,) = desk.link(invoice), desk.documents()
    assert (link.remote_id, link.number, link.realm_id) == (document.id, invoice.number, desk.integration.realm_id)
    assert "InvoiceID" in link.url


def test_a_number_taken_over_from_there_is_no_change_to_send_back(desk: Desk, calls: Calls) -> None:
    desk.set(export_number=False, import_number=True)
    (invoice,) = desk.invoices(1)
    desk.export()
    invoice.refresh_from_db()
    assert invoice.number == desk.documents()[0].number
    assert invoice.changed_by == f"integration:{desk.integration.pk}"
    assert desk.link(invoice).revision == invoice.revision == 2
    calls.clear()
    assert desk.export().unchanged == 1
    assert not calls.api()


def test_a_change_made_while_the_number_came_back_is_still_sent(desk: Desk) -> None:
    desk.set(export_number=False, import_number=True)
    desk.export("company")
    (invoice,) = desk.invoices(1)
    desk.start()
    desk.misbehave({"kind": "lost_answer", **PUT_INVOICES})
    desk.turn()
    invoice.subject = "Changed meanwhile"
    invoice.save()
    desk.wait()
    desk.work_now()
    invoice.refresh_from_db()
    assert invoice.subject == "Changed meanwhile"
    assert desk.link(invoice).revision < invoice.revision
    assert desk.export().succeeded == 1
    assert desk.documents()[0].row["Reference"] == "Changed meanwhile"


@pytest.mark.parametrize("error", [AuthLost("x"), RateLimited("x", retry_after=1), Rejected("x"), Transient("x"), Uncertain("x")])
def test_every_error_has_a_message_and_may_have_advice(error: Exception) -> None:
    assert (error.message, error.advice) == ("x", "")


def test_the_limits_row_of_an_integration_is_its_own(desk: Desk) -> None:
    desk.invoices(1)
    desk.export()
    assert Limit.objects.get().integration_id == desk.integration.pk


def test_a_paused_integration_sends_nothing_until_it_is_resumed(desk: Desk, calls: Calls) -> None:
    desk.invoices(1)
    run = desk.start()
    connections.pause(desk.integration)
    calls.clear()
    assert not desk.turn()
    assert not calls.requests
    connections.resume(desk.integration)
    assert desk.work(run).succeeded == 1
