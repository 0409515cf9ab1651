"""What goes out: once, whole, again when it changed, and never twice."""

from __future__ import annotations

import json
from decimal import Decimal

import httpx2

from integrations.models import ItemState, Link, OutboxItem, Run, RunState
from integrations.provider import Export, Provider
from integrations.sync.dry_run import dry_run
from tests.contract.harness import Harness, claims, once_a_provider


def of(run: Run) -> tuple[int, int, int]:
    return run.succeeded, run.rejected, run.unchanged


def test_a_ready_record_goes_out_once(ready: Harness, export: Export) -> None:
    before = ready.held()
    record = ready.house.sample(export.kind)
    run = ready.export(export.kind, record)
    assert (run.state, *of(run)) == (RunState.SUCCEEDED, 1, 0, 0), ready.item(export.kind, record).message
    assert ready.link(export.kind, record).remote_id in json.dumps(ready.sandbox.records(), default=str)
    assert sum((ready.held() - before).values()) >= 1


def test_its_copy_is_known_by_id_number_and_a_link_that_opens(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind, record)
    link = ready.link(export.kind, record)
    assert link.number
    assert link.url.startswith(("https://", ready.server.url)), f"Done.url leads nowhere: {link.url!r}"
    if link.url.startswith(ready.server.url):
        assert httpx2.get(link.url, follow_redirects=True, verify=False).status_code == 200


def test_a_second_export_sends_nothing(ready: Harness, export: Export) -> None:
    ready.house.sample(export.kind)
    ready.export(export.kind)
    since = len(ready.exchanges)
    run = ready.export(export.kind)
    assert (run.succeeded, run.rejected) == (0, 0)
    assert run.unchanged >= 1
    assert not ready.asked(since)


@claims(lambda export: export.update is not None)
def test_an_edited_record_updates_its_copy(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind)
    before, link = ready.held(), ready.link(export.kind, record)
    ready.house.edit(record)
    since = len(ready.exchanges)
    run = ready.export(export.kind)
    assert run.succeeded == 1, ready.item(export.kind, record).message
    assert any(exchange.request.method != "GET" for exchange in ready.asked(since))
    assert ready.link(export.kind, record).remote_id == link.remote_id
    assert ready.held() == before


@claims(lambda export: export.update is not None)
def test_a_change_that_its_copy_does_not_show_sends_nothing(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind, record)
    type(record).raise_revisions([record.pk], "user:1", ready.organization.pk)
    since = len(ready.exchanges)
    run = ready.export(export.kind, record)
    assert run.succeeded == 1
    assert not [exchange for exchange in ready.asked(since) if exchange.request.method != "GET"]


def test_creating_anew_makes_a_second_copy_and_keeps_the_first_as_history(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind, record)
    first = ready.link(export.kind, record)
    run = ready.export(export.kind, record, create_new=True)
    if export.kind in ready.scenario.one_copy_only:
        assert run.rejected == 1
        assert ready.item(export.kind, record).message
        assert ready.link(export.kind, record) == first
        return
    assert run.succeeded == 1, ready.item(export.kind, record).message
    second = ready.link(export.kind, record)
    first.refresh_from_db()
    assert (second.generation, second.remote_id != first.remote_id, first.archived_at is not None) == (2, True, True)


@claims(lambda export: export.select)
def test_a_record_that_is_not_ready_is_refused_in_words(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    assert ready.house.unready(record, dict(export.select)), f"Teach House.unready the select {export.select}."
    run = ready.export(export.kind, record)
    assert (run.state, run.rejected) == (RunState.FAILED, 1)
    assert str(export.not_ready)
    assert ready.item(export.kind, record).message == str(export.not_ready)


@once_a_provider
def test_records_of_another_subsidiary_are_refused(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    if not record.subsidiary_path():
        return
    ready.integration.subsidiary = type(ready.house.subsidiary).everywhere.create(organization=ready.organization, name="Elsewhere Ltd")
    ready.integration.save()
    assert ready.export(export.kind, record).rejected == 1
    assert "subsidiary" in ready.item(export.kind, record).message


@claims(lambda provider: provider.exports)
def test_every_required_setting_is_asked_for_by_name_when_it_is_missing(ready: Harness, provider: Provider) -> None:
    """A mapping that is emptied is named by the refusal, with the row that has no value."""
    for name in ready.required():
        kept = {field: getattr(ready.integration, field) for field in ready.together_with(name)}
        for field, value in kept.items():
            setattr(ready.integration, field, type(value)())
        ready.integration.save()
        refused = []
        for export in provider.exports:
            record = ready.house.sample(export.kind)
            ready.export(export.kind, record)
            item = ready.item(export.kind, record)
            refused.append((item.error, item.field in kept, bool(item.value), bool(item.advice)))
        assert ("ConfigProblem", True, True, True) in refused, f"Nothing asks for {name} when it is missing."
        for field, value in kept.items():
            setattr(ready.integration, field, value)
        ready.integration.save()


@once_a_provider
def test_one_bad_record_does_not_hold_up_the_others(ready: Harness, export: Export) -> None:
    write = ready.learn(export)
    records = [ready.house.sample(export.kind) for _ in range(3)]
    ready.misbehave(write.fault("status", status=400, message="This is refused."))
    run = ready.export(export.kind, *records)
    expected = (3, 0) if export.batch_size > 1 else (2, 1)
    assert (run.succeeded, run.rejected) == expected


def test_totals_are_compared_to_the_cent(ready: Harness, export: Export) -> None:
    good, bad = ready.house.sample(export.kind), ready.house.sample(export.kind)
    total = next((compared.amount for compared in ready.provider.reconciliations if compared.kind == export.kind), "amount_with_tax")
    if not hasattr(good, total):
        return
    setattr(bad, total, getattr(bad, total) + Decimal("0.01"))
    bad.save()
    ready.export(export.kind, good, bad)
    assert ready.link(export.kind, good).difference == ""
    difference = ready.link(export.kind, bad).difference
    assert str(getattr(bad, total).quantize(Decimal("0.01"))) in difference
    assert str(getattr(good, total).quantize(Decimal("0.01"))) in difference


@claims(lambda export: export.then)
def test_further_steps_follow_their_record(ready: Harness, export: Export) -> None:
    ready.scenario.let_follow(ready.integration)
    ready.integration.save()
    record = ready.house.sample(export.kind)
    ready.export(export.kind, record)
    steps = OutboxItem.everywhere.filter(integration=ready.integration, kind=export.kind, record_id=record.pk).exclude(step="")
    further = [ready.provider.export(export.kind, step) for step in export.then]
    chosen = [step for step in further if step.is_on(ready.integration) and type(record).everywhere.filter(pk=record.pk, **step.select)]
    expected = [step.step for step in chosen]
    assert expected, "Let the scenario switch on a step: let_follow()."
    assert sorted(steps.values_list("step", "state")) == sorted((step, ItemState.SUCCEEDED) for step in expected)
    linked = Link.everywhere.filter(integration=ready.integration, kind=export.kind, record_id=record.pk).exclude(step="")
    assert sorted(linked.values_list("step", flat=True)) == sorted(expected)


@claims(lambda export: export.needs)
def test_what_a_record_needs_goes_before_it(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    ready.export(export.kind, record)
    for attribute, kind in export.needs.items():
        owner = getattr(record, attribute)
        assert ready.item(kind, owner).state == ItemState.SUCCEEDED
        assert ready.link(kind, owner).remote_id


def test_a_dry_run_sends_nothing_and_shows_what_would_be_sent(ready: Harness, export: Export) -> None:
    record = ready.house.sample(export.kind)
    since, before = len(ready.exchanges), ready.held()
    (row,) = dry_run(ready.integration, export, [record.pk], {}).rows
    assert (row["would"], row["error"]) == ("create", "")
    assert row["payload"]
    assert ready.held() == before
    assert len(ready.exchanges) == since
    assert not OutboxItem.everywhere.filter(integration=ready.integration).exists()
