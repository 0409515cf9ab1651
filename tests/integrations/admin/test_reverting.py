"""One change of the history taken back, unless somebody changed the same since."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from integrations.models import Integration, Option
from integrations.providers.xero.models import XeroIntegration
from integrations.records.models import ServiceType
from tests.conftest import World
from tests.integrations.admin.scenes import make_subsidiaries
from tests.integrations.admin.setting_up import make_agency


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    integration = make_agency(world.organization)
    LogEntry.objects.all().delete()
    return integration


def change(integration: Integration, **values: Any) -> Any:
    """The entry that the change leaves."""
    fresh = XeroIntegration.everywhere.get(pk=integration.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.save()
    return LogEntry.objects.order_by("-pk").first()


def revert(client: Client, integration: Integration, entry: LogEntry, setting: str, row: str = "") -> str:
    form = {"change": entry.pk, "setting": setting, "row": row}
    return client.post(reverse("admin:integration-revert", args=[integration.pk]), form, follow=True).content.decode()


def now(integration: Integration) -> XeroIntegration:
    return XeroIntegration.everywhere.get(pk=integration.pk)


def pk_of(name: str) -> str:
    return str(ServiceType.everywhere.get(name=name).pk)


@pytest.mark.parametrize(
    ("setting", "old", "new"),
    [("account_code", "200", "210"), ("export_number", False, True), ("xero_invoice_status_id", 1, 3), ("name", "Xero", "Books")],
)
def test_a_setting_is_as_it_was_before(admin: Client, agency: XeroIntegration, setting: str, old: Any, new: Any):
    change(agency, **{setting: old})
    entry = change(agency, **{setting: new})
    assert "It is as it was before." in revert(admin, agency, entry, setting)
    assert getattr(now(agency), setting) == old
    assert LogEntry.objects.order_by("-pk")[0].changes == {setting: [str(new), str(old)]}, "the history keeps both"


def test_a_subsidiary_is_named_in_the_history_and_taken_back(admin: Client, agency: XeroIntegration, world: World):
    (london,) = make_subsidiaries(world.organization, "London")
    entry = change(agency, subsidiary=london)
    assert "London" in admin.get(reverse("admin:integration-section", args=[agency.pk, "history"])).content.decode()
    revert(admin, agency, entry, "subsidiary")
    assert now(agency).subsidiary_id is None


def test_only_the_one_row_of_a_mapping_is_taken_back(admin: Client, agency: XeroIntegration):
    design, travel, strategy = pk_of("Design"), pk_of("Travel"), pk_of("Strategy")
    before = dict(agency.account_code_mapping)
    entry = change(agency, account_code_mapping={**before, design: "200", travel: "201"})
    change(agency, account_code_mapping={**before, design: "200", travel: "201", strategy: "201"})
    assert "It is as it was before." in revert(admin, agency, entry, "account_code_mapping", design)
    assert now(agency).account_code_mapping == {**before, travel: "201", strategy: "201"}
    revert(admin, agency, entry, "account_code_mapping", travel)
    assert now(agency).account_code_mapping == {**before, strategy: "201"}, "what had no entry has none again"


def test_what_was_changed_since_stays(admin: Client, agency: XeroIntegration):
    design = pk_of("Design")
    first = change(agency, account_code="210", account_code_mapping={**agency.account_code_mapping, design: "200"})
    change(agency, account_code="220", account_code_mapping={**agency.account_code_mapping, design: "201"})
    for setting, row in (("account_code", ""), ("account_code_mapping", design)):
        assert "It was changed since. Revert that first." in revert(admin, agency, first, setting, row)
    assert (now(agency).account_code, now(agency).account_code_mapping[design]) == ("220", "201")


def test_what_is_not_offered_any_more_does_not_come_back(admin: Client, agency: XeroIntegration):
    design = pk_of("Design")
    entry = change(agency, account_code_mapping={**agency.account_code_mapping, design: "200"})
    Option.everywhere.filter(value="220").delete()
    assert "“220” is not among the options." in revert(admin, agency, entry, "account_code_mapping", design)
    assert now(agency).account_code_mapping[design] == "200"


def test_two_names_alike_do_not_come_back(admin: Client, agency: XeroIntegration, world: World):
    entry = change(agency, name="Books")
    XeroIntegration.everywhere.create(organization=world.organization, provider="xero", name="Xero")
    assert "Another connection is called “Xero” already." in revert(admin, agency, entry, "name")
    assert now(agency).name == "Books"


def test_what_is_no_setting_and_what_is_no_change_are_missing(admin: Client, agency: XeroIntegration, stranger: World):
    entry = change(agency, account_code="210")
    connection = LogEntry.objects.log_create(agency, action=LogEntry.Action.UPDATE, changes={"connection": ["never", "paused"]})
    theirs = change(make_agency(stranger.organization), account_code="210")
    url = reverse("admin:integration-revert", args=[agency.pk])
    for form in (
        {"change": entry.pk, "setting": "export_number"},
        {"change": connection.pk, "setting": "connection"},
        {"change": theirs.pk, "setting": "account_code"},
        {"change": "x", "setting": "account_code"},
        {},
    ):
        assert admin.post(url, form).status_code == 404


def test_auditors_read_and_revert_nothing(auditor: Client, agency: XeroIntegration):
    entry = change(agency, account_code="210")
    page = auditor.get(reverse("admin:integration-section", args=[agency.pk, "history"])).content.decode()
    assert "Default account" in page
    assert "Revert" not in page
    form = {"change": entry.pk, "setting": "account_code"}
    assert auditor.post(reverse("admin:integration-revert", args=[agency.pk]), form).status_code == 403
    assert now(agency).account_code == "210"


def test_the_history_is_filtered_by_setting(admin: Client, agency: XeroIntegration):
    change(agency, account_code="210", export_number=not agency.export_number)
    change(agency, name="Books")
    url = reverse("admin:integration-section", args=[agency.pk, "history"])
    shown = admin.get(url, {"setting": "account_code"}).context["changes"]
    assert [[line.label for line in one.lines] for one in shown] == [["Default account"]]
    assert len(admin.get(url, {"setting": "nonsense"}).context["changes"]) == 2
    assert "This was never changed" in admin.get(url, {"setting": "xero_reference"}).content.decode()
