"""Runs everything that trying Patchbay out needs, on this machine, until it is told to stop."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.auth.environment import variable
from integrations.registry import all_providers

HOST = "127.0.0.1"
STOP_SECONDS = 30
GUNICORN = "gunicorn config.wsgi --worker-class gthread --workers 2 --threads 4 --no-control-socket --log-level warning"


class Command(BaseCommand):
    help = "Prepare database and demo, then run the sandbox, a worker and the web server until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web server (default %(default)s)")
        parser.add_argument("--sandbox-port", type=int, default=8900, help="port of the simulated vendors (default %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        web, sandbox = options["port"], options["sandbox_port"]
        if web == sandbox:
            raise CommandError("The web server and the sandbox need a port each.")
        require_free(web, "PORT", "--port")
        require_free(sandbox, "SANDBOX_PORT", "--sandbox-port")
        environment = {
            "LOG_LEVEL": "WARNING",
            "LOG_JSON": "false",
            **webhook_keys(),
            **os.environ,
            "PUBLIC_URL": f"http://{HOST}:{web}",
            "SANDBOX_URL": f"http://{HOST}:{sandbox}",
        }
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        servers: dict[str, subprocess.Popen[str]] = {}
        try:
            self.stdout.write("Preparing the database and the demo …")
            manage(environment, "migrate", "--verbosity", "0")
            story = manage(environment, "demo")
            servers["sandbox"] = start(environment, "manage.py", "sandbox", "--host", HOST, "--port", str(sandbox))
            wait_for(servers, [sandbox])
            manage(environment, "demo", "--switch-on")
            servers["worker"] = start(environment, "manage.py", "worker")
            servers["web server"] = start(environment, "-m", *GUNICORN.split(), "--bind", f"{HOST}:{web}")
            wait_for(servers, [web])
            self.stdout.write(f"\n{story}\nThe simulated vendors: {environment['SANDBOX_URL']}/\nCtrl-C stops everything.")
            self.stdout.flush()
            while True:
                time.sleep(0.5)
                require_running(servers)
        except KeyboardInterrupt:
            self.stdout.write("Stopping …")
        finally:
            stop(list(servers.values()))


def webhook_keys() -> dict[str, str]:
    """A key for each vendor that calls us, known to the vendor's simulation and to ourselves alone."""
    slugs = [provider.slug for provider in all_providers().values() if provider.webhook]
    return {variable(slug, "WEBHOOK_KEY"): secrets.token_urlsafe(24) for slug in slugs}


def require_free(port: int, variable: str, option: str) -> None:
    """Raises CommandError with the cure when the port cannot be listened on."""
    if not 1 <= port <= 65535:
        raise CommandError(f"{option} {port} is no port: give a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            cure = f"Choose another: make run {variable}={port + 1}, or {option} {port + 1}."
            raise CommandError(f"Port {port} cannot be used ({error.strerror}). {cure}") from None


def wait_for(servers: Mapping[str, subprocess.Popen[str]], ports: Sequence[int]) -> None:
    """Returns when every port answers. Raises CommandError when a server ends before."""
    while not all(answers(port) for port in ports):
        require_running(servers)
        time.sleep(0.1)


def require_running(servers: Mapping[str, subprocess.Popen[str]]) -> None:
    for name, server in servers.items():
        if server.poll() is not None:
            raise CommandError(f"The {name} ended by itself (status {server.returncode}); what it said stands above.")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What a command prints. Raises CommandError with its words when it fails."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise CommandError(f"manage.py {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def start(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """A server in a session of its own, so that Ctrl-C reaches us alone and the order of stopping is ours."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments], cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )


def stop(servers: Sequence[subprocess.Popen[str]]) -> None:
    """The last one first; a worker may finish what it has in hand. Whoever takes too long is killed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for server in reversed(servers):
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
