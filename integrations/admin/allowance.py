"""What a vendor still lets us do, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import clock
from integrations.http import breaker
from integrations.http.limits import DAY, remaining
from integrations.models import Integration, Limit
from integrations.registry import all_providers
from integrations.templatetags.words import duration, whole


def limit_of(integration: Integration) -> Limit:
    """What is kept of the integration's calls, read once for the row in hand; an empty one before the first call."""
    found: Limit = getattr(integration, "limit", None) or Limit()
    return found


def allowance(integration: Integration) -> str:
    """Why the vendor is left alone just now, or how many calls of each of its limits are left; '' where nothing is published."""
    provider = all_providers().get(integration.provider)
    if provider is None:
        return ""
    row = limit_of(integration)
    now = clock.timestamp()
    if wait := breaker.wait(row.breaker, now):
        return _("%(vendor)s does not answer. Tried again in %(wait)s.") % {"vendor": provider.label, "wait": duration(wait + 1)}
    if (blocked := row.usage.get("blocked_until", 0) - now) > 0:
        return _("%(vendor)s asked us to wait for %(wait)s.") % {"vendor": provider.label, "wait": duration(blocked + 1)}
    left = sorted(remaining(row.usage, provider.limits, now).items())
    if not left:
        return ""
    (seconds, calls), *longer = left
    allowed = ngettext("%(vendor)s allows %(count)s more call %(when)s", "%(vendor)s allows %(count)s more calls %(when)s", calls)
    first = allowed % {"vendor": provider.label, "count": whole(calls), "when": _within(seconds)}
    return " · ".join([first, *(f"{whole(calls)} {_within(seconds)}" for seconds, calls in longer)])


def _within(seconds: float) -> str:
    names = {1: _("this second"), 60: _("this minute"), 3600: _("this hour"), DAY: _("today")}
    return names.get(int(seconds)) or _("in %(duration)s") % {"duration": duration(seconds)}
