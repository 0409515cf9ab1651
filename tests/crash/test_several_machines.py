"""A web server and two workers that wait for RabbitMQ's bell, started by the README's own commands, and one road through all of them."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from tests.crash.conftest import ROOT, Installation
from tests.crash.copies import INVOICES, assert_each_once
from tests.crash.seed import OWNER, PASSWORD
from tests.crash.servers import free_port
from tests.crash.test_import import PAYMENTS, pay
from tests.figures import Figures

pytestmark = [pytest.mark.crash, pytest.mark.parametrize("engine", ["postgres-celery"], indirect=True)]

README = (ROOT / "README.md").read_text(encoding="utf-8").partition("### On several machines")[2].partition("### Settings")[0]


def command(program: str) -> list[str]:
    """The README's words for starting it."""
    (found,) = set(re.findall(rf"`(\.venv/bin/{program}[^`]*)`", README))
    return shlex.split(found)


@contextmanager
def machine(installation: Installation, words: list[str], **more: str) -> Iterator[subprocess.Popen[str]]:
    with (installation.folder / f"{len(list(installation.folder.iterdir()))}.err").open("w") as said:
        process = subprocess.Popen(words, cwd=ROOT, env={**installation.environment, **more}, text=True, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


class Browser:
    """Just enough of one to sign in and to press buttons."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def get(self, path: str) -> httpx2.Response:
        return self._client.get(path)

    def press(self, path: str, **fields: str) -> httpx2.Response:
        fields["csrfmiddlewaretoken"] = self._client.cookies["csrftoken"]
        answer = self._client.post(path, data=fields, headers={"Referer": str(self._client.base_url)})
        assert answer.status_code == 200, answer.text[:2000]
        return answer


def test_web_server_and_workers_of_several_machines_do_the_whole_road(installation: Installation, figures: Figures) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    web = [word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in command("gunicorn")]
    worker = command("python manage.py worker")
    with (
        machine(installation, web, PUBLIC_URL=address),
        machine(installation, worker) as first,
        machine(installation, worker),
        httpx2.Client(base_url=address, follow_redirects=True) as client,
    ):
        browser = Browser(client)
        installation.wait_for(lambda: answers(browser), 30, "the web server")
        browser.press("/login/", username=OWNER, password=PASSWORD)
        page = f"/admin/integrations/{installation.integration}"

        began = browser.press(f"{page}/do/export/invoice/")
        run = int(re.findall(r"/admin/runs/(\d+)/", str(began.url))[0])
        installation.wait_for(lambda: installation.state(run) == "succeeded", 30, "the export")
        assert_each_once(installation, run)
        assert f"{INVOICES}" in browser.get(f"/admin/runs/{run}/").text

        pay(installation)
        began = browser.press(f"{page}/do/import/payment/")
        run = int(re.findall(r"/admin/runs/(\d+)/", str(began.url))[0])
        first.kill()
        installation.wait_for(lambda: installation.state(run) == "succeeded", 60, "the import")
        assert installation.query("SELECT COUNT(*) FROM records_payment") == [(PAYMENTS,)]
        served = installation.query("SELECT COUNT(*), MIN(engine) FROM integrations_worker")
        assert served == [(2, "celery")]
    road = f"{INVOICES} invoices out, {PAYMENTS} payments in, one worker killed"
    figures(f"web and two Celery workers over RabbitMQ, by the README's commands: {road}")


def answers(browser: Browser) -> bool:
    try:
        return browser.get("/login/").status_code == 200
    except httpx2.TransportError:
        return False
