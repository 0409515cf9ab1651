"""Upkeep of each integration's credential: what is not used is renewed daily, and whoever must connect anew is told in time, also when
something was switched on that was not asked for when it was connected.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import clock
from integrations.auth.oauth2 import OAuth2, TokenSet
from integrations.findings import Finding
from integrations.models import Credential, Integration
from integrations.sync.credentials import Credentials
from integrations.upkeep import Looked, Upkeep

IDLE = timedelta(days=1)
WARNINGS = (timedelta(days=1), timedelta(days=7), timedelta(days=14))
"""How long before a credential ends its people are told, the last first."""


def _look_after(client: object, integration: Integration) -> Looked:
    row = Credentials(integration).renew_idle(IDLE)
    now = clock.now()
    reached = [before for before in WARNINGS if row.ends_at and row.ends_at - before <= now]
    ahead = [row.ends_at - before for before in WARNINGS if row.ends_at and row.ends_at - before > now]
    findings = [*([_ending(integration, row, reached[0])] if reached else []), *_not_allowed(integration, row)]
    return Looked(findings=findings, again_at=min([now + IDLE, *ahead]))


def _ending(integration: Integration, row: Credential, before: timedelta) -> Finding:
    assert row.ends_at is not None
    days = max(0, (row.ends_at - clock.now()).days)
    words: dict[str, Any] = {"name": integration.name, "days": days}
    title = ngettext("The access of %(name)s ends in %(days)d day.", "The access of %(name)s ends in %(days)d days.", days) % words
    if days == 0:
        title = _("The access of %(name)s ends within a day.") % words
    return Finding(
        cause="end",
        title=title,
        message=_("The vendor lets it work until %(day)s and cannot renew it.") % {"day": date_format(row.ends_at, "DATE_FORMAT")},
        advice=_("Connect it again before that. Mappings, history and what waits stay as they are."),
        urgency=len(WARNINGS) - WARNINGS.index(before),
    )


def _not_allowed(integration: Integration, row: Credential) -> list[Finding]:
    """Nothing while the vendor does not tell what it allowed."""
    way = row.integration.auth
    wanted = way.scopes_of if isinstance(way, OAuth2) else {}
    allowed = TokenSet.of(row.payload).scope.replace(",", " ").split() if wanted else []
    missing = [scope for switch, scopes in wanted.items() if getattr(integration, switch) for scope in scopes if scope not in allowed]
    if not allowed or not missing:
        return []
    finding = Finding(
        cause="scope",
        title=_("%(name)s was not allowed all that is switched on.") % {"name": integration.name},
        message=_("Access was allowed without: %(scopes)s.") % {"scopes": ", ".join(missing)},
        advice=_("Connect it again: what is switched on is asked for there. Mappings, history and what waits stay as they are."),
    )
    return [finding]


CREDENTIAL = Upkeep(name="credential", run=_look_after)
