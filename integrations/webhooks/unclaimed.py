"""What was told of accounts that nobody here is connected to, and what could not be read: kept for operators, but never without bound."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Length

from integrations.models import Delivery

MOST_ROWS, MOST_BYTES = 1_000, 10_000_000
"""Of one vendor. A day's worth of a mistake is enough to find it by."""


@transaction.atomic
def forget_oldest(slug: str) -> int:
    """Delete all but the newest of the vendor, as many as may be kept; returns how many went."""
    kept, size, beyond = 0, 0, []
    rows = Delivery.everywhere.filter(slug=slug, integration=None).order_by("-pk")
    for pk, length in rows.annotate(length=Length(F("body"))).values_list("pk", "length"):
        kept, size = kept + 1, size + length
        if kept > MOST_ROWS or size > MOST_BYTES:
            beyond.append(pk)
    if not beyond:
        return 0
    locked = rows.filter(pk__in=beyond).select_for_update(skip_locked=True)  # several requests at once delete each row once
    gone, _by_model = Delivery.everywhere.filter(pk__in=list(locked.values_list("pk", flat=True))).delete()
    return gone
