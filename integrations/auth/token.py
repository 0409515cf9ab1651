"""Signing in with secrets that an admin brings along: an API key, a subdomain and a key, a pair of keys."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _

from integrations.errors import ConfigProblem

if TYPE_CHECKING:
    from django.utils.functional import Promise


@dataclass(frozen=True)
class SecretInput:
    """One thing that is asked before connecting. `pattern` has to match the whole of it; what is not `secret` may be shown again."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    secret: bool = True
    pattern: str = ""

    def read(self, given: str) -> str:
        """Without the blanks of copying. Raises `ConfigProblem` that names the field and never quotes it."""
        value = given.strip()
        if not value:
            raise ConfigProblem(_("%(field)s is needed.") % {"field": self.label}, field=self.name)
        if not value.isprintable() or (self.pattern and not re.fullmatch(self.pattern, value)):
            message = _("%(field)s does not look right: check that it was copied completely.")
            raise ConfigProblem(message % {"field": self.label}, field=self.name)
        return value


@dataclass(frozen=True)
class Token:
    """`headers` makes the headers of a call of what was asked, by the names of what `asks` names. `account` names the one that holds the
    id of the account at the vendor, where one is asked for: it becomes the integration's `realm_id`.
    """

    kind: ClassVar[str] = "token"
    asks: tuple[SecretInput, ...]
    headers: Callable[[Mapping[str, str]], Mapping[str, str]]
    account: str = ""
    label: str | Promise = ""
    about: str | Promise = ""


def answers(asks: Iterable[SecretInput], given: Mapping[str, str]) -> dict[str, str]:
    """What is kept of a filled-in form. Raises `ConfigProblem` for the first thing asked that is wrong."""
    return {wanted.name: wanted.read(given.get(wanted.name, "")) for wanted in asks}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
