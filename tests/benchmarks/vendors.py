"""The simulated vendors in a process of their own, so that their memory is not counted: `python -m tests.benchmarks.vendors`.

Its first line says where they are. After that it is told what people do there: a JSON list a line, the name of a function of
`tests.crowds`, the vendor, and the function's arguments. It answers each with how often the vendor was called, and the keys to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Vendors:
    """The other end: what the benchmark tells and asks the vendors."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._answer()

    def have(self, function: str, slug: str, *arguments: Any, **named: Any) -> dict[str, str]:
        """Have people do something there; the keys that let somebody in then."""
        keys: dict[str, str] = self._tell(function, slug, arguments, named)["keys"]
        return keys

    def calls(self, slug: str) -> int:
        """How many the vendor has got so far."""
        return int(self._tell("", slug, [], {})["calls"])

    def _tell(self, *what: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The vendors are gone.")
        return line.strip()


@contextmanager
def running_vendors(*slugs: str) -> Iterator[Vendors]:
    command = [sys.executable, "-m", "tests.benchmarks.vendors", *slugs]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Vendors(process)
        finally:
            process.terminate()


def main(*slugs: str) -> None:
    import django

    django.setup()
    from integrations.sandbox.server import installed_sandboxes, running_sandbox
    from tests import crowds

    with running_sandbox(sandboxes=installed_sandboxes(*slugs)) as server:
        print(server.url, flush=True)
        for line in sys.stdin:
            function, slug, arguments, named = json.loads(line)
            sandbox = server.sandboxes[slug]
            with sandbox.lock:
                if function == "reset":
                    sandbox.reset(*arguments)
                elif function:
                    getattr(crowds, function)(sandbox, *arguments, **named)
                print(json.dumps({"calls": sandbox.requests.total, "keys": crowds.KEYS[slug](sandbox)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
