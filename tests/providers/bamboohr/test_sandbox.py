"""The simulated BambooHR is as strict as the real one: keys, shapes, errors, limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from integrations.providers.bamboohr.sandbox import BamboohrSandbox
from integrations.providers.bamboohr.sandbox.world import WRONG_KEYS
from tests.contract.sandboxes import Witness


@pytest.fixture
def bamboo(witness: Witness) -> BamboohrSandbox:
    sandbox = witness.server.sandboxes["bamboohr"]
    assert isinstance(sandbox, BamboohrSandbox)
    return sandbox


@pytest.fixture
def api(witness: Witness, bamboo: BamboohrSandbox) -> Iterator[httpx2.Client]:
    """An admin's key, and JSON asked for."""
    address, headers = f"{witness.server.url}/bamboohr/api/", {"accept": "application/json"}
    with httpx2.Client(base_url=address, auth=(bamboo.company.key(), "x"), headers=headers, timeout=10) as client:
        yield client


def dataset(api: httpx2.Client, **asked: Any) -> httpx2.Response:
    return api.post("v2/datasets/employee/data", json={"fields": ["eeid"], **asked})


def test_a_key_is_the_name_with_any_password(api: httpx2.Client) -> None:
    assert api.get("v1/meta/fields").status_code == 200
    refused = api.get("v1/meta/fields", auth=("no key", "x"))
    assert (refused.status_code, refused.content, refused.headers["x-bamboohr-error-message"]) == (401, b"", "Invalid API key")


def test_many_wrong_keys_lock_the_right_ones_out_for_a_while(api: httpx2.Client, later: Any) -> None:
    for _wrong in range(WRONG_KEYS):
        api.get("v1/meta/fields", auth=("no key", "x"))
    assert api.get("v1/meta/fields").status_code == 401
    later(301)
    assert api.get("v1/meta/fields").status_code == 200


def test_who_does_not_ask_for_json_gets_xml(api: httpx2.Client, witness: Witness) -> None:
    answer = api.get("v1/meta/lists", headers={"accept": "*/*"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert api.get("v1/meta/lists", params={"format": "json"}, headers={"accept": "*/*"}).json()


def test_a_dataset_is_given_in_pages_in_order_and_by_condition(api: httpx2.Client, bamboo: BamboohrSandbox) -> None:
    first = dataset(api, pageSize=4, orderBy="eeid asc").json()
    assert (len(first["data"]), first["meta"]["totalPages"], bool(first["links"]["next"])) == (4, 2, True)
    ids = [row["fields"]["eeid"] for row in first["data"]]
    assert len(dataset(api, filter=f"eeid gt {ids[-1]}").json()["data"]) == 2
    assert len(dataset(api, filter=f"status eq 'Active' and eeid in ({ids[0]},{ids[1]},999999)").json()["data"]) == 2
    bamboo.company.leave(ids[0])
    assert dataset(api, filter="status ne 'Active'").json()["meta"]["totalItems"] == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"fields": []}, 400),
        ({"fields": ["shoeSize"]}, 422),
        ({"pageSize": 1001}, 422),
        ({"page": 0}, 422),
        ({"orderBy": "lastName asc"}, 422),
        ({"filter": "eeid like 1"}, 422),
    ],
)
def test_a_wrong_question_is_a_problem_in_words(witness: Witness, api: httpx2.Client, asked: dict[str, Any], status: int) -> None:
    with witness.deliberately_wrong():
        answer = dataset(api, **asked)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["v1/employees/changed?since=yesterday", "v1/employees/changed", "v1/time_off/requests?start=2026-01-01"])
def test_a_time_that_is_missing_or_none_is_refused(witness: Witness, api: httpx2.Client, path: str) -> None:
    with witness.deliberately_wrong():
        answer = api.get(path)
    assert answer.status_code == 400
    assert answer.headers.get("x-bamboohr-error-message") or answer.json()["error"]


@pytest.mark.parametrize("path", ["v1/employees/99999", "v1/employees/all/tables/shoes"])
def test_what_is_not_there_is_404(api: httpx2.Client, path: str) -> None:
    assert api.get(path).status_code == 404


def test_a_key_that_is_no_admin_s_sees_its_owner_alone(api: httpx2.Client, bamboo: BamboohrSandbox) -> None:
    boss, other = list(bamboo.company.employees)[:2]
    api.auth = httpx2.BasicAuth(bamboo.company.make_key(boss, is_admin=False), "x")
    assert api.get("v1/employees/0").json() == {"id": boss, "firstName": "Ana", "lastName": "Berger"}
    assert api.get(f"v1/employees/{boss}", params={"fields": "workEmail"}).json()["workEmail"]
    assert api.get(f"v1/employees/{other}").status_code == 403
    assert dataset(api).status_code == 403
    requests = api.get("v1/time_off/requests", params={"start": "2020-01-01", "end": "2030-01-01"}).json()
    assert {row["employeeId"] for row in requests} == {int(boss)}
    assert {row["employeeId"] for row in api.get("v1/employees/all/tables/compensation").json()} == {boss}


def test_too_many_calls_are_slowed_down_with_503(api: httpx2.Client, bamboo: BamboohrSandbox, later: Any) -> None:
    bamboo.reset({"per_minute": 2})
    api.auth = httpx2.BasicAuth(bamboo.company.key(), "x")
    assert [api.get("v1/meta/fields").status_code for _call in range(3)] == [200, 200, 503]
    assert 1 <= int(api.get("v1/meta/fields").headers["retry-after"]) <= 60
    later(61)
    assert api.get("v1/meta/fields").status_code == 200


def test_people_work_on_the_pages(api: httpx2.Client, bamboo: BamboohrSandbox, witness: Witness) -> None:
    root = f"{witness.server.url}/bamboohr"
    employee = next(iter(bamboo.company.employees))
    assert bamboo.company.key() in api.get(f"{root}/").text
    for page, fields in (
        ("hire", {"name": "Mary Shelley"}),
        ("raise", {"id": employee}),
        ("time-off", {"id": employee}),
        ("approve", {"id": str(list(bamboo.company.requests)[1])}),
        ("cancel", {"id": str(next(iter(bamboo.company.requests)))}),
        ("leave", {"id": employee}),
    ):
        assert api.post(f"{root}/pages/{page}", data=fields).status_code == 303
    assert bamboo.company.employees[employee]["status"] == "Inactive"
    assert list(bamboo.company.pay.values())[-1]["rate"]["value"] == "5000.00"
    assert [asked["status"]["status"] for asked in bamboo.company.requests.values()] == ["canceled", "approved", "approved", "approved"]
    assert list(bamboo.company.employees.values())[-1]["lastName"] == "Shelley"
    for page in ("raise", "time-off", "cancel", "leave"):
        assert "unknown" in api.post(f"{root}/pages/{page}", data={"id": "nobody"}).headers["location"]
    shown = api.get(f"{root}/employees/employee.php", params={"id": employee}, follow_redirects=True).text
    assert "Ana Berger" in shown
    assert "Tomasz Nowak" not in shown.partition("<table")[2].partition("</table")[0]
