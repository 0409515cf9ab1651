"""What the operator sets for one provider: `<SLUG>_CLIENT_ID`, `<SLUG>_BASE_URL` and their like."""

from __future__ import annotations

import environ
from django.utils.translation import gettext as _

from integrations.errors import ConfigProblem

_env = environ.Env()


def variable(slug: str, name: str) -> str:
    return f"{slug.upper()}_{name}"


def read(slug: str, name: str, default: str | None = None) -> str:
    """The value of `<SLUG>_<name>`; unset and empty are the same. Raises `ConfigProblem` naming it when there is no default."""
    value: str = _env.str(variable(slug, name), default="").strip()
    if value:
        return value
    if default is not None:
        return default
    raise ConfigProblem(
        _("%(variable)s is not set.") % {"variable": variable(slug, name)},
        field=variable(slug, name),
        advice=_("The operator sets it in the environment, as the vendor shows it for this installation's app."),
    )
