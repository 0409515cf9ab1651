"""What needs a person while single sign-on is on: certificates that end, metadata that cannot be read, a change that waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from integrations import clock
from integrations.findings import Finding
from integrations.providers.saml.configuring import PROPOSED, keys_in_use
from integrations.providers.saml.metadata import from_json
from integrations.providers.saml.models import SamlIntegration

LATE = timedelta(days=2)
"""It is read daily: after two days without, it could not be read for more than one."""
WARNINGS = (7, 30, 60)
"""Days before a certificate ends at which somebody is told. Each is a problem of its own, so each is told."""


def findings(integration: SamlIntegration) -> Iterator[Finding]:
    """All of them, as things are now."""
    now = clock.now()
    if integration.proposed:
        yield Finding(
            cause=PROPOSED,
            title=_("The metadata of the identity provider has changed a lot."),
            message=_("Another entity ID, another host, or none of the known certificates: nothing of it counts yet."),
            advice=_("Look at the change on the page of the set-up guide, then approve or decline it."),
        )
    yield from _unread(integration, now)
    yield from _theirs(integration, now)
    yield from _ours(integration, now)


def _unread(integration: SamlIntegration, now: datetime) -> Iterator[Finding]:
    read_at = integration.metadata_read_at
    if integration.metadata_problem and (read_at is None or now - read_at > LATE):
        yield Finding(
            cause="unread",
            title=_("The metadata of the identity provider cannot be read any more."),
            message=integration.metadata_problem,
            advice=_("Sign-on goes on with what was read before. Correct the metadata address before a certificate changes."),
        )


def _theirs(integration: SamlIntegration, now: datetime) -> Iterator[Finding]:
    provider = from_json(integration.idp)
    if provider.valid_until and provider.valid_until <= now:
        yield Finding(
            cause="outdated",
            title=_("The metadata of the identity provider is out of date."),
            message=_("It was valid until %(day)s.") % {"day": provider.valid_until.date().isoformat()},
            advice=_("Get it anew from the identity provider."),
        )
    last = max((certificate.valid_until for certificate in provider.certificates), default=None)
    if last:
        yield from _ending("certificate", last, now, _("The certificate of the identity provider"), _("Renew it there."))


def _ours(integration: SamlIntegration, now: datetime) -> Iterator[Finding]:
    last = max((key.valid_until for key in keys_in_use(integration)), default=None)
    if last:
        advice = _("Make a new key beside it, and give the identity provider our metadata anew.")
        yield from _ending("key", last, now, _("Our own certificate for single sign-on"), advice)


def _ending(cause: str, ends: datetime, now: datetime, what: str, advice: str) -> Iterator[Finding]:
    """Of several certificates the last one counts: while there is one that lasts, the others may end."""
    words = {"what": what, "day": ends.date().isoformat(), "days": (ends - now).days}
    due = next((days for days in WARNINGS if ends - now <= timedelta(days=days)), None)
    if ends <= now:
        yield Finding(cause=f"{cause}:ended", title=_("%(what)s ended on %(day)s.") % words, advice=advice)
    elif due:
        yield Finding(cause=f"{cause}:{due}", title=_("%(what)s ends on %(day)s, in %(days)d days.") % words, advice=advice)
