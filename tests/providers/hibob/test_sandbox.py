"""The simulated HiBob as any app sees it: who comes in, what may be asked, and what it says to the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from integrations.providers.hibob.sandbox import HibobSandbox
from tests.contract.sandboxes import Witness


@pytest.fixture
def hibob(witness: Witness) -> HibobSandbox:
    sandbox = witness.server.sandboxes["hibob"]
    assert isinstance(sandbox, HibobSandbox)
    return sandbox


@pytest.fixture
def app(witness: Witness, hibob: HibobSandbox) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{witness.server.url}/hibob", auth=(hibob.door.service_user, hibob.door.token), timeout=10) as http:
        yield http


def get(app: httpx2.Client, path: str, **params: Any) -> Any:
    return app.get(f"/v1{path}", params=params)


def test_only_the_service_user_with_its_token_comes_in(app: httpx2.Client, hibob: HibobSandbox) -> None:
    assert get(app, "/timeoff/policy-types").status_code == 200
    for wrong in ((hibob.door.service_user, "wrong"), ("SERVICE-1", hibob.door.token), ("", "")):
        answer = app.get("/v1/timeoff/policy-types", auth=wrong)
        assert (answer.status_code, set(answer.json())) == (401, {"key", "error"})
    for header in ("Bearer x", "Basic %%%", "Basic"):
        assert app.get("/v1/timeoff/policy-types", headers={"Authorization": header}, auth=None).status_code == 401  # type: ignore[arg-type]


def test_the_limit_is_counted_and_told(app: httpx2.Client, hibob: HibobSandbox) -> None:
    hibob.reset({"a_minute": 3})
    app.auth = (hibob.door.service_user, hibob.door.token)  # type: ignore[assignment]
    answers = [get(app, "/timeoff/policy-types") for _call in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert int(answers[-1].headers["X-RateLimit-Reset"]) > 0
    assert answers[-1].json()["error"] == "Too many requests."


def test_employees_are_found_by_fields_filters_and_whether_they_left(app: httpx2.Client, hibob: HibobSandbox) -> None:
    ana = hibob.company.whoever_has("ana")
    by_email = {"fields": ["root.id", "root.email"], "filters": [{"fieldPath": "root.email", "operator": "equals", "values": [ana.email]}]}
    assert app.post("/v1/people/search", json=by_email).json() == {"employees": [{"id": ana.id, "email": ana.email}]}
    ana.active = False
    assert len(app.post("/v1/people/search", json={}).json()["employees"]) == 6
    assert len(app.post("/v1/people/search", json={"showInactive": True}).json()["employees"]) == 7


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"fields": "root.id"}',
        b'{"filters": [{"fieldPath": "root.surname", "operator": "equals", "values": ["a"]}]}',
        b'{"filters": [{"fieldPath": "root.id", "operator": "like", "values": ["a"]}]}',
        b'{"filters": [{"fieldPath": "root.id", "operator": "equals", "values": []}]}',
    ],
)
def test_a_search_that_is_none_is_refused(app: httpx2.Client, witness: Witness, body: bytes) -> None:
    with witness.deliberately_wrong():
        answer = app.post("/v1/people/search", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/timeoff/whosout", {"from": "2026-11-01"}),
        ("/timeoff/whosout", {"from": "yesterday", "to": "2026-11-01"}),
        ("/timeoff/whosout", {"from": "2026-11-02", "to": "2026-11-01"}),
        ("/timeoff/requests/changes", {}),
        ("/timeoff/requests/changes", {"since": "soon"}),
        ("/timeoff/requests/changes", {"since": "2001-01-01T00:00:00.000Z"}),
        ("/timeoff/employees/1/balance", {"policyType": "Holiday"}),
        ("/timeoff/employees/1/balance", {"policyType": "Siesta", "date": "2026-11-01"}),
    ],
)
def test_a_wrong_question_is_refused_in_words(app: httpx2.Client, witness: Witness, path: str, params: dict[str, str]) -> None:
    with witness.deliberately_wrong():
        answer = get(app, path, **params)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_what_is_not_there_is_404(app: httpx2.Client, witness: Witness) -> None:
    assert get(app, "/timeoff/policy-types/Siesta").status_code == 404
    assert get(app, "/timeoff/employees/nobody/balance", policyType="Holiday", date="2026-11-01").status_code == 404


def test_hours_and_what_is_pending_are_shown_to_those_who_ask(app: httpx2.Client, hibob: HibobSandbox) -> None:
    hibob.reset({"populated": False})
    app.auth = (hibob.door.service_user, hibob.door.token)  # type: ignore[assignment]
    ana = hibob.company.whoever_has("ana")
    hibob.company.take(ana, "Overtime", "hours", date="2026-11-03", hoursOnDate=2, minutes=30)
    hibob.company.submit(ana, "Holiday", startDate="2026-11-04", startPortion="all_day", endDate="2026-11-04", endPortion="all_day")
    asked = {"from": "2026-11-03", "to": "2026-11-04"}
    assert get(app, "/timeoff/whosout", **asked).json() == {"outs": []}
    (hours,) = get(app, "/timeoff/whosout", **asked, includeHourly="true").json()["outs"]
    assert (hours["hoursOnDate"], hours["minutes"], hours["status"]) == (2, 30, "Approved")
    (pending,) = get(app, "/timeoff/whosout", **asked, includePending="true").json()["outs"]
    assert pending["status"] == "Pending"


def test_people_take_approve_and_cancel_on_its_page(app: httpx2.Client, hibob: HibobSandbox) -> None:
    page = app.get("/")
    assert hibob.door.token in page.text
    ana, before = hibob.company.whoever_has("ana"), set(hibob.company.requests)
    form = {"employee": ana.id, "policy_type": "Sick", "first": "2026-12-01", "last": "2026-12-02"}
    assert app.post("/pages/take", data=form).status_code == 303
    (taken,) = set(hibob.company.requests) - before
    assert "2026-12-01" in app.get(f"/employee-profile/{ana.id}").text
    assert app.post("/pages/decide", data={"request": str(taken), "decision": "cancel"}).status_code == 303
    assert taken not in hibob.company.requests
    pending = next(request for request in hibob.company.requests.values() if request.status == "Pending")
    app.post("/pages/decide", data={"request": str(pending.id), "decision": "approve"})
    assert hibob.company.requests[pending.id].status == "Approved"


def test_a_form_that_is_wrong_is_told_so(app: httpx2.Client, hibob: HibobSandbox) -> None:
    ana = hibob.company.whoever_has("ana")
    whole = {"employee": ana.id, "policy_type": "Sick", "first": "2026-12-01", "last": "2026-12-02"}
    for change in ({"first": ""}, {"employee": "nobody"}, {"policy_type": "Siesta"}, {"last": "2026-11-01"}):
        assert app.post("/pages/take", data={**whole, **change}).status_code == 400
    assert app.post("/pages/decide", data={"request": "x"}).status_code == 404
    assert app.get("/employee-profile/nobody").status_code == 404


def test_its_state_tells_what_it_holds(app: httpx2.Client) -> None:
    counts = app.get("/__state__").json()["counts"]
    assert counts == {"employees": 7, "policy_types": 4, "policies": 7, "time_off": 9}
