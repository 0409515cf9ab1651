"""Settings as a file, by command."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.providers.xero.models import XeroIntegration
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


def settings(integration: XeroIntegration, *line: str) -> str:
    out = io.StringIO()
    call_command("settings", str(integration.pk), *line, stdout=out)
    return out.getvalue()


def code(integration: XeroIntegration) -> str:
    return XeroIntegration.everywhere.get(pk=integration.pk).account_code


def test_a_file_goes_out_and_comes_back(agency: XeroIntegration, tmp_path: Path):
    path = tmp_path / "xero.json"
    assert settings(agency, "--export", str(path)) == f"The settings of “Xero” are in {path}.\n"
    assert settings(agency, "--import", str(path)) == "Everything is set like this already.\n"
    document = json.loads(path.read_text())
    assert document == json.loads(settings(agency, "--export", "-")) == json.loads(settings(agency, "--export", "-", "--json"))
    document["settings"]["account_code"] = "210"
    path.write_text(json.dumps(document))
    assert settings(agency, "--import", str(path), "--dry-run").endswith("1 would be changed.\n")
    assert code(agency) == "200"
    assert settings(agency, "--import", str(path)) == "Default account: 200 · Sales → 210 · Sales – Consulting\n1 changed.\n"
    assert code(agency) == "210"


def test_standard_input_is_read_and_changes_are_told_as_json(agency: XeroIntegration, monkeypatch: pytest.MonkeyPatch):
    given: Any = SimpleNamespace(buffer=io.BytesIO(b'{"provider": "xero", "settings": {"account_code": "210"}}'))
    monkeypatch.setattr(sys, "stdin", given)
    told = json.loads(settings(agency, "--import", "-", "--json"))
    assert told["applied"] is True
    assert [(one["field"], one["old"], one["new"]) for one in told["changes"]] == [
        ("account_code", "200 · Sales", "210 · Sales – Consulting")
    ]


def test_every_problem_is_named_and_nothing_is_changed(agency: XeroIntegration, tmp_path: Path):
    path = tmp_path / "xero.json"
    path.write_text(json.dumps({"provider": "xero", "settings": {"account_code": "210", "nonsense": 1, "export_number": "yes"}}))
    with pytest.raises(CommandError, match=r"(?s)Nothing was changed\..*nonsense: There is no such setting.*true or false"):
        settings(agency, "--import", str(path))
    assert code(agency) == "200"


def test_a_dry_export_makes_no_sense(agency: XeroIntegration):
    with pytest.raises(CommandError, match="--dry-run belongs to --import"):
        settings(agency, "--export", "-", "--dry-run")
