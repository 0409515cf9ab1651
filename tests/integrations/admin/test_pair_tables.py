"""Field mappings and fixed values: their field, and what of ours fills it. The forms are tried without a provider's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.template.loader import render_to_string

from integrations.admin.integration.pairs import PairTable
from integrations.mappings.fields import FieldMapping, FixedValues, Theirs
from integrations.provider import Section
from integrations.sync.readiness import Readiness
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration
from tests.integrations.admin.setting_up import make_options

THEIRS = Theirs("accounts")
SECTION = Section(name="fields", label="Fields", about="", fields=("filled", "fixed"))

pytestmark = pytest.mark.usefixtures("scoped")


def make_table(world: World, column: FieldMapping | FixedValues, stored: Mapping[str, str], *, locked: bool = False) -> PairTable:
    """A table of fields of theirs: memo, terms, department; `old` is gone."""
    integration = make_integration(world.organization)
    make_options(integration, "accounts", [("memo", "Memo"), ("terms", "Terms"), ("department", "Department")])
    column.set_attributes_from_name("filled")
    integration.filled = dict(stored)  # type: ignore[attr-defined]
    return PairTable(Readiness(integration), SECTION, column, locked)


@pytest.fixture
def fields(world: World) -> PairTable:
    return make_table(world, FieldMapping("Their fields", theirs=THEIRS, kind="invoice"), {"memo": "subject", "old": "note"})


@pytest.fixture
def constants(world: World) -> PairTable:
    return make_table(world, FixedValues("Fixed values", theirs=THEIRS), {"terms": "net 30"})


def rows(*given: tuple[str, str, str, str]) -> dict[str, str]:
    """(theirs, ours, was theirs, was ours) of each row, as the form sends them."""
    parts = ("theirs", "ours", "was.theirs", "was.ours")
    return {f"filled.{number}.{part}": value for number, row in enumerate(given) for part, value in zip(parts, row, strict=True)}


KEPT = (("memo", "subject", "memo", "subject"), ("old", "note", "old", "note"))


def errors(table: PairTable) -> list[str]:
    return [pair.error for pair in table.rows if pair.error]


def test_rows_are_added_changed_and_removed(fields: PairTable) -> None:
    changed = fields.patch(
        rows(("memo", "number", "memo", "subject"), ("", "", "old", "note"), ("terms", "payment_terms_type", "", ""), ("", "", "", ""))
    )
    assert changed
    assert fields.mapping == {"memo": "number", "terms": "payment_terms_type"}
    assert fields.readiness.integration.filled == fields.mapping  # type: ignore[attr-defined]


def test_a_row_may_move_to_another_field_of_theirs(fields: PairTable) -> None:
    fields.patch(rows(("department", "subject", "memo", "subject"), KEPT[1]))
    assert fields.mapping == {"old": "note", "department": "subject"}


def test_rows_that_were_not_changed_stay_even_when_their_field_is_gone(fields: PairTable) -> None:
    assert not fields.patch(rows(*KEPT, ("", "", "", "")))
    assert not fields.is_refused
    assert [pair.is_gone for pair in fields.rows[:2]] == [False, True]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("nothing", "subject", "", ""), "“nothing” is not among the fields. Refresh the list, or choose another one."),
        (("memo", "number", "", ""), "“Memo” is filled already. Change that row."),
        (("terms", "", "", ""), "Choose what fills “Terms”."),
        (("terms", "organization", "", ""), "Choose what fills “Terms”."),
        (("terms", "company", "", ""), "Choose what fills “Terms”."),
        (("", "subject", "", ""), "Choose the field that is filled."),
    ],
)
def test_a_wrong_row_is_refused_and_the_others_are_written(row: tuple[str, str, str, str], error: str, fields: PairTable) -> None:
    fields.patch(rows(("memo", "number", "memo", "subject"), KEPT[1], row))
    assert fields.is_refused
    assert fields.mapping == {"memo": "number", "old": "note"}
    assert [text.replace("memo · ", "").replace("terms · ", "") for text in errors(fields)] == [error]


def test_a_row_that_somebody_else_changed_is_not_overwritten(fields: PairTable) -> None:
    fields.patch(rows(("memo", "note", "memo", "number"), KEPT[1]))
    assert fields.mapping["memo"] == "subject"
    assert errors(fields) == ["Somebody else has changed this row to “Subject” meanwhile."]


def test_only_plain_columns_fill_a_field(fields: PairTable) -> None:
    offered = dict(fields.attributes)
    assert {"subject", "number", "amount", "invoiced_on"} <= set(offered)
    assert {"organization", "company", "revision", "productive_id", "line_items"} & set(offered) == set()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("", "Say what “department · Department” is filled with, or remove the row."),
        ("x" * 1001, "“department · Department”: a value has at most 1000 characters."),
    ],
)
def test_constants_are_typed_and_neither_empty_nor_endless(value: str, error: str, constants: PairTable) -> None:
    constants.patch(rows(("terms", "net 14", "terms", "net 30"), ("department", value, "", "")))
    assert constants.mapping == {"terms": "net 14"}
    assert errors(constants) == [error]


def test_what_was_typed_is_shown_again_when_the_form_is_refused(constants: PairTable) -> None:
    constants.recall(rows(("terms", "net 14", "terms", "net 30")))
    (pair,) = constants.rows
    assert (pair.ours, pair.was_ours, constants.mapping) == ("net 14", "net 30", {"terms": "net 30"})


@pytest.mark.parametrize(
    "data", [{}, {"filled.0.theirs": "x" * 5000}, {"filled.x.theirs": "1"}, {"filled.0.theirs": "", "filled.0.ours": "🙂"}]
)
def test_no_form_makes_an_error(data: dict[str, str], fields: PairTable) -> None:
    fields.patch(data)
    assert fields.mapping == {"memo": "subject", "old": "note"}


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("kind", ["fields", "constants"])
def test_the_card_is_drawn(kind: str, locked: bool, world: World) -> None:
    column: Any = FieldMapping("Their fields", theirs=THEIRS, kind="invoice") if kind == "fields" else FixedValues("Fixed", theirs=THEIRS)
    table = make_table(world, column, {"memo": "subject"}, locked=locked)
    page = render_to_string(table.template_name, {"card": table, "locked": locked, "provider": table.readiness.provider})
    assert "memo · Memo" in page
    assert ("<select" in page) is not locked
    assert ('type="text"' in page) is (kind == "constants" and not locked)
