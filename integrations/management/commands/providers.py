"""Lists the installed providers, and keeps the README's table of them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.provider import Provider
from integrations.records.kinds import get_kind
from integrations.registry import all_providers

BEGIN, END = "<!-- providers: manage.py providers --readme -->", "<!-- /providers -->"
HEAD = ("Provider", "For", "Slug", "Type id", "Goes out", "Comes in")


class Command(BaseCommand):
    help = "List the installed providers and what they move."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--readme", action="store_true", help="bring the table in README.md up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["readme"]:
            self.stdout.write(table())
            return
        readme = settings.BASE_DIR / "README.md"
        try:
            text = readme.read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{readme} cannot be read ({error.strerror}).") from None
        if text.count(BEGIN) != 1 or text.count(END) != 1:
            raise CommandError(f"{readme} needs one line {BEGIN!r} and, below, one line {END!r}: the table goes between them.")
        readme.write_text(with_table(text), encoding="utf-8")


def table() -> str:
    """The installed providers as a table in Markdown."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_row(provider) for provider in all_providers().values())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_table(text: str) -> str:
    """The README with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _row(provider: Provider) -> tuple[str, ...]:
    return (
        provider.label,
        str(provider.category.label),
        f"`{provider.slug}`",
        f"{provider.type_id} ({'published' if provider.type_id_is_published else 'ours'})",
        ", ".join(str(get_kind(export.kind).label_plural) for export in provider.exports if not export.step) or "–",
        ", ".join(str(declared.label).lower() for declared in provider.imports) or "–",
    )
