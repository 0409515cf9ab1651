"""For one subsidiary and kind at most one integration exports."""

from __future__ import annotations

import pytest

from integrations import clock
from integrations.models import Integration, Route
from integrations.sync.routes import taken, write_routes
from tests.conftest import World
from tests.integrations.admin.scenes import make_integration, make_subsidiaries

pytestmark = pytest.mark.usefixtures("scoped")


def kinds(integration: Integration) -> list[str]:
    return sorted(Route.everywhere.filter(integration=integration).values_list("kind", flat=True))


def test_routes_follow_the_switches(world: World) -> None:
    integration = make_integration(world.organization)
    assert write_routes(integration) == []
    assert kinds(integration) == ["credit_note", "invoice"], "customers may go to several"
    integration.use_invoices_export = False
    assert write_routes(integration) == []
    assert kinds(integration) == []


def test_the_second_integration_is_refused_until_the_first_lets_go(world: World) -> None:
    first, second = make_integration(world.organization, "First"), make_integration(world.organization, "Second")
    write_routes(first)
    assert [(found.export.kind, found.by) for found in write_routes(second)] == [("invoice", "First"), ("credit_note", "First")]
    assert kinds(second) == []
    first.deactivated_at = clock.now()
    write_routes(first)
    assert taken(second) == []
    assert write_routes(second) == []
    assert kinds(second) == ["credit_note", "invoice"]


def test_each_subsidiary_has_a_route_of_its_own(world: World) -> None:
    north, south = make_subsidiaries(world.organization, "North", "South")
    for name, subsidiary in {"All": None, "N": north, "S": south}.items():
        assert write_routes(make_integration(world.organization, name, subsidiary=subsidiary)) == []
    (conflict, _credit_notes) = write_routes(make_integration(world.organization, "N again", subsidiary=north))
    assert str(conflict) == "Invoices of North already go to N."


def test_moving_to_another_subsidiary_moves_the_routes(world: World) -> None:
    north, south = make_subsidiaries(world.organization, "North", "South")
    integration = make_integration(world.organization, subsidiary=north)
    write_routes(integration)
    integration.subsidiary = south
    write_routes(integration)
    assert set(Route.everywhere.values_list("subsidiary", flat=True)) == {south.pk}
    assert kinds(integration) == ["credit_note", "invoice"]


def test_organizations_do_not_take_each_others_routes(world: World, stranger: World) -> None:
    write_routes(make_integration(stranger.organization))
    assert write_routes(make_integration(world.organization)) == []
