"""A worker that dies or is paused at a given point: run as `python -m tests.crash.dying_worker SIGNAL EVENT [NAME=VALUE …]`. Another
command that works comes after these and `--`.

The points are the events that the core logs anyway (`batch.sending`, `credential.answered` …): a log processor sends the process
SIGKILL or SIGSTOP when it sees the event (the `nth` one, where that is given), so nothing of the core is replaced.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django
import structlog
from django.core.management import call_command
from django.db import connection, transaction


def main(name: str, event: str, wanted: dict[str, str], command: list[str]) -> None:
    os.environ["LOG_LEVEL"] = "DEBUG"
    django.setup()
    nth = int(wanted.pop("nth", "1"))
    seen = 0

    def strike(logger: Any, method: str, values: dict[str, Any]) -> dict[str, Any]:
        nonlocal seen
        if values.get("event") == event and all(str(values.get(key)) == value for key, value in wanted.items()):
            seen += 1
            if seen == nth:
                if not connection.in_atomic_block:
                    with transaction.atomic():
                        pass  # SQLite lets one write at a time: no other thread of this process is asleep with the database in its hand
                os.kill(os.getpid(), getattr(signal, name))
        return values

    structlog.configure(processors=[strike, *structlog.get_config()["processors"]], cache_logger_on_first_use=False)
    call_command(*command)


if __name__ == "__main__":
    own, _dashes, command = " ".join(sys.argv[1:]).partition(" -- ")
    name, event, *pairs = own.split()
    main(name, event, dict(pair.split("=", 1) for pair in pairs), command.split() or ["worker", "--threads", "1"])
