"""The demo can be asked for again and again: what is there stays as it is."""

from __future__ import annotations

import pytest
from django.apps import apps

from accounts.models import Membership, Organization, User
from integrations.demo.story import NotTheDemo, tell
from integrations.models import Integration
from integrations.records.models import Company, Invoice
from tests.conftest import World


def everything() -> dict[str, list[tuple]]:
    """All rows of all tables of ours."""
    labels = {"accounts", "integrations", "records", *(integration.provider for integration in Integration.everywhere.all())}
    tables = [model for model in apps.get_models() if model._meta.app_label in labels]
    return {model._meta.label: list(getattr(model, "everywhere", model._default_manager).order_by("pk").values_list()) for model in tables}


def test_a_second_run_changes_nothing(demo) -> None:
    before = everything()
    assert len(before["records.LineItem"]) > 150
    tell()
    assert everything() == before


def test_a_run_on_a_later_day_changes_nothing(demo, set_clock) -> None:
    before = everything()
    set_clock("2032-01-01T00:00:00+00:00")
    tell()
    assert everything() == before


def test_what_people_edited_or_deleted_stays_so(northwind: Organization) -> None:
    invoice = Invoice.objects.filter(number="NW-1003").get()
    invoice.subject = "Ours now"
    invoice.save()
    Company.objects.filter(name="Reisebüro Fernweh e.K.").delete()
    Membership.objects.filter(user__email="jonas@northwind.example").delete()
    integration = Integration.objects.get(provider="xero")
    integration.name = "Our books"
    integration.save()
    before = everything()
    tell()
    assert everything() == before


def test_a_deleted_integration_is_made_again(northwind: Organization) -> None:
    Integration.objects.get(provider="xero").delete()
    assert {integration.provider: integration.connection for integration in tell().integrations}["xero"] == "never"


def test_an_organization_of_somebody_else_is_left_alone(world: World) -> None:
    assert world.organization.slug == "northwind-studio"
    with pytest.raises(NotTheDemo, match=r"northwind-studio.*Give it another short name first"):
        tell()
    assert not User.objects.filter(email="ana@northwind.example").exists()
    assert not Organization.objects.filter(slug="contoso-works").exists()
