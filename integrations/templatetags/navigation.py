"""The side navigation in templates."""

from __future__ import annotations

from django import template
from django.template.context import RequestContext

from integrations.admin import navigation as side

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: RequestContext) -> side.Navigation:
    return side.navigation(context["request"])
