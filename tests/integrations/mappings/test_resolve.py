"""How a mapping is looked up: the explicit entry, else the default, else words that name what is missing and the cure."""

from __future__ import annotations

import pytest

from integrations.errors import ConfigProblem
from integrations.mappings.resolve import resolve, resolve_theirs
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import ServiceType, TaxRate

DESIGN = ServiceType(pk=7, name="Design")
FLORIDA = TaxRate(pk=9, name="Florida")


def make(**settings: object) -> XeroIntegration:
    return XeroIntegration(**settings)


def test_the_entry_of_a_value_wins_over_the_default():
    assert resolve(make(account_code="200", account_code_mapping={"7": "260"}), "account_code_mapping", DESIGN) == "260"


def test_a_value_without_an_entry_gets_the_default():
    assert resolve(make(account_code="200", account_code_mapping={"8": "260"}), "account_code_mapping", DESIGN) == "200"


def test_a_line_without_a_value_gets_the_default():
    assert resolve(make(account_code="200"), "account_code_mapping", None) == "200"


@pytest.mark.parametrize("entry", [{}, {"9": ""}])
def test_a_value_that_is_not_mapped_is_refused_by_name(entry: dict[str, str]):
    with pytest.raises(ConfigProblem, match="The tax rate “Florida” has no tax rate in Xero") as refused:
        resolve(make(tax_rate_mapping=entry), "tax_rate_mapping", FLORIDA)
    assert (refused.value.field, refused.value.value, str(refused.value.advice)) == ("tax_rate_mapping", "9", "Map it.")


def test_the_cure_names_the_default_where_there_can_be_one():
    with pytest.raises(ConfigProblem) as refused:
        resolve(make(), "account_code_mapping", DESIGN)
    assert str(refused.value.advice) == "Map it or set a default."


def test_a_line_without_value_and_default_leads_to_the_default():
    with pytest.raises(ConfigProblem, match="nothing to choose its account in Xero by") as refused:
        resolve(make(), "account_code_mapping", None)
    assert refused.value.field == "account_code"


def test_their_value_that_is_not_mapped_gives_nothing():
    integration = make(account_code_mapping={"stage-1": "5"})
    assert resolve_theirs(integration, "account_code_mapping", "stage-1") == "5"
    assert resolve_theirs(integration, "tax_rate_mapping", "stage-1") == ""


def test_only_mappings_are_looked_up():
    for look in (resolve, resolve_theirs):
        with pytest.raises(TypeError, match="name is not a value mapping"):
            look(make(), "name", "x")  # type: ignore[operator]
