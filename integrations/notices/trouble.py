"""What can go wrong in sending a notice."""

from __future__ import annotations


class NotTaken(Exception):
    """The other side did not take a notice. `is_of_this_one`: others may be taken all the same."""

    def __init__(self, message: str, *, is_of_this_one: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.is_of_this_one = is_of_this_one
