"""How documents name the organization's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from integrations.records.base import Record
from integrations.records.kinds import Kind
from integrations.settings_file.change import Unfit
from integrations.sync.offers import Offers

KEYS = frozenset({"name", "productive_id"})


def reference(offers: Offers, kinds: Sequence[Kind], pk: int | str) -> dict[str, str] | None:
    """`{"name": …, "productive_id": …}`; None when there is no such record any more."""
    record = next((found for kind in kinds if (found := offers.records(kind.name).get(int(pk)))), None)
    if record is None:
        return None
    return {"name": str(record), **({"productive_id": record.productive_id} if record.productive_id else {})}


def find(offers: Offers, kinds: Sequence[Kind], reference: Any) -> Record:
    """The record that a document means: by its Productive id, else the only one of that name. Raises Unfit."""
    wanted = _checked(reference)
    records = [record for kind in kinds for record in offers.records(kind.name).values()]
    if number := wanted.get("productive_id"):
        for record in records:
            if record.productive_id == number:
                return record
    words = {"kind": kinds[0].label, "kinds": kinds[0].label_plural, **wanted}
    if "name" not in wanted:
        raise Unfit(_("There is no %(kind)s with the Productive id %(productive_id)s here. Correct it, or give the name.") % words)
    named = [record for record in records if str(record) == wanted["name"] and record.remote_deleted_at is None]
    if not named:
        raise Unfit(_("There is no %(kind)s “%(name)s” here. Create it first, or correct the name.") % words)
    if len(named) > 1:
        raise Unfit(_("Several %(kinds)s are called “%(name)s”. Give the Productive id of the one that is meant.") % words)
    return named[0]


def _checked(reference: Any) -> dict[str, str]:
    if isinstance(reference, Mapping) and reference and set(reference) <= KEYS:
        texts = {key: str(value) for key, value in reference.items() if type(value) in {str, int} and value}
        if len(texts) == len(reference):
            return texts
    raise Unfit(_("A record is an object with its “name”, its “productive_id”, or both."))
