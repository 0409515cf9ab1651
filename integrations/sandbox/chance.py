"""The one place a sandbox takes its randomness from."""

from __future__ import annotations

import random

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Chance:
    """Ids, tokens and dice. With a `seed` they come out the same again, in the order in which they are asked for."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - repeatable on purpose

    def uuid(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def token(self, characters: int = 43) -> str:
        """A secret that is safe in URLs and headers."""
        return "".join(self._random.choices(ALPHABET, k=characters))

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability
