"""The bytes of a settings file: read as JSON that a database can keep, and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from integrations.settings_file.change import Unfit

MOST_BYTES = 1_000_000


def read(raw: bytes) -> Any:
    """The document in a file. Raises Unfit."""
    if len(raw) > MOST_BYTES:
        words = {"size": f"{len(raw):,}", "most": f"{MOST_BYTES:,}"}
        raise Unfit(_("The file has %(size)s bytes; a settings file has at most %(most)s. Choose another one.") % words)
    try:
        document = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Unfit(_("The file is no text in UTF-8. Choose one that was downloaded as a settings file.")) from None
    except json.JSONDecodeError as error:
        words = {"line": str(error.lineno), "column": str(error.colno)}
        raise Unfit(_("The file is no JSON: it cannot be read from line %(line)s, column %(column)s on.") % words) from None
    except RecursionError:
        raise Unfit(_("The file is nested too deeply. Choose one that was downloaded as a settings file.")) from None
    except Unfit:
        raise
    except ValueError:
        raise Unfit(_("The file has a number with too many digits. Correct it.")) from None
    if any(_is_broken(text) for text in _texts(document)):
        raise Unfit(_("The file has a character that no text may have. Remove it."))
    return document


def written(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit(_("“%(name)s” stands in the same object twice. Remove one of them.") % {"name": twice[:100]})
    return found


def _no_constant(name: str) -> None:
    raise Unfit(_("%(name)s is no value in JSON. Correct it.") % {"name": name})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _is_broken(text: str) -> bool:
    """Whether no database keeps it: for a zero, or half of a pair of surrogates."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)
