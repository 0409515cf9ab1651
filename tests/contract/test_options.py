"""What the vendor has to choose from: complete, current, and there when the vendor is not."""

from __future__ import annotations

import pytest

from integrations.errors import ProviderError
from integrations.models import Option, OptionList
from integrations.provider import Provider
from integrations.sync.options import fetch_options
from tests.contract.harness import Harness, claims

pytestmark = claims(lambda provider: provider.options)


def current(harness: Harness) -> list[tuple[str, str, str]]:
    options = Option.everywhere.filter(integration=harness.integration, gone_at=None)
    return list(options.order_by("source", "position").values_list("source", "value", "label"))


def test_every_list_that_is_declared_is_fetched_and_has_something_to_offer(harness: Harness, provider: Provider) -> None:
    harness.connect()
    counts = fetch_options(harness.integration, harness.client())
    assert counts.keys() == {source.name for source in provider.options}
    assert all(counts.values()), counts
    assert all(value and label for _source, value, label in current(harness))


def test_every_use_that_a_field_asks_for_is_offered(harness: Harness, provider: Provider) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    for column in harness.integration._meta.concrete_fields:
        for side in (getattr(column, name, None) for name in ("theirs", "of", "to")):
            if side is not None:
                harness.values(side)


def test_fetching_again_changes_nothing(harness: Harness) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    before, rows = current(harness), Option.everywhere.count()
    fetch_options(harness.integration, harness.client())
    assert (current(harness), Option.everywhere.count()) == (before, rows)


def test_what_the_vendor_no_longer_lists_is_kept_and_marked(harness: Harness, provider: Provider) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    for source in provider.options:
        Option.everywhere.create(
            organization=harness.organization,
            integration=harness.integration,
            realm_id=harness.integration.realm_id,
            source=source.name,
            value="was there once",
            label="Was there once",
        )
    before = set(current(harness))
    fetch_options(harness.integration, harness.client())
    gone = Option.everywhere.filter(integration=harness.integration, gone_at__isnull=False)
    assert set(gone.values_list("source", "value")) == {(source.name, "was there once") for source in provider.options}
    assert set(current(harness)) == before - {(source.name, "was there once", "Was there once") for source in provider.options}


def test_an_outage_leaves_the_lists_as_they_are_and_says_so(harness: Harness) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    before = current(harness)
    fetched = dict(OptionList.everywhere.values_list("source", "fetched_at"))
    harness.misbehave({"kind": "status", "status": 503})
    with pytest.raises(ProviderError):
        fetch_options(harness.integration, harness.client())
    assert current(harness) == before
    assert dict(OptionList.everywhere.values_list("source", "fetched_at")) == fetched
    assert all(OptionList.everywhere.values_list("error", flat=True))

    harness.misbehave()
    harness.later(600)
    fetch_options(harness.integration, harness.client())
    assert set(OptionList.everywhere.values_list("error", flat=True)) == {""}


@pytest.mark.parametrize("kind", ["truncated", "not_json", "wrong_type"])
def test_an_answer_that_is_none_empties_no_list(harness: Harness, kind: str) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    before = current(harness)
    harness.misbehave({"kind": kind, "method": "GET"})
    with pytest.raises(ProviderError):
        fetch_options(harness.integration, harness.client())
    assert current(harness) == before


def test_fields_that_are_new_to_us_are_ignored(harness: Harness) -> None:
    harness.connect()
    fetch_options(harness.integration, harness.client())
    before = current(harness)
    harness.misbehave({"kind": "new_fields"})
    fetch_options(harness.integration, harness.client())
    assert current(harness) == before
