"""What the commands about an integration share: finding it, speaking JSON or words, and saying what is wrong."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from accounts.tenancy import within
from integrations import clock
from integrations.errors import ProviderError
from integrations.models import Connection, Integration, Run
from integrations.sync.turns import next_due_at, take_turn

LONGEST_NAP = timedelta(seconds=1)


class IntegrationCommand(BaseCommand, ABC):
    """A command about one integration, run inside its organization. Subclasses implement `act`.

    Bad input and trouble with the vendor end in a clear error and exit status 1. With `--json`, `act` returns what is
    printed as the one JSON document on stdout; progress goes to stderr.
    """

    speaks_json = True
    requires_migrations_checks = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the integration's id, as `manage.py integrations` lists it")
        if self.speaks_json:
            parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        with self.clear_errors():
            integration = Integration.everywhere.select_related("organization").filter(pk=options["id"]).first()
            if integration is None:
                raise CommandError(f"There is no integration {options['id']}. `manage.py integrations` lists them.")
            with within(integration.organization):
                result = self.act(integration, options)
        if options.get("json"):
            self.stdout.write(json.dumps(result, indent=2, default=str))

    @abstractmethod
    def act(self, integration: Integration, options: dict[str, Any]) -> Any:
        """Do it; what is returned is what `--json` prints."""

    def say(self, options: dict[str, Any], text: str) -> None:
        """Print for people; silent with `--json`."""
        if not options.get("json"):
            self.stdout.write(text)

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        try:
            yield
        except ProviderError as error:
            raise CommandError(" ".join(filter(None, [error.message, str(error.advice)]))) from None
        except OperationalError as error:
            raise CommandError(f"The database does not answer, or takes nothing more; what was under way was not saved: {error}") from None

    def work_off(self, run: Run) -> None:
        """Take the integration's turns in this process until the run is finished, with its progress on stderr."""
        show = sys.stderr.isatty()
        while True:
            run.refresh_from_db()
            if run.is_finished:
                break
            connection = Integration.everywhere.non_polymorphic().values_list("connection", flat=True).get(pk=run.integration_id)
            if connection != Connection.CONNECTED:
                raise CommandError(f"The integration is not connected ({connection}); run {run.pk} waits until it is.")
            if not take_turn(run.integration_id):
                due = next_due_at(run.integration_id)
                pause = LONGEST_NAP if due is None else min(LONGEST_NAP, max(due - clock.now(), timedelta(milliseconds=20)))
                clock.sleep(pause)
            if show:
                self.stderr.write(f"\rrun {run.pk}: {self.progress(run)}", ending="")
        if show:
            self.stderr.write("")

    def progress(self, run: Run) -> str:
        left = run.items.filter(state__in=("waiting", "sending", "uncertain")).count()
        return f"{left} left"


def require_connection(integration: Integration) -> None:
    """Raises CommandError with the cure when the integration cannot call its vendor."""
    if not integration.can_work:
        raise CommandError(f"“{integration}” is not connected ({integration.connection}). Connect it: manage.py connect {integration.pk}")
