"""Who leaves may not come in any more: when an import deactivates a person, the membership of the one who signs in as it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.db.models import Q

from accounts.models import Membership
from integrations.records.choices import HrmType
from integrations.records.people import Person

log = structlog.get_logger(__name__)


def end_sign_in(*, kind: str, ids: Sequence[int], changed_by: str, organization_id: int, **_signal: Any) -> None:
    """Receives `records_changed`. Accounts and people stay; the last owner keeps the membership, so that nobody is locked out for good."""
    if kind != "person" or not changed_by.startswith("integration:"):
        return
    people = Person.everywhere.filter(organization_id=organization_id).exclude(hrm_type_id=HrmType.CONTACT)
    gone = Q(deactivated_at__isnull=False) | Q(remote_deleted_at__isnull=False)
    leavers = people.filter(gone, pk__in=ids).values_list("pk", "email", "user_id")
    for leaver, email, user in leavers:
        if email and people.exclude(gone).filter(email__iexact=email).exists():
            continue  # the same human being works here under another record
        for membership in _memberships(organization_id, email, user):
            if membership.is_last_owner:
                log.warning("leaver.is_last_owner", membership=membership.pk)
            else:
                log.info("leaver.membership_ended", membership=membership.pk, person=leaver)
                membership.delete()


def _memberships(organization_id: int, email: str, user: int | None) -> list[Membership]:
    if not user and not email:
        return []
    who = Q(user=user) if user else Q(user__email__iexact=email)
    return list(Membership.everywhere.filter(who, organization_id=organization_id))
