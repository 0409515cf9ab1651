"""Before something is written over: whether Productive still has what both sides had last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.errors import Rejected
from integrations.provider import Choice, Copy

OURS = "ours"
OVERWRITE = Choice(
    name="conflict",
    label=gettext_lazy("When both sides changed it"),
    values=((OURS, gettext_lazy("Write what is here")),),
)
INCIDENTAL = ("agreed", "overwrites")
"""Parts of a payload that say nothing of the record."""


def terms(copy: Copy, ours: Mapping[str, Any]) -> dict[str, Any]:
    """What a payload carries to be compared by: what is ours by column, as it is kept in JSON, and what both sides had."""
    agreed = {name: copy.agreed[name] for name in ours if name in copy.agreed}
    return {"ours": dict(ours), "agreed": agreed, "overwrites": copy.choices.get(OVERWRITE.name) == OURS}


def conflict(payload: Mapping[str, Any], there: Mapping[str, Any], *, is_pay: bool = False) -> Rejected | None:
    """What speaks against writing: somebody has changed it there since; None when nothing does, or a person has decided.

    Pay is not told: whoever may see what became of a copy may not see all of it.
    """
    ours, agreed = payload["ours"], payload["agreed"]
    changed = {
        name: there.get(name) for name, value in ours.items() if _said(there.get(name)) not in {_said(value), _said(agreed.get(name)), ""}
    }
    if not changed or payload["overwrites"]:
        return None
    text = _("%(name)s is another one there.") if is_pay else _("%(name)s: here “%(here)s”, there “%(there)s”.")
    said = [text % {"name": name, "here": ours[name], "there": changed[name]} for name in changed]
    return Rejected(
        _("Both sides changed it. %(said)s") % {"said": " ".join(said)},
        field=next(iter(changed)),
        advice=_("Correct it in Productive, or copy it once more and choose “Write what is here”."),
    )


def _said(value: Any) -> str:
    """Nothing, no and never are one."""
    return "" if value in (None, False) else str(value)
