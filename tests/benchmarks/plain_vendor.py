"""A vendor that takes companies fifty at a time and does nothing else, so that what is measured against it is the engine alone.

python -m tests.benchmarks.plain_vendor SECONDS     serves it, so many seconds away, and prints its port
python -m tests.benchmarks.plain_vendor worker N    a worker with N threads for it
"""

from __future__ import annotations

import json
import socketserver
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

BATCH = 50
PATH = "/companies"


def serve(latency: float) -> None:
    class Connection(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while self.rfile.readline():
                length = 0
                while (line := self.rfile.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                rows = json.loads(self.rfile.read(length))
                time.sleep(latency)
                body = json.dumps([{"id": row["reference"], "name": row["name"]} for row in rows]).encode()
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
                self.wfile.write(head + body)

    class Server(socketserver.ThreadingTCPServer):
        request_queue_size = 64
        daemon_threads = True

    with Server(("127.0.0.1", 0), Connection) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


def build(copy: Any, company: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"reference": copy.reference, "name": company.name, "vat": company.vat, "currency": company.default_currency}, {}


def create(http: Any, drafts: Sequence[Any], key: str) -> Sequence[Any]:
    from integrations.provider import Done

    rows = http.send("PUT", PATH, json=[draft.payload for draft in drafts], headers={"idempotency-key": key}).decode(list[dict[str, str]])
    return [Done(remote_id=row["id"], number=row["name"]) for row in rows]


def declare() -> None:
    """Have integrations of the one provider that signs in be this vendor's, in this process."""
    from dataclasses import replace

    from integrations.auth.hosts import Hosts
    from integrations.http.limits import Limits
    from integrations.models import Integration
    from integrations.provider import Export
    from integrations.registry import get

    companies = Export(
        kind="company", label="Companies", build=build, create=create, batch_size=BATCH, key_window=timedelta(minutes=5), exclusive=False
    )
    plain = replace(
        get("xero"),
        hosts=Hosts(api="https://plain.example"),
        headers=lambda integration: {},
        read_error=lambda response: None,
        exports=(companies,),
        imports=(),
        options=(),
        reconciliations=(),
        limits=Limits(),
        client=lambda http, *_: http,
    )
    Integration.declaration = property(lambda integration: plain)  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    if sys.argv[1] != "worker":
        serve(float(sys.argv[1]))
    import django

    django.setup()
    declare()
    from django.core.management import call_command

    call_command("worker", threads=int(sys.argv[2]))
