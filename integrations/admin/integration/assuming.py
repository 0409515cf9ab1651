"""What a look at an export takes for granted: choices that people make for each copy."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from integrations.mappings.fields import Theirs
from integrations.provider import Choice, Export
from integrations.sync.readiness import Readiness


@dataclass(frozen=True)
class Assumed:
    """The first value of every choice that has to be made, and the same in words."""

    choices: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def assumed(readiness: Readiness, export: Export) -> Assumed:
    found = Assumed()
    for choice in export.choices:
        if not choice.required(readiness.integration):
            continue
        if first := next(iter(_offered(readiness, choice)), None):
            found.choices[choice.name] = first[0]
            found.said.append(_("“%(choice)s” is taken to be “%(value)s”.") % {"choice": choice.label, "value": first[1]})
    return found


def _offered(readiness: Readiness, choice: Choice) -> list[tuple[str, str | Promise]]:
    if not choice.source:
        return list(choice.values)
    offers = readiness.offers.of(Theirs(choice.source, choice.use)).values()
    return [(offer.value, offer.label) for offer in offers if not offer.is_gone]
