"""Serve the simulated vendor world until it is interrupted."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.sandbox.server import SandboxServer, installed_sandboxes


class Command(BaseCommand):
    help = "Serve the sandboxes of all installed providers, for trying out and for tests."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8900, help="the port to listen on; 0 takes any free one (default: 8900)")
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1, this machine only)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not 0 <= port <= 65535:
            raise CommandError(f"--port {port} is no port: give a number from 0 to 65535.")
        try:
            server = SandboxServer(installed_sandboxes(), host, port)
        except OSError as error:
            raise CommandError(f"The sandbox cannot listen on {host}:{port} ({error.strerror}). Give another --port or --host.") from error
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: threading.Thread(target=server.close).start())
        self.stdout.write(f"The sandbox is at {server.url}/ with {', '.join(server.sandboxes) or 'no vendor'}. Ctrl-C ends it.")
        self.stdout.flush()
        server.serve_forever(poll_interval=0.2)
