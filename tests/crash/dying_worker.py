"""A worker that dies or is paused at a given point: run as `python -m tests.crash.dying_worker SIGNAL EVENT [NAME=VALUE …]`. Another
command that works comes after these and `--`.

The points are the events that the core logs anyway (`batch.sending`, `credential.answered` …): a log processor sends the process
SIGKILL or SIGSTOP when it sees the event (the `nth` one, where that is given), so nothing of the core is replaced. SIGSTOP comes from
another process, which looks whether the sleeper is in nobody's way.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any

import django
import structlog
from django.core.management import call_command
from django.db import connection

ASLEEP = "asleep"


def put_to_sleep(pid: int, database: str) -> None:
    """Stop the process, and say so. SQLite lets one write at a time: the process is woken and stopped again while it has that in its hand.
    Raises `TimeoutError` when it does not let go of it."""
    for _try in range(100):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        if not database or _can_be_written(database):
            print(ASLEEP, flush=True)
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)
    raise TimeoutError("The process never sleeps without the database in its hand.")


def _can_be_written(database: str) -> bool:
    opened = sqlite3.connect(database, timeout=0)
    try:
        opened.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        opened.close()
    return True


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
                if name == "SIGSTOP":
                    database = str(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else ""
                    subprocess.run([sys.executable, __file__, str(os.getpid()), database], check=True)
                else:
                    os.kill(os.getpid(), getattr(signal, name))
        return values

    structlog.configure(processors=[strike, *structlog.get_config()["processors"]], cache_logger_on_first_use=False)
    call_command(*command)


if __name__ == "__main__" and sys.argv[1].isdecimal():
    put_to_sleep(int(sys.argv[1]), sys.argv[2])
elif __name__ == "__main__":
    own, _dashes, command = " ".join(sys.argv[1:]).partition(" -- ")
    name, event, *pairs = own.split()
    main(name, event, dict(pair.split("=", 1) for pair in pairs), command.split() or ["worker", "--threads", "1"])
