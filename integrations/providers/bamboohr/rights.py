"""What can be seen, and whether what the settings name is there still: checks of the connection, and what is looked after daily."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import clock
from integrations.errors import Rejected
from integrations.findings import Finding
from integrations.provider import Check
from integrations.providers.bamboohr.client import COLUMNS, BambooClient
from integrations.providers.bamboohr.custom_fields import misfits
from integrations.upkeep import Looked, Upkeep

EVERY = timedelta(days=1)
NO_ADMIN = gettext_lazy("Whoever it was connected as is no admin in BambooHR: only that person's own time off can be brought.")
GIVE_RIGHTS = gettext_lazy(
    "Connect it again as an admin of BambooHR, or give that person access to everybody there, then test the connection."
)


def owner(client: BambooClient) -> str:
    row = client.myself(("firstName", "lastName"))
    name = " ".join(filter(None, (str(row.get(column) or "") for column in ("firstName", "lastName"))))
    return name or _("It is connected as nobody who works there.")


def everybody(client: BambooClient) -> str:
    count = client.head_count()
    if count is None:
        raise Rejected(str(NO_ADMIN), advice=str(GIVE_RIGHTS))
    return str(count)


def columns(client: BambooClient) -> str:
    there = {column.name for column in client.dataset_fields()}
    missing = [name for name in COLUMNS.names() if name not in there]
    if missing:
        message = _("BambooHR does not show these fields of employees: %(fields)s.") % {"fields": ", ".join(missing)}
        raise Rejected(message, advice=_("Give whoever it is connected as access to them."))
    return str(len(there))


def look_after(client: BambooClient, integration: Any) -> Looked:
    """Drift: a mapped field that is gone or holds something else by now, and rights that were taken away."""
    findings = [
        Finding(
            cause=f"field:{theirs}",
            title=_("A mapped field does not fit any more."),
            message=message,
            advice=_("Correct the custom fields in the settings."),
        )
        for theirs, message in misfits(integration).items()
    ]
    if gone := workplace_gone(integration):
        findings.append(gone)
    if client.head_count() is None:
        title = _("BambooHR shows one person only.")
        findings.append(Finding(cause="rights", title=title, message=str(NO_ADMIN), advice=str(GIVE_RIGHTS)))
    return Looked(findings=findings, again_at=clock.now() + EVERY)


def workplace_gone(integration: Any) -> Finding | None:
    chosen = integration.bamboo_workplace_field
    listed = integration.remote_options.filter(realm_id=integration.realm_id, source="fields", gone_at=None)
    offered = {option.value for option in listed if "workplace" in option.uses}
    if not chosen or not offered or chosen in offered:
        return None
    message = _("BambooHR has no list field “%(field)s” any more, so everybody is of the default subsidiary.") % {"field": chosen}
    return Finding(cause="workplace", title=_("The workplace field is gone."), message=message, advice=_("Choose another one."))


CHECKS = (
    Check(label=gettext_lazy("BambooHR lets us in"), run=owner),
    Check(label=gettext_lazy("Everybody can be seen"), run=everybody),
    Check(label=gettext_lazy("The fields that are needed are there"), run=columns),
)
UPKEEP = (Upkeep(name="drift", run=look_after),)
