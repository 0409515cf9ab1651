"""The catalogue of translations. `make messages` brings it up to date: new texts come in empty, those that are gone leave.

Babel reads and writes it, so that nothing has to be installed beside Python; what a template translates is found with
Django's own `templatize`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parents[2]
LOCALE = "de"
PO = BASE_DIR / "config" / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")

SOURCES = ("accounts", "config", "integrations", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def from_template(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """An extraction method of Babel: templatize leaves calls of gettext, on lines of whatever indentation the template has."""
    lines = templatize(file.read().decode()).splitlines()
    return extract_python(BytesIO("\n".join(line.lstrip() for line in lines).encode()), keywords, comment_tags, options)


METHODS: list[tuple[str, Any]] = [
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**.html", from_template),
    ("**/mail/*.txt", from_template),
]


def texts() -> Catalog:
    """Every text that the source has now."""
    found = Catalog()
    for source in SOURCES:
        for name, _line, text, _comments, context in extract_from_dir(BASE_DIR / source, METHODS, keywords=KEYWORDS):
            found.add(text, locations=[(f"{source}/{name}", 1)], context=context)
    return found


def stored() -> Catalog:
    """What is translated, as translators edit it."""
    with PO.open("rb") as file:
        return read_po(file, locale=LOCALE, domain="django")


def compiled() -> Catalog:
    """What is translated, as Django reads it."""
    with MO.open("rb") as file:
        return read_mo(file)


def forms(message: Message) -> list[tuple[str, str]]:
    """Each text with its translation: one pair, or those of one and of many."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string or ""))]
    return list(zip(message.id, message.string or ("", ""), strict=True))


def is_translated(message: Message) -> bool:
    return not message.fuzzy and all(translation for _text, translation in forms(message))


def main() -> None:
    catalogue, found = stored(), texts()
    found.creation_date = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True)
    with PO.open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    with MO.open("wb") as file:
        write_mo(file, catalogue)
    missing = [message for message in catalogue if message.id and not is_translated(message)]
    for message in missing:
        print(f"Not translated: {forms(message)[0][0]}")
    if missing:
        sys.exit(f"{len(missing)} texts wait for a translation in {PO.relative_to(BASE_DIR)}. Translate them, then run this once more.")


if __name__ == "__main__":
    main()
