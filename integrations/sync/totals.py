"""The totals of a record here, compared with those of its copy."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES: dict[str, str | Promise] = {"net": gettext_lazy("net"), "tax": gettext_lazy("tax"), "total": gettext_lazy("total")}


def total_name(name: str) -> str:
    """What people call a total that payloads call `name`."""
    return str(NAMES.get(name, name))


def difference(expected: Mapping[str, Decimal], actual: Mapping[str, Decimal]) -> str:
    """Where the vendor's totals are not ours, in words; '' where they agree to the cent."""
    return ", ".join(
        _("%(name)s: %(here)s here, %(there)s there") % {"name": total_name(name), "here": expected[name], "there": there}
        for name, there in actual.items()
        if name in expected and expected[name] != there
    )
