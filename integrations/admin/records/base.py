"""What the admin of every record does: lists and pages to read, of the current organization, without pay for who may not see it."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import VIEW_PAY
from accounts.tenancy import OrganizationScopedAdmin
from integrations.admin.copied_admin import CopiedAdmin
from integrations.admin.records.columns import shown
from integrations.records.base import BOOKKEEPING, Record, content_fields
from integrations.records.columns import MoneyField

LOOKUPS = frozenset({"exact", "isnull", "id", "gte", "lt"})
WORDS = 10
"""How many words of a search are looked for: databases bear no thousands."""

Section = tuple[str | Promise | None, dict[str, Any]]


class _ReadOnly(OrganizationScopedAdmin):
    """Records are Productive's or an import's: here they are read."""

    model: type[Record]
    opts: Any

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may view records; pay is not among them, and has a permission of its own."""
        permission = VIEW_PAY if self.model.is_pay() else "view_" + self.opts.model_name
        return request.user.has_perm(f"{self.opts.app_label}.{permission}")

    def may_see(self, request: HttpRequest, column: str) -> bool:
        return column not in self.model.pay_columns or request.user.has_perm(f"{self.opts.app_label}.{VIEW_PAY}")


class RecordAdmin(CopiedAdmin, _ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg,misc]
    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    empty_text = _("Records come from Productive, or from files: manage.py load_records PATH.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        rows: QuerySet[Record] = super().get_queryset(request)
        on_page = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows.select_related(*_references(self.model)) if on_page else rows

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, " ".join(search_term.split()[:WORDS])[:200])

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the filters of this list ask: anything else could tell what is not shown, or ask what no database answers."""
        name, *rest = lookup.split("__")
        filtered = {one[0] if isinstance(one, tuple) else one for one in self.list_filter}
        return name in filtered and LOOKUPS.issuperset(rest)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Section]:  # type: ignore[override]
        """All columns, those of one sort together."""
        return [
            (title, {"fields": [shown(self.model, name) for name in names if self.may_see(request, name)], "classes": classes})
            for title, classes, names in _sections(self.model)
        ]


class RecordInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The parts of a record on its page."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    columns: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ("id",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_readonly_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [shown(self.model, name) for name in self.columns if self.may_see(request, name)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        rows: QuerySet[Record] = super().get_queryset(request)
        return rows.select_related(*(name for name in _references(self.model) if name in self.columns))


@cache
def _references(model: type[Record]) -> tuple[str, ...]:
    return tuple(field.name for field in content_fields(model) if isinstance(field, models.ForeignKey))


@cache
def _sections(model: type[Record]) -> list[tuple[str | Promise | None, list[str], list[str]]]:
    """Title, classes and columns of the sections of a record's page."""
    by_sort: dict[str, list[str]] = {"main": [], "money": [], "belongs": [], "text": [], "hash": [], "time": [], "origin": []}
    for field in content_fields(model):
        by_sort[_sort(field)].append(field.name)
    by_sort["origin"] += ["productive_id", "origin", "revision", "changed_by", "changed_at", "stored_at"]
    titles: dict[str, str | Promise | None] = {
        "main": None,
        "money": _("Amounts"),
        "belongs": _("Belongs to"),
        "text": _("Texts"),
        "hash": _("Lists and custom fields"),
        "time": _("Times"),
        "origin": _("Where it comes from"),
    }
    return [(titles[sort], ["collapse"] if sort == "origin" else [], names) for sort, names in by_sort.items() if names]


def _sort(field: models.Field[Any, Any]) -> str:
    if field.name == "remote_deleted_at" or field.name in BOOKKEEPING:
        return "origin"
    if isinstance(field, models.ForeignKey) or (isinstance(field, models.CharField) and field.name.endswith("_id")):
        return "belongs"
    if isinstance(field, MoneyField) or field.name == "currency":
        return "money"
    sorts: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
        (models.TextField, "text"),
        (models.JSONField, "hash"),
        (models.DateTimeField, "time"),
    )
    return next((sort for kind, sort in sorts if isinstance(field, kind)), "main")
