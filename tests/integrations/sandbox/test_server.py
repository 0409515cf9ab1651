"""One port for all vendors, over real connections."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from io import StringIO

import httpx2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from integrations.sandbox.server import MAX_BODY, SandboxServer, installed_sandboxes, running_sandbox
from tests.integrations.sandbox.vendor import ThingVendor


def test_the_front_page_lists_the_vendors(server: SandboxServer) -> None:
    page = httpx2.get(f"{server.url}/")
    assert page.status_code == 200
    assert '<a href="/things/">Things Ltd</a>' in page.text
    assert "2 things" in page.text


def test_pages_run_no_script_and_bring_their_own_style(server: SandboxServer) -> None:
    page = httpx2.get(f"{server.url}/")
    assert "default-src 'none'; style-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|<style| style=| on\w+=", page.text)
    (sheet,) = re.findall(r'href="(/[^"]+\.css)"', page.text)
    style = httpx2.get(server.url + sheet)
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in style.text


def test_a_vendor_stands_under_its_slug(server: SandboxServer) -> None:
    assert httpx2.get(f"{server.url}/things").headers["location"] == "/things/"
    assert httpx2.get(f"{server.url}/things/Things").json()[0]["id"] == "1"


def test_an_unknown_vendor_is_told_which_there_are(server: SandboxServer) -> None:
    answer = httpx2.get(f"{server.url}/nobody/")
    assert answer.status_code == 404
    assert answer.text == "No vendor of the sandbox is called 'nobody'. There are: things.\n"


def test_every_installed_provider_with_a_sandbox_is_served() -> None:
    assert "xero" in installed_sandboxes()


def test_a_provider_without_a_sandbox_is_left_out(settings) -> None:
    settings.PROVIDER_APPS = ["integrations.records", "integrations.providers.xero"]
    assert list(installed_sandboxes()) == ["xero"]


def test_one_connection_serves_many_requests(server: SandboxServer) -> None:
    with socket.create_connection(server.server_address[:2]) as connection:
        for _ in range(3):
            connection.sendall(b"GET /things/Things/1 HTTP/1.1\r\nHost: here\r\n\r\n")
            head = connection.recv(65536)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\nContent-Length: " in head


def test_answers_carry_the_time_of_the_clock(server: SandboxServer, later) -> None:
    before = time.time()
    later(86_400)
    stamp = parsedate_to_datetime(httpx2.get(f"{server.url}/things/Things").headers["date"]).timestamp()
    assert 86_399 <= stamp - before <= 86_420


def test_a_big_body_comes_through(things: httpx2.Client) -> None:
    sent = {"text": "x" * 3_000_000}
    assert things.post("/Things", json=sent).json()["sent"] == sent


def test_a_body_without_a_length_or_beyond_reason_is_refused(server: SandboxServer) -> None:
    chunked = httpx2.post(f"{server.url}/things/Things", content=iter([b"{}"]))
    assert (chunked.status_code, chunked.text) == (411, "A body has to come with its Content-Length.")
    with socket.create_connection(server.server_address[:2]) as connection:
        connection.sendall(f"POST /things/Things HTTP/1.1\r\nHost: here\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_requests_at_once_are_answered_at_once(things: httpx2.Client) -> None:
    things.post("/__faults__", json={"kind": "latency", "seconds": 0.3})
    started = time.monotonic()
    threads = [threading.Thread(target=things.get, args=("/Things",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 1.2


def test_closing_ends_connections_that_wait(vendor: ThingVendor) -> None:
    failures: list[httpx2.HTTPError] = []

    def ask(url: str) -> None:
        try:
            httpx2.get(url, timeout=30)
        except httpx2.HTTPError as error:
            failures.append(error)

    with running_sandbox(sandboxes={"things": vendor}) as server:
        vendor.faults.replace({"kind": "timeout"})
        thread = threading.Thread(target=ask, args=(f"{server.url}/things/Things",))
        thread.start()
        while not any(fault.struck for fault in vendor.faults.faults):
            time.sleep(0.005)
        started = time.monotonic()
    thread.join()
    assert time.monotonic() - started < 2
    assert isinstance(failures[0], httpx2.RemoteProtocolError)


def test_a_failing_handler_is_the_sandbox_s_fault(things: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = things.get("/Things/none")
    assert (answer.status_code, answer.text) == (500, "The sandbox failed at this request. Its log says where.")
    assert "the sandbox of things failed at GET /Things/none" in caplog.text


def test_a_taken_port_is_a_clear_error(server: SandboxServer) -> None:
    port = server.server_address[1]
    with pytest.raises(CommandError, match=rf"cannot listen on 127.0.0.1:{port} \(Address already in use\). Give another --port"):
        call_command("sandbox", port=port)
    with pytest.raises(CommandError, match="--port 70000 is no port"):
        call_command("sandbox", port=70000, stdout=StringIO())


def test_the_command_serves_until_it_is_told_to_end() -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "sandbox", "--port", "0"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        greeting = running.stdout.readline()
        try:
            (url,) = re.findall(r"http://\S+/", greeting)
            assert "xero" in httpx2.get(url).text
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
