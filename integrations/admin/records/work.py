"""Lists of projects, deals, services, tasks, time and calendar events, and of what they are sorted by."""

from __future__ import annotations

from django.contrib import admin

from integrations.admin.records.base import RecordAdmin, RecordInline
from integrations.admin.records.columns import beginning, duration, money, number
from integrations.admin.records.filters import PeriodFilter
from integrations.records.models import (
    CalendarEvent,
    CustomField,
    CustomFieldOption,
    Deal,
    DealStatus,
    Folder,
    Pipeline,
    Project,
    ProjectTemplate,
    Service,
    ServiceType,
    Task,
    TaskList,
    TimeEntry,
)


@admin.register(Project)
class ProjectAdmin(RecordAdmin):
    list_display = ["name", "project_number", "company", "project_manager", "project_type_id", "created_at", "archived_at"]
    list_select_related = ["company", "project_manager"]
    search_fields = ["name", "project_number", "company__name", "productive_id"]
    list_filter = ["project_type_id"]
    ordering = ["name", "id"]


@admin.register(ProjectTemplate)
class ProjectTemplateAdmin(RecordAdmin):
    list_display = ["name", "target_type"]
    search_fields = ["name", "productive_id"]
    ordering = ["name", "id"]


class DealStatusInline(RecordInline):
    model = DealStatus
    columns = ("name", "status_id", "probability")
    ordering = ("position", "id")


@admin.register(Pipeline)
class PipelineAdmin(RecordAdmin):
    list_display = ["name", "pipeline_type_id"]
    search_fields = ["name", "productive_id"]
    list_filter = ["pipeline_type_id"]
    ordering = ["position", "id"]
    inlines = [DealStatusInline]


@admin.register(DealStatus)
class DealStatusAdmin(RecordAdmin):
    list_display = ["name", "pipeline", "status_id", "probability", "archived_at"]
    list_select_related = ["pipeline"]
    search_fields = ["name", "productive_id"]
    list_filter = ["status_id", "pipeline"]
    ordering = ["pipeline_id", "position", "id"]


class ServiceInline(RecordInline):
    model = Service
    columns = ("name", "service_type", "billing_type_id", "unit_id", "quantity", "price", "budget_total", "cost", "revenue")
    ordering = ("position", "id")


@admin.register(Deal)
class DealAdmin(RecordAdmin):
    list_display = ["__str__", "deal_number", "budget", "company", "deal_status", "subsidiary", "date", money(Deal, "revenue")]
    list_select_related = ["company", "deal_status", "subsidiary"]
    search_fields = ["name", "deal_number", "purchase_order_number", "company__name", "productive_id"]
    list_filter = ["budget", "deal_type_id", "subsidiary", "pipeline"]
    ordering = ["-date", "-id"]
    inlines = [ServiceInline]


@admin.register(ServiceType)
class ServiceTypeAdmin(RecordAdmin):
    list_display = ["name", beginning(ServiceType, "description"), "archived_at"]
    search_fields = ["name", "description", "productive_id"]
    ordering = ["name", "id"]


@admin.register(Service)
class ServiceAdmin(RecordAdmin):
    list_display = ["name", "deal", "service_type", "billing_type_id", "unit_id", number(Service, "quantity"), money(Service, "price")]
    list_select_related = ["deal", "service_type"]
    search_fields = ["name", "deal__name", "service_type__name", "productive_id"]
    list_filter = ["billing_type_id", "billable", "service_type"]
    ordering = ["-id"]


@admin.register(Folder)
class FolderAdmin(RecordAdmin):
    list_display = ["name", "project"]
    list_select_related = ["project"]
    search_fields = ["name", "project__name", "productive_id"]
    ordering = ["name", "id"]


@admin.register(TaskList)
class TaskListAdmin(RecordAdmin):
    list_display = ["name", "project", "folder", "archived_at"]
    list_select_related = ["project", "folder"]
    search_fields = ["name", "project__name", "productive_id"]
    ordering = ["project_id", "position", "id"]


@admin.register(Task)
class TaskAdmin(RecordAdmin):
    list_display = [beginning(Task, "title"), "task_number", "project", "task_list", "assignee", "due_date", "closed"]
    list_select_related = ["project", "task_list", "assignee"]
    search_fields = ["title", "task_number", "project__name", "productive_id"]
    list_filter = ["closed", "type_id"]
    ordering = ["-due_date", "-id"]


@admin.register(TimeEntry)
class TimeEntryAdmin(RecordAdmin):
    list_display = ["date", "person", "service", "task", duration(TimeEntry, "time"), duration(TimeEntry, "billable_time"), "approved"]
    list_display_links = ["date", "person"]
    list_select_related = ["person", "service", "task"]
    search_fields = ["person__first_name", "person__last_name", "service__name", "note", "productive_id"]
    list_filter = [("date", PeriodFilter), "approved", "rejected", "track_method_id"]
    ordering = ["-date", "-id"]


@admin.register(CalendarEvent)
class CalendarEventAdmin(RecordAdmin):
    list_display = [beginning(CalendarEvent, "name"), "person", "start_date", "start_time", "end_date", "end_time", "calendar"]
    list_select_related = ["person"]
    search_fields = ["name", "creator_email", "organizer_email", "person__last_name", "productive_id"]
    list_filter = [("start_date", PeriodFilter)]
    ordering = ["-start_date", "-id"]


class OptionInline(RecordInline):
    model = CustomFieldOption
    columns = ("name", "color_id", "archived_at")
    ordering = ("position", "id")


@admin.register(CustomField)
class CustomFieldAdmin(RecordAdmin):
    list_display = ["name", "customizable_type", "data_type_id", "required", "sensitive", "archived_at"]
    search_fields = ["name", "description", "productive_id"]
    list_filter = ["customizable_type", "data_type_id", "sensitive"]
    ordering = ["name", "id"]
    inlines = [OptionInline]


@admin.register(CustomFieldOption)
class CustomFieldOptionAdmin(RecordAdmin):
    list_display = ["name", "custom_field", "archived_at"]
    list_select_related = ["custom_field"]
    search_fields = ["name", "custom_field__name", "productive_id"]
    ordering = ["custom_field_id", "position", "id"]
