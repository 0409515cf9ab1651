"""Writes the skeleton of a new provider."""

from __future__ import annotations

import keyword
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.provider import Category
from integrations.registry import all_providers

SKELETON = Path(__file__).resolve().parent.parent / "skeleton"
SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 40  # characters; as long as the column that keeps it
NOT_A_NAME = {"utils", "helpers", "manager", "service", "data", "info", "process", "test", "tests", "example", "provider", "sandbox"}
OURS_BEGIN_AT, OURS_END_AT = 1001, 32767
"""Type ids that Productive gives out are small; those that are ours stay clear of them."""


class Command(BaseCommand):
    help = "Write the skeleton of a new provider: its directory and that of its tests. The contract suite then says what comes next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name in lower case, such as zoho_books")
        parser.add_argument("--label", help="name for people (default: made of the slug)")
        parser.add_argument("--category", choices=Category.values, default=Category.ACCOUNTING.value, help="default %(default)s")
        parser.add_argument(
            "--type-id", type=int, help=f"Productive's integration_type_id (default: the next of ours, from {OURS_BEGIN_AT})"
        )

        parser.add_argument(
            "--keys", action="store_true", help="it is connected with keys that an admin brings along, not by signing in there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        label = (options["label"] or slug.replace("_", " ").title()).strip()
        folders = {
            SKELETON / "provider": settings.PROVIDERS_DIR / slug,
            SKELETON / "tests": settings.BASE_DIR / "tests" / "providers" / slug,
        }
        check_slug(slug)
        check_label(label)
        for folder in folders.values():
            if folder.exists():
                raise CommandError(f"{folder.relative_to(settings.BASE_DIR)} exists already. Choose another slug, or remove it.")
        words = {
            "slug": slug,
            "label": label,
            "name": "".join(part.title() for part in slug.split("_")),
            "category": Category(options["category"]).name,
            "type_id": str(type_id(options["type_id"])),
            **base_of(Category(options["category"])),
            **sign_in_of(keys=options["keys"]),
        }
        try:
            for skeleton, folder in folders.items():
                write(skeleton, folder, words)
            migrate_and_check(slug)
        except BaseException:
            for folder in folders.values():
                shutil.rmtree(folder, ignore_errors=True)
            raise
        for folder in folders.values():
            self.stdout.write(f"Wrote {folder.relative_to(settings.BASE_DIR)}/")
        self.stdout.write(f"Next: make suite TESTS='tests/contract -k {slug}'")


def check_slug(slug: str) -> None:
    """Raises CommandError that says what is wrong with it."""
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST:
        raise CommandError(f"{slug!r} is no slug: use lower case letters, digits and single underscores, such as zoho_books.")
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug):
        raise CommandError(f"{slug!r} is a word of Python. Choose another slug.")
    if slug in NOT_A_NAME or not NOT_A_NAME.isdisjoint(slug.split("_")):
        raise CommandError(f"{slug!r} says nothing of the vendor. Choose the vendor's own name.")
    if slug in all_providers() or slug in apps.app_configs:
        raise CommandError(f"{slug!r} is taken by another app. Choose another slug.")


def check_label(label: str) -> None:
    if not label or len(label) > LONGEST or not label.isprintable() or set(label) & set('"\\{}$'):
        raise CommandError(f"{label!r} is no name for people: up to {LONGEST} characters, without quotes, braces and backslashes.")


def type_id(wanted: int | None) -> int:
    """The id that was asked for, or the next of ours. Raises CommandError when it is taken or cannot be stored."""
    taken = {provider.type_id: provider.label for provider in all_providers().values()}
    if wanted is None:
        return max([OURS_BEGIN_AT - 1, *(number for number in taken if number >= OURS_BEGIN_AT)]) + 1
    if wanted in taken:
        raise CommandError(f"Type id {wanted} is {taken[wanted]}'s. Leave --type-id out to take the next free one.")
    if not 1 <= wanted <= OURS_END_AT:
        raise CommandError(f"--type-id {wanted} is out of range: give a number from 1 to {OURS_END_AT}.")
    return wanted


def base_of(category: Category) -> dict[str, str]:
    """What its model derives from."""
    if category == Category.ACCOUNTING:
        return {"base": "AccountingIntegration", "base_module": "integrations.models.accounting"}
    return {"base": "Integration", "base_module": "integrations.models.integration"}


def sign_in_of(*, keys: bool) -> dict[str, str]:
    """How it is connected."""
    if keys:
        return {"auth_module": "token", "auth_class": "Token", "auth": "Token(asks=(), headers=lambda given: {})"}
    return {"auth_module": "oauth2", "auth_class": "OAuth2", "auth": 'OAuth2(authorize_url="", token_url="")'}


def write(skeleton: Path, folder: Path, words: dict[str, str]) -> None:
    """Fill in every file of a skeleton; the logo goes where Django looks for it."""
    for source in sorted(skeleton.rglob("*.txt")):
        place = source.relative_to(skeleton).with_suffix("")
        target = folder / (Path("static") / words["slug"] / place.name if place.suffix == ".svg" else place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")


def migrate_and_check(slug: str) -> None:
    """Write the first migration and see that the installation accepts the new app: `makemigrations` looks at all of it before.

    Raises CommandError with its words.
    """
    for arguments in (["makemigrations", slug], ["makemigrations", "--check", "--dry-run", slug]):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandError(
                f"manage.py {' '.join(arguments)} failed with the new provider: {done.stderr.strip() or done.stdout.strip()}"
            )
