"""Lists of people, their pay, absences and bookings."""

from __future__ import annotations

from django.contrib import admin

from integrations.admin.records.base import RecordAdmin, RecordInline
from integrations.admin.records.columns import duration, money, number
from integrations.admin.records.filters import PeriodFilter
from integrations.admin.records.parties import ContactEntryInline
from integrations.records.models import Booking, Entitlement, Event, Person, Salary


class SalaryInline(RecordInline):
    model = Salary
    columns = ("started_on", "ended_on", "salary_type_id", "cost", "hourly_rate")


class EntitlementInline(RecordInline):
    model = Entitlement
    columns = ("event", "start_date", "end_date", "allocated", "used", "pending")


@admin.register(Person)
class PersonAdmin(RecordAdmin):
    list_display = ["__str__", "email", "title", "hrm_type_id", "company", "subsidiary", "deactivated_at"]
    list_select_related = ["company", "subsidiary"]
    search_fields = ["first_name", "last_name", "nickname", "email", "title", "productive_id"]
    list_filter = ["hrm_type_id", "subsidiary", "is_user", "placeholder"]
    ordering = ["last_name", "first_name", "id"]
    inlines = [ContactEntryInline, SalaryInline, EntitlementInline]


@admin.register(Salary)
class SalaryAdmin(RecordAdmin):
    list_display = ["person", "started_on", "ended_on", "salary_type_id", money(Salary, "cost"), money(Salary, "hourly_rate")]
    list_display_links = ["person", "started_on"]
    list_select_related = ["person"]
    search_fields = ["person__first_name", "person__last_name", "person__email", "productive_id"]
    list_filter = ["salary_type_id", "currency", "overhead"]
    ordering = ["-started_on", "-id"]


@admin.register(Event)
class EventAdmin(RecordAdmin):
    list_display = ["name", "absence_type", "event_type_id", "limitation_type_id", "status"]
    search_fields = ["name", "description", "productive_id"]
    list_filter = ["absence_type", "event_type_id", "status"]
    ordering = ["name", "id"]


@admin.register(Entitlement)
class EntitlementAdmin(RecordAdmin):
    list_display = ["person", "event", "start_date", "end_date", *(number(Entitlement, name) for name in ("allocated", "used", "pending"))]
    list_select_related = ["person", "event"]
    search_fields = ["person__first_name", "person__last_name", "person__email", "event__name", "productive_id"]
    list_filter = ["event"]
    ordering = ["-start_date", "-id"]


@admin.register(Booking)
class BookingAdmin(RecordAdmin):
    list_display = ["person", "started_on", "ended_on", "booking_type_id", "event", "service", duration(Booking, "time"), "canceled_at"]
    list_select_related = ["person", "event", "service"]
    search_fields = ["person__first_name", "person__last_name", "person__email", "note", "productive_id"]
    list_filter = [("started_on", PeriodFilter), "booking_type_id", "event", "draft"]
    ordering = ["-started_on", "-id"]
