"""Where a record went."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from integrations.admin.copies import copies_of
from integrations.records.base import Record

register = template.Library()


@register.inclusion_tag("admin/integrations/includes/copies.html", takes_context=True)
def copies(context: RequestContext, record: Record) -> dict[str, Any]:
    """A card with every integration that copies such records; nothing for records that none copies."""
    user = context["request"].user
    if not user.has_perm("integrations.view_integration"):
        return {"copies": []}
    return {"copies": copies_of(record, may_change=user.has_perm("integrations.change_integration"))}
