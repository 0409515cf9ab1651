"""What the one HTTP seam costs: our own CPU for one call against the bare library's, with a vendor in a process of its own.

    python -m tests.benchmarks.bench_http

Prints one line and fails when the ratio is above its bound.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

VENDOR = r"""
import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            self.wfile.write(ANSWER)
body = b"[" + b",".join(b'{"id": "%d", "total": 12.5}' % number for number in range(50)) + b"]"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: r\r\nContent-Length: %d\r\n\r\n" % len(body) + body
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
PAYLOAD = b"[" + b",".join(b'{"number": "%d", "total": 12.5, "lines": [1, 2, 3]}' % number for number in range(50)) + b"]"
HEADERS = {"authorization": "Bearer " + "x1" * 400, "tenant": "7", "content-type": "application/json"}


ROUNDS, BOUND = 5, 1.5


@contextmanager
def vendor() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", VENDOR], stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.kill()


def cost(call: Callable[[], object], times: int = 150) -> float:
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times


def measure(port: int) -> tuple[float, float]:
    """Seconds of CPU for a read and a write: ours, and the bare library's. The best round of each, as noise only adds."""
    from integrations.http import pool
    from integrations.http.client import Http

    base = f"http://127.0.0.1:{port}"
    ours = Http(base, headers=lambda: HEADERS, allowed=frozenset({("127.0.0.1", port)}))
    with httpx2.Client(base_url=base, headers=HEADERS) as bare:
        rounds = [
            (
                cost(lambda: ours.get("/x", params={"page": "1"})) + cost(lambda: ours.send("PUT", "/x", content=PAYLOAD)),
                cost(lambda: bare.get("/x", params={"page": "1"})) + cost(lambda: bare.put("/x", content=PAYLOAD)),
            )
            for _ in range(ROUNDS)
        ]
    pool.close()
    return min(ours for ours, _ in rounds), min(bare for _, bare in rounds)


def main() -> int:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    with vendor() as port:
        ours, bare = measure(port)
    print(f"a read and a write: {ours * 1e6:.0f} µs of CPU, bare httpx2 {bare * 1e6:.0f} µs, ratio {ours / bare:.2f}, bound {BOUND}")
    return int(ours / bare > BOUND)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main())
