"""Routes, the control addresses and every kind of misbehaviour."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx2
import pytest

from integrations.sandbox.chance import Chance
from integrations.sandbox.requests import KEPT
from tests.integrations.sandbox.vendor import ThingVendor


def misbehave(things: httpx2.Client, **rule: Any) -> None:
    things.post("/__faults__", json=[rule]).raise_for_status()


# What it tells ---------------------------------------------------------------------------------------------------------


def test_the_state_tells_what_there_is_and_what_was_asked(things: httpx2.Client) -> None:
    things.get("/Things", params={"page": 1})
    things.post("/Things", json={"a": 1})
    things.post("/Things", json={"a": 2})
    state = things.get("/__state__").json()
    assert state["counts"] == {"things": 4}
    assert state["records"]["things"][3]["sent"] == {"a": 2}
    assert state["requests"]["total"] == 3
    assert state["requests"]["by_call"] == {"GET /Things": 1, "POST /Things": 2}
    assert state["requests"]["by_status"] == {"200": 1, "201": 2}
    assert [(last["method"], last["path"], last["query"], last["body"], last["status"]) for last in state["requests"]["last"]] == [
        ("GET", "/Things", "page=1", "", 200),
        ("POST", "/Things", "", '{"a":1}', 201),
        ("POST", "/Things", "", '{"a":2}', 201),
    ]
    assert "records" not in things.get("/__state__?records=0").json()


def test_only_the_last_requests_are_kept(things: httpx2.Client) -> None:
    for number in range(KEPT + 5):
        things.get("/Things", params={"page": number})
    requests = things.get("/__state__").json()["requests"]
    assert requests["total"] == KEPT + 5
    assert len(requests["last"]) == KEPT
    assert requests["last"][0]["query"] == "page=5"


def test_secrets_are_not_shown(things: httpx2.Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "canary-1", "client_secret": "canary-2", "code": "canary-3"}
    things.post(
        "/Things", data=form, headers={"Authorization": "Bearer canary-4", "Cookie": "a=canary-5"}, params={"access_token": "canary-6"}
    )
    shown = things.get("/__state__").text
    assert "canary" not in shown
    assert "grant_type=refresh_token" in shown


def test_pages_are_not_counted_and_unknown_addresses_are(things: httpx2.Client) -> None:
    things.get("/")
    assert things.get("/Nothing").status_code == 404
    assert things.delete("/Things").status_code == 405
    assert things.get("/__state__").json()["requests"]["by_call"] == {"GET /Nothing": 1, "DELETE /Things": 1}


def test_addresses_are_found_without_regard_to_case(things: httpx2.Client) -> None:
    assert things.get("/tHINGS/1").json()["id"] == "1"


def test_a_reset_begins_anew_as_it_is_told(things: httpx2.Client) -> None:
    things.post("/Things", json={})
    misbehave(things, kind="status")
    assert things.post("/__reset__", json={"things": 7}).json()["counts"] == {"things": 7}
    assert things.get("/__faults__").json() == {"faults": []}
    assert things.get("/__state__").json()["requests"]["total"] == 0
    assert things.post("/__reset__").json()["counts"] == {"things": 2}


def test_a_wrong_reset_changes_nothing_and_says_why(things: httpx2.Client) -> None:
    things.post("/Things", json={})
    wrong = things.post("/__reset__", json={"things": "many"})
    assert wrong.status_code == 400
    assert wrong.json()["error"] == "The sandbox cannot be reset this way: Expected `int`, got `str` - at `$.things`"
    assert things.post("/__reset__", json={"colour": 1}).status_code == 400
    assert things.post("/__reset__", content=b"{").status_code == 400
    assert things.get("/__state__").json()["counts"] == {"things": 3}


def test_the_same_seed_makes_the_same_world(things: httpx2.Client) -> None:
    def tokens() -> list[str]:
        things.post("/__reset__", json={"seed": 7})
        return [thing["token"] for thing in things.get("/Things").json()]

    assert tokens() == tokens()
    assert Chance(1).uuid() == Chance(1).uuid() != Chance(2).uuid()


def test_many_threads_lose_nothing(vendor: ThingVendor, things: httpx2.Client) -> None:
    def create() -> None:
        for _ in range(20):
            things.post("/Things", json={}).raise_for_status()

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vendor.things) == 162
    assert vendor.requests.total == 160


def test_a_watcher_sees_every_exchange(vendor: ThingVendor, things: httpx2.Client) -> None:
    seen: list[tuple[str, bytes]] = []
    vendor.watchers.append(lambda exchange: seen.append((exchange.request.path, exchange.reply.body)))
    answer = things.get("/Things/1")
    things.get("/")
    assert seen == [("/Things/1", answer.content)]


# What it does wrong ----------------------------------------------------------------------------------------------------


def test_a_status_comes_instead_of_the_work(things: httpx2.Client) -> None:
    misbehave(things, kind="status", status=503, retry_after=7)
    answer = things.post("/Things", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert things.get("/__state__").json()["counts"] == {"things": 2}
    misbehave(things, kind="status", status=429)
    assert "retry-after" not in things.get("/Things").headers
    misbehave(things, kind="status", status=499)
    assert things.get("/Things").status_code == 499


def test_a_status_may_come_after_the_work(things: httpx2.Client) -> None:
    misbehave(things, kind="status", status=500, after_commit=True)
    assert things.post("/Things", json={}).status_code == 500
    assert things.get("/__state__").json()["counts"] == {"things": 3}


def test_a_timeout_does_nothing_and_never_answers(things: httpx2.Client) -> None:
    misbehave(things, kind="timeout")
    with pytest.raises(httpx2.ReadTimeout):
        things.post("/Things", json={}, timeout=0.2)
    misbehave(things, kind="timeout", seconds=0.05)
    with pytest.raises(httpx2.RemoteProtocolError):
        things.post("/Things", json={})
    assert things.get("/__state__").json()["counts"] == {"things": 2}


def test_an_answer_is_lost_after_the_work(things: httpx2.Client) -> None:
    misbehave(things, kind="lost_answer")
    with pytest.raises(httpx2.RemoteProtocolError):
        things.post("/Things", json={})
    misbehave(things, kind="lost_answer", seconds=60)
    with pytest.raises(httpx2.ReadTimeout):
        things.post("/Things", json={}, timeout=0.2)
    state = things.get("/__state__").json()
    assert state["counts"] == {"things": 4}
    assert state["requests"]["last"][0]["delivery"] == "dropped"


def test_an_answer_stops_in_the_middle(things: httpx2.Client) -> None:
    misbehave(things, kind="truncated")
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending complete message body"):
        things.post("/Things", json={})
    assert things.get("/__state__").json()["counts"] == {"things": 3}


def test_an_answer_is_no_json_or_says_it_is_something_else(things: httpx2.Client) -> None:
    misbehave(things, kind="not_json")
    answer = things.get("/Things")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.text.startswith("<!DOCTYPE html>")
    misbehave(things, kind="wrong_type")
    answer = things.get("/Things")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.json()[0]["id"] == "1"


def test_an_answer_has_fields_that_nobody_knows(things: httpx2.Client) -> None:
    misbehave(things, kind="new_fields")
    first = things.get("/Things").json()[0]
    assert first["id"] == "1"
    assert first["NewSinceToday"] == {"of": ["any", "shape"]}


def test_a_slow_vendor_goes_on_after_the_caller_has_gone(things: httpx2.Client) -> None:
    misbehave(things, kind="latency", seconds=0.3)
    with pytest.raises(httpx2.ReadTimeout):
        things.post("/Things", json={}, timeout=0.05)
    deadline = time.monotonic() + 5
    while things.get("/__state__?records=0").json()["counts"] == {"things": 2}:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_waits_run_on_the_clock(things: httpx2.Client, settings) -> None:
    settings.CLOCK_EPOCH, settings.CLOCK_SCALE = time.time(), 1000
    misbehave(things, kind="latency", seconds=100)
    started = time.monotonic()
    things.get("/Things").raise_for_status()
    assert 0.1 <= time.monotonic() - started < 1


def test_a_token_expires_under_us(things: httpx2.Client) -> None:
    misbehave(things, kind="expired_token", times=1)
    assert things.get("/Things").status_code == 401
    assert things.get("/Things").status_code == 200


def test_a_list_changes_between_its_pages(things: httpx2.Client) -> None:
    misbehave(things, kind="changed_page", path="/Things", times=1)
    assert len(things.get("/Things").json()) == 2
    assert len(things.get("/Things").json()) == 3
    misbehave(things, kind="changed_page", path="/Things", change="delete", times=1)
    assert len(things.get("/Things").json()) == 3
    assert len(things.get("/Things").json()) == 2


# When it does it -------------------------------------------------------------------------------------------------------


def statuses(things: httpx2.Client, count: int) -> list[int]:
    return [things.get("/Things").status_code for _ in range(count)]


def test_a_rule_strikes_so_often_after_letting_some_pass(things: httpx2.Client) -> None:
    misbehave(things, kind="status", skip=1, times=2)
    assert statuses(things, 5) == [200, 500, 500, 200, 200]
    assert things.get("/__faults__").json()["faults"][0]["struck"] == 2


def test_a_rule_is_about_some_calls_only(things: httpx2.Client) -> None:
    misbehave(things, kind="status", method="POST", path="/things*")
    assert things.get("/Things").status_code == 200
    assert things.post("/Things", json={}).status_code == 500
    misbehave(things, kind="status", path="/Things/*")
    assert (things.get("/Things").status_code, things.get("/Things/1").status_code) == (200, 500)


def test_a_rule_holds_between_times_of_the_clock(things: httpx2.Client, later) -> None:
    misbehave(things, kind="status", after=time.time() + 60, until=time.time() + 120)
    assert statuses(things, 1) == [200]
    later(90)
    assert statuses(things, 1) == [500]
    later(60)
    assert statuses(things, 1) == [200]


def test_a_rule_strikes_by_chance(vendor: ThingVendor, things: httpx2.Client) -> None:
    things.post("/__reset__", json={"seed": 3})
    misbehave(things, kind="status", probability=0.5)
    struck = statuses(things, 40)
    assert 5 < struck.count(500) < 35
    misbehave(things, kind="status", probability=0)
    assert statuses(things, 5) == [200] * 5


def test_rules_of_different_kinds_strike_together(things: httpx2.Client) -> None:
    rules = [{"kind": "latency", "seconds": 0.1}, {"kind": "status", "status": 503}, {"kind": "status", "status": 500}]
    things.post("/__faults__", json=rules).raise_for_status()
    started = time.monotonic()
    assert statuses(things, 1) == [503]
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "nap"}, "Invalid enum value 'nap' - at `$[0].kind`"),
        ({"kind": "status", "status": 200}, "Expected `int` >= 400 - at `$[0].status`"),
        ({"kind": "status", "times": -1}, "Expected `int` >= 0 - at `$[0].times`"),
        ({"kind": "status", "often": 1}, "Object contains unknown field `often` - at `$[0]`"),
        ({"status": 500}, "Object missing required field `kind` - at `$[0]`"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(things: httpx2.Client, rule: dict[str, Any], words: str) -> None:
    answer = things.post("/__faults__", json=rule)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert things.post("/__faults__", content=b"[").status_code == 400
    assert things.get("/__faults__").json() == {"faults": []}
