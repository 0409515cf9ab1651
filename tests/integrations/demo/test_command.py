from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import Organization
from integrations.demo.logins import PASSWORD
from integrations.models import Integration
from tests.conftest import World


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def test_the_command_says_where_to_go_and_how_to_get_in(db, settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8123"
    said = demo()
    assert "http://127.0.0.1:8123/" in said
    assert f"ana@northwind.example  password {PASSWORD}  (owner of Northwind Studio, admin of Contoso Works)" in said
    for integration in Integration.everywhere.all():
        assert f"  {integration.pk}  {integration.name} of Northwind Studio (not connected)" in said


def test_asked_again_it_says_the_same(db) -> None:
    assert demo() == demo()


def test_elsewhere_it_says_how_to_set_a_forgotten_password(db, settings) -> None:
    settings.PUBLIC_URL = "https://patchbay.studio.example"
    demo()
    said = demo()
    assert "ana@northwind.example  password set earlier" in said
    assert "manage.py changepassword EMAIL" in said


def test_an_organization_of_somebody_else_is_an_error(world: World) -> None:
    with pytest.raises(CommandError, match="not the demo's"):
        demo()


def test_a_database_without_tables_is_an_error_that_names_the_cure(db) -> None:
    MigrationRecorder.Migration.objects.filter(app="records").delete()
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        demo()
    assert not Organization.objects.exists()
