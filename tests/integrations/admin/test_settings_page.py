"""Settings as a file: downloaded, shown as a difference, applied as it was shown or not at all."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations.models import Connection, Integration, OptionList
from integrations.providers.xero.models import XeroIntegration
from integrations.settings_file import MOST_BYTES, as_document
from tests.conftest import World
from tests.integrations.admin.setting_up import make_agency, make_service_types

DESIGN = {"name": "Design"}


@pytest.fixture
def agency(world: World) -> XeroIntegration:
    return make_agency(world.organization)


def address(integration: Integration) -> str:
    return reverse("admin:integration-section", args=[integration.pk, "settings-file"])


def download(client: Client, integration: Integration) -> Any:
    answer = client.get(reverse("admin:integration-settings-json", args=[integration.pk]))
    assert answer["Content-Disposition"] == 'attachment; filename="xero-settings.json"'
    return json.loads(answer.content)


def upload(client: Client, integration: Integration, document: Any) -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.post(address(integration), {"file": SimpleUploadedFile("any.json", raw)}).content.decode()


def shown(page: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', page)
    return found[1] if found else ""


def stored(integration: Integration) -> dict[str, Any]:
    return XeroIntegration.everywhere.filter(pk=integration.pk).values().get()


def test_what_is_downloaded_changes_nothing_where_it_comes_from(admin: Client, agency: XeroIntegration):
    page = upload(admin, agency, download(admin, agency))
    assert "Everything is set like this already." in page
    assert not shown(page)


def test_settings_move_to_another_organization_by_the_names_of_records(admin: Client, agency: XeroIntegration, stranger: World):
    """Productive's ids and names mean the same in both, our own keys do not."""
    make_service_types(stranger.organization, "Filler", "Development", "Design")
    other = XeroIntegration.everywhere.create(organization=stranger.organization, provider="xero", name="Xero")
    document = download(admin, agency)
    document["settings"].pop("tax_rate_mapping")
    rows = document["settings"]["account_code_mapping"]
    document["settings"]["account_code_mapping"] = [row for row in rows if row["from"]["name"] in {"Design", "Development"}]
    client = Client()
    client.force_login(stranger.admin)
    page = upload(client, other, document)
    assert "Apply " in page
    client.post(address(other), {"shown": shown(page)})
    other.refresh_from_db()
    moved = as_document(other)["settings"]
    assert {row["from"]["name"]: row["to"] for row in moved["account_code_mapping"]} == {"Design": "220", "Development": "201"}
    assert moved["account_code"] == "200"


def test_nothing_is_changed_before_it_is_applied(admin: Client, agency: XeroIntegration):
    before = stored(agency)
    page = upload(admin, agency, {"provider": "xero", "settings": {"account_code": "210", "export_number": not agency.export_number}})
    assert "210 · Sales – Consulting" in page
    assert stored(agency) == before
    answer = admin.post(address(agency), {"shown": shown(page)}, follow=True)
    assert "2 changes were applied." in answer.content.decode()
    assert (stored(agency)["account_code"], stored(agency)["export_number"]) == ("210", not before["export_number"])


def test_what_would_be_changed_otherwise_by_now_is_shown_again(admin: Client, agency: XeroIntegration):
    page = upload(admin, agency, {"provider": "xero", "settings": {"account_code": "210"}})
    XeroIntegration.everywhere.filter(pk=agency.pk).update(account_code="220")
    again = admin.post(address(agency), {"shown": shown(page)}).content.decode()
    assert "The settings were changed meanwhile, so nothing was applied." in again
    assert stored(agency)["account_code"] == "220"
    admin.post(address(agency), {"shown": shown(again)})
    assert stored(agency)["account_code"] == "210"


def test_one_problem_keeps_everything_from_being_applied(admin: Client, agency: XeroIntegration):
    page = upload(admin, agency, {"provider": "xero", "settings": {"account_code": "210", "nonsense": 1}})
    assert "There is no such setting." in page
    assert "1 problem keeps the whole file from being applied." in page
    assert not shown(page)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "The file is empty."),
        (b"{", "The file is no JSON: it cannot be read from line 1, column 2 on."),
        (b"\xff\xfe\x00", "The file is no text in UTF-8."),
        (b"\x89PNG", "The file is no text in UTF-8."),
        (b"[]", "A settings file is an object"),
        (b'{"provider": "other"}', "The settings file is for “other”"),
        (b'{"provider": "xero", "provider": "xero"}', "stands in the same object twice"),
        (b'{"provider": NaN}', "NaN is no value in JSON"),
        (b'{"provider": ' + b"9" * 5000 + b"}", "a number with too many digits"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"provider": "xero", "name": "a\\u0000b"}', "a character that no text may have"),
        (b'{"provider": "xero", "name": "\\ud800"}', "a character that no text may have"),
        (b'{"provider": "xero", "settings": {"xero_invoice_status_id": 99999999999999999999}}', "is none of the choices"),
        (b" " * (MOST_BYTES + 1), "at most 1,000,000"),
    ],
)
def test_files_that_are_none_say_what_is_wrong(admin: Client, agency: XeroIntegration, raw: bytes, says: str):
    before = stored(agency)
    page = upload(admin, agency, raw)
    assert says in page.replace("&quot;", '"')
    assert not shown(page)
    assert stored(agency) == before


def test_no_file_and_what_nobody_was_shown_are_refused(admin: Client, agency: XeroIntegration):
    assert "Choose a settings file." in admin.post(address(agency)).content.decode()
    answer = admin.post(address(agency), {"shown": "made:up"}, follow=True).content.decode()
    assert "What was shown is not known any more." in answer


def test_what_was_shown_for_one_integration_is_nothing_for_another(admin: Client, agency: XeroIntegration, world: World):
    other = XeroIntegration.everywhere.create(organization=world.organization, provider="xero", name="Second", account_code="200")
    page = upload(admin, agency, {"provider": "xero", "settings": {"account_code": "210"}})
    admin.post(address(other), {"shown": shown(page)})
    assert stored(other)["account_code"] == "200"


def test_auditors_download_and_do_not_upload(auditor: Client, agency: XeroIntegration):
    assert download(auditor, agency) == json.loads(json.dumps(as_document(agency)))
    assert "Upload" not in auditor.get(address(agency)).content.decode()
    assert auditor.post(address(agency), {"file": SimpleUploadedFile("any.json", b"{}")}).status_code == 403


def test_an_option_that_is_gone_is_told(admin: Client, agency: XeroIntegration):
    page = upload(admin, agency, {"provider": "xero", "settings": {"account_code_mapping": [{"from": DESIGN, "to": "260"}]}})
    assert "is not offered here" in page
    OptionList.everywhere.filter(integration=agency).delete()
    Integration.everywhere.non_polymorphic().filter(pk=agency.pk).update(connection=Connection.NEVER)
    assert shown(upload(admin, agency, {"provider": "xero", "settings": {"account_code": "4711"}})), "nobody knows the list yet"
