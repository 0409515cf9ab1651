"""Which of the other side's values is probably meant: by code, by rate, by name. Guesses, for a person to confirm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sync.offers import Offer

ALIKE = 0.5
"""The share of letter triples that two names must have in common, 1 being the same name."""


class Suggestions:
    """Suggests among `offers`, each of which is taken apart only once."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._offers = [(offer, _words(offer.name), _triples(offer.name)) for offer in offers if not offer.is_gone]
        self._by_code = {offer.code.casefold(): offer for offer, _w, _t in self._offers if offer.code}

    def of(self, ours: Offer) -> Offer | None:
        """The likeliest counterpart; None where nothing speaks for one, or as much for two."""
        code = str(ours.code or ours.facts.get("code") or "").casefold()
        if code and code in self._by_code:
            return self._by_code[code]
        first = ours.name.casefold().split(maxsplit=1)[0] if ours.name.strip() else ""
        if first in self._by_code:
            return self._by_code[first]
        rate = as_rate(ours.facts.get("rate"))
        candidates = self._offers
        if rate is not None:
            candidates = [found for found in candidates if as_rate(found[0].facts.get("rate")) == rate]
            if len(candidates) == 1:
                return candidates[0][0]
        return _nearest(ours.name, candidates)


def _nearest(name: str, candidates: list[tuple[Offer, frozenset[str], frozenset[str]]]) -> Offer | None:
    words, triples = _words(name), _triples(name)
    best: list[tuple[float, Offer]] = []
    for offer, their_words, their_triples in candidates:
        common = len(triples & their_triples) / (len(triples | their_triples) or 1)
        holds = 0.9 + common / 20 if words and words <= their_words else 0.0
        score = 1.0 if name.casefold().strip() == offer.name.casefold().strip() else max(holds, common)
        if score >= ALIKE:
            best.append((score, offer))
    best.sort(key=lambda found: -found[0])
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    return best[0][1]


def as_rate(value: Any) -> Decimal | None:
    """A percentage, however it is written; None where there is none."""
    if value in (None, ""):
        return None
    try:
        rate = Decimal(str(value).strip().rstrip("%").strip())
    except InvalidOperation:
        return None
    return rate if rate.is_finite() else None


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.casefold()))


def _triples(name: str) -> frozenset[str]:
    words = " ".join(re.findall(r"[^\W_]+", name.casefold()))
    padded = f"  {words} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))
