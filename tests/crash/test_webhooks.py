"""Ten thousand webhooks, most of them told before and none in order: each event is kept once and has one effect; all are answered soon."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from integrations.providers.xero.sandbox.books import INVOICE
from integrations.providers.xero.sandbox.webhooks import event, headers
from tests.crash.conftest import Installation
from tests.crash.copies import INVOICES, assert_each_once, enqueue
from tests.crash.hastened import xero_of
from tests.crash.servers import free_port
from tests.crash.test_import import PAYMENTS, pay
from tests.crash.test_several_machines import command, machine
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.long, pytest.mark.parametrize("engine", ["sqlite-local", "postgres-local"], indirect=True)]

KEY = "webhook-key-of-the-tests"
TOLD, DIFFERENT = 10_000, 2_400
SENDERS = 4
TIMES_SLOWER = 10


@dataclass
class Answers:
    """How long each answer took, in seconds, and what it was."""

    webhooks: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def p99(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def storm(installation: Installation) -> list[bytes]:
    """Bodies of one event each: every one is told four times or more, in an order that has nothing to do with when it happened."""
    sandbox, chance = xero_of(installation.sandbox), random.Random(7)
    of_books = [(books.id, document.id) for books in sandbox.books.values() for document in books.documents[INVOICE.name].values()]
    ours = [ids for ids in of_books if ids[0] == of_books[0][0]][:INVOICES]
    bodies = []
    for number in range(DIFFERENT):
        realm, resource = ours[number % len(ours)]
        told = {
            **event(realm, resource, "INVOICE", "https://api.xero.com/"),
            "eventDateUtc": f"2026-11-27T10:{number // 120:02}:00.{number % 120:03}",
        }
        bodies.append(json.dumps({"events": [told], "firstEventSequence": number, "lastEventSequence": number, "entropy": "X"}).encode())
    more = [chance.choice(bodies) for _ in range(TOLD - len(bodies))]
    chance.shuffle(told_in_all := bodies + more)
    return told_in_all


def send(port: int, bodies: Sequence[bytes]) -> Answers:
    """All of them from several senders at once, each of which asks `/healthz` after every tenth."""
    answers = Answers()

    def work(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number, body in enumerate(mine):
            answers.webhooks.append(ask(connection, "POST", "/webhooks/xero/", body, headers(body, KEY)))
            if number % 10 == 0:
                answers.health.append(ask(connection, "GET", "/healthz"))
        connection.close()

    def ask(
        connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, more: dict[str, str] | None = None
    ) -> float:
        began = time.perf_counter()
        connection.request(method, path, body, more or {})
        answer = connection.getresponse()
        answer.read()
        answers.statuses[answer.status] += 1
        return time.perf_counter() - began

    threads = [threading.Thread(target=work, args=(bodies[number::SENDERS],)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_ten_thousand_duplicates_out_of_order_have_one_effect_each(installation: Installation, engine: str, figures: Figures) -> None:
    exported = enqueue(installation)
    installation.works_off(exported, within=60)
    assert_each_once(installation, exported)
    pay(installation)
    before = int(str(installation.query("SELECT COUNT(*) FROM integrations_run WHERE kind = 'payment'")[0][0]))
    port = free_port()
    web = [word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in command("gunicorn")]
    bodies = storm(installation)
    assert (len(bodies), len(set(bodies))) == (TOLD, DIFFERENT)
    with machine(installation, web, XERO_WEBHOOK_KEY=KEY):
        installation.wait_for(lambda: listens(port), 60, "the web server")
        answers = send(port, bodies)
    assert answers.statuses == {200: TOLD + len(answers.health)}
    kept = "SELECT COUNT(*), COUNT(DISTINCT event_id), MIN(state), MAX(state), MIN(attempts), MAX(attempts) FROM integrations_delivery"
    assert installation.query(kept) == [(DIFFERENT, DIFFERENT, "handled", "handled", 1, 1)]
    assert p99(answers.webhooks) < TIMES_SLOWER * p99(answers.health)
    with installation.working(HTTP_TIMEOUT_SECONDS="20", LEASE_SECONDS="60"):
        installation.wait_for(lambda: payments(installation)[0] == PAYMENTS, 120, "the payments")
    assert payments(installation) == (PAYMENTS, PAYMENTS)
    begun = int(str(installation.query("SELECT COUNT(*) FROM integrations_run WHERE kind = 'payment'")[0][0])) - before
    assert begun <= 3
    took = f"p99 {p99(answers.webhooks) * 1000:.0f} ms, /healthz {p99(answers.health) * 1000:.0f} ms"
    figures(f"{TOLD:,} webhooks of {DIFFERENT:,} events, {engine}: {took}; {DIFFERENT:,} kept, {begun} imports, {PAYMENTS:,} payments once")


def payments(installation: Installation) -> tuple[object, ...]:
    return installation.query("SELECT COUNT(*), COUNT(DISTINCT remote_id) FROM integrations_link WHERE kind = 'payment'")[0]


def listens(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
