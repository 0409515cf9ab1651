"""Finds the files to load and opens each as what it is."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext as _

from integrations.records.loading.csv_tables import read_csv
from integrations.records.loading.json_documents import read_json
from integrations.records.loading.rows import Place, Problem, Row
from integrations.records.loading.shapes import models_by_type

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


class NothingToLoad(ValueError):
    """The path as a whole is unusable."""


def find_files(path: Path) -> list[Path]:
    """The file itself, or all loadable files below the directory in the order of their names. Raises NothingToLoad."""
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and _suffix(file) in SUFFIXES)
        if not found:
            raise NothingToLoad(
                _("%(path)s holds no file to load: they end in %(suffixes)s.") % {"path": path, "suffixes": ", ".join(SUFFIXES)}
            )
        return found
    if not path.exists():
        raise NothingToLoad(_("%(path)s does not exist: check the path.") % {"path": path})
    if _suffix(path) not in SUFFIXES:
        raise NothingToLoad(
            _("%(path)s is no file to load: it must end in %(suffixes)s.") % {"path": path, "suffixes": ", ".join(SUFFIXES)}
        )
    return [path]


def read_file(path: Path, advance: Callable[[int], None]) -> Iterator[Row | Problem]:
    """The rows of one file, and its problems; `advance` is told how many bytes of the file were read."""
    try:
        with path.open("rb") as file:
            counted = io.BufferedReader(_Counted(file, advance))
            yield from _read(io.BufferedReader(gzip.GzipFile(fileobj=counted)) if path.suffix == ".gz" else counted, path)
    except (OSError, EOFError, zlib.error) as error:
        yield Problem(
            Place(str(path)), _("The file cannot be read on (%(error)s): check it and its permissions.") % {"error": error}, whole_file=True
        )


def _read(stream: io.BufferedReader[Any], path: Path) -> Iterator[Row | Problem]:
    place = Place(str(path))
    start = stream.peek(3)[:3]
    if not start:
        yield Problem(place, _("The file is empty: get it again, or take it away."), whole_file=True)
    elif start[:2] in _UTF16_MARKS:
        yield Problem(place, _("The file is UTF-16: save it as UTF-8."), whole_file=True)
    elif _suffix(path) == ".csv":
        yield from read_csv(stream, str(path), _type_in(path))
    else:
        if start == _UTF8_MARK:
            stream.read(3)
        yield from read_json(stream, str(path))


def _suffix(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def _type_in(path: Path) -> str | None:
    """The kind that a file's name begins with: `invoices.csv`, `invoices-2024.csv`, `credit_note.csv.gz`."""
    words = re.match(r"[a-z]+(_[a-z]+)*", path.name.lower())
    return words[0] if words and words[0] in models_by_type() else None


class _Counted(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        chunk = self._file.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(chunk)] = chunk
        self._advance(len(chunk))
        return len(chunk)
