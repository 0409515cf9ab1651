"""Works off what is due, until it is told to stop."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.engine.choice import is_celery
from integrations.engine.local import LocalEngine, work_off_all


class Command(BaseCommand):
    help = "Export, import and refresh whatever is due. SIGTERM and Ctrl-C let it finish what it has in hand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="work off what is due now, then end")
        parser.add_argument("--threads", type=int, default=settings.WORKER_THREADS, help="how many turns at once (default %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["threads"] < 1:
            raise CommandError("--threads must be at least 1.")
        if options["once"]:
            work_off_all()
            return
        self.stderr.write(f"Worker with {options['threads']} threads. Stop it with Ctrl-C.")
        if is_celery():
            from integrations.engine import celery

            celery.work(options["threads"])
        else:
            self._work(LocalEngine(options["threads"]))

    def _work(self, engine: LocalEngine) -> None:
        def stop(signum: int, frame: FrameType | None) -> None:
            self.stderr.write("Finishing what is in hand …")
            engine.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        engine.start()
        engine.join()
