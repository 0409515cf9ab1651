"""The parts of the look that carry a meaning: logos, chips, charts."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.core.paginator import Page
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin.activity import Activity
from integrations.admin.states import Chip
from integrations.registry import all_providers

register = template.Library()


@register.simple_tag
def logo(slug: str, size: str = "") -> SafeString:
    """A provider's logo, which says no more than the name beside it; two letters stand in where there is none."""
    classes = f"logo {size}".strip()
    if _has_logo(slug):
        return format_html('<img class="{}" src="{}" alt="" width="40" height="40">', classes, static(f"{slug}/logo.svg"))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, vendor(slug)[:2].lower())


@register.simple_tag
def vendor(slug: str) -> str:
    """How a provider is called; its slug when it is not installed any more."""
    provider = all_providers().get(slug)
    return provider.label if provider else slug


@cache
def _has_logo(slug: str) -> bool:
    return finders.find(f"{slug}/logo.svg") is not None


@register.simple_tag
def chip(shown: Chip) -> SafeString:
    return format_html('<span class="chip {}{}">{}</span>', shown.tone, " busy" if shown.busy else "", shown.text)


@register.inclusion_tag("admin/integrations/includes/activity.html")
def activity(shown: Activity) -> dict[str, Activity]:
    return {"activity": shown}


@register.inclusion_tag("admin/integrations/includes/pages.html")
def pages(page: Page[Any], query: str = "?") -> dict[str, Any]:
    """Links to the pages beside this one; `query` is the query string of everything else that is chosen."""
    return {"page": page, "query": query, "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)}
