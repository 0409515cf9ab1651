"""Changes to a value mapping, row by row: only what its reader changed, and nothing that somebody else changed meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.sync.offers import Offers, Side

NOTHING = "-"
"""Chosen for many rows at once: none of them has an entry of its own."""


@dataclass(frozen=True)
class Patch:
    """The row of `key` was shown with the value `was` and is to have `value`; '' means no entry."""

    key: str
    was: str
    value: str


@dataclass
class Patched:
    """`mapping` as it is now; `changed` keys, and by key what was not written: `errors` in words, `conflicts` with the newer value."""

    mapping: dict[str, str]
    changed: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, str] = field(default_factory=dict)


def read_patches(name: str, data: Mapping[str, Any]) -> list[Patch]:
    """The rows of the mapping `name` that a form brought: `<name>.row.<key>`, `<name>.was.<key>`, and many at once:
    `<name>.all` for the ticked `<name>.tick`.
    """
    row, was = f"{name}.row.", f"{name}.was."
    chosen = {key.removeprefix(row): str(value) for key, value in data.items() if key.startswith(row)}
    shown = {key.removeprefix(was): str(value) for key, value in data.items() if key.startswith(was)}
    if for_all := str(data.get(f"{name}.all", "")):
        ticked = data.getlist(f"{name}.tick") if hasattr(data, "getlist") else []
        chosen |= dict.fromkeys(map(str, ticked), "" if for_all == NOTHING else for_all)
    return [Patch(key, shown.get(key, ""), value) for key, value in chosen.items() if value != shown.get(key, "")]


def apply(mapping: Mapping[str, str], patches: Collection[Patch], keys: Collection[str], offers: Offers, to: Side) -> Patched:
    """Apply to the mapping as it is stored now what fits it: rows of `keys`, with values that can be chosen."""
    patched = Patched(dict(mapping))
    for patch in patches:
        stored = mapping.get(patch.key, "")
        if patch.key not in keys:
            patched.errors[patch.key] = _("There is no such row.")
        elif patch.value == stored:
            continue
        elif patch.value and not offers.can_choose(to, patch.value):
            text = _("“%(value)s” is not among the options. Refresh the list, or choose another one.")
            patched.errors[patch.key] = text % {"value": patch.value[:100]}
        elif stored != patch.was:
            patched.conflicts[patch.key] = stored
        else:
            patched.changed.append(patch.key)
            if patch.value:
                patched.mapping[patch.key] = patch.value
            else:
                patched.mapping.pop(patch.key, None)
    return patched
