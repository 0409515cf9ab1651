"""A worker that dies at a given point: run as `python -m tests.crash.dying_worker EVENT`.

The points are the events that the core logs anyway (`batch.sending`, `batch.answered` …): a log processor kills the process
with SIGKILL when it sees the event, so nothing of the core is replaced.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django
import structlog


def main(event: str) -> None:
    os.environ["LOG_LEVEL"] = "INFO"
    django.setup()

    def die(logger: Any, method: str, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("event") == event:
            os.kill(os.getpid(), signal.SIGKILL)
        return values

    structlog.configure(processors=[die, *structlog.get_config()["processors"]], cache_logger_on_first_use=False)
    from integrations.engine.local import work_off_all

    work_off_all()


if __name__ == "__main__":
    main(sys.argv[1])
