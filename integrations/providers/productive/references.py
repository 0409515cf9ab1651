"""Our reference in the note of what was written from here: Productive has no other place for it."""

from __future__ import annotations

import re

REFERENCE = re.compile(r"\[(\w+-(?:payment|entitlement|booking|salary)-\w+-\d+)\]")


def with_reference(note: str, reference: str) -> str:
    return f"{without_reference(note)} [{reference}]".strip()


def without_reference(note: str) -> str:
    """The note as people wrote it."""
    return REFERENCE.sub("", note).strip()


def reference_in(note: object) -> str:
    """'' where there is none."""
    found = REFERENCE.search(str(note or ""))
    return found[1] if found else ""
