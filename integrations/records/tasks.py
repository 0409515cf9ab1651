"""The work that is done: tasks with their lists and boards, tracked time, calendar events."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Record, in_words
from integrations.records.choices import TaskType, TrackMethod
from integrations.records.people import Person
from integrations.records.work import Project, Service


class Folder(Record):
    """A board of a project, which holds task lists."""

    productive_type: ClassVar[str] = "folders"

    name = columns.text(_("name"))
    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"), related_name="folders", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("folder")
        verbose_name_plural = _("folders")


class TaskList(Record):
    productive_type: ClassVar[str] = "task_lists"

    name = columns.text(_("name"))
    position = columns.whole(_("position"))
    placement = columns.whole(_("placement"))
    archived_at = columns.moment(_("archived at"))
    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("project"), related_name="task_lists", null=True, blank=True)
    folder = models.ForeignKey(Folder, models.SET_NULL, verbose_name=_("folder"), related_name="task_lists", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("task list")
        verbose_name_plural = _("task lists")


class Task(Record):
    """A task or a milestone of a project."""

    productive_type: ClassVar[str] = "tasks"

    title = columns.long_text(_("title"))
    task_number = columns.text(_("number"))
    type_id = columns.choice(_("type"), TaskType)
    description = columns.long_text(_("description"))
    start_date = columns.day(_("from"))
    due_date = columns.day(_("due on"))
    due_time = columns.text(_("due time"))
    private = columns.flag(_("private"))
    closed = columns.flag(_("closed"))
    closed_at = columns.moment(_("closed at"))
    created_at = columns.moment(_("created at"))
    last_activity_at = columns.moment(_("last activity at"))
    initial_estimate = columns.minutes(_("initial estimate"))
    remaining_time = columns.minutes(_("remaining time"))
    worked_time = columns.minutes(_("worked time"))
    subtask_count = columns.whole(_("subtasks"))
    open_subtask_count = columns.whole(_("open subtasks"))
    todo_count = columns.whole(_("to-dos"))
    open_todo_count = columns.whole(_("open to-dos"))
    blocking_dependency_count = columns.whole(_("blocked tasks"))
    waiting_on_dependency_count = columns.whole(_("blocking tasks"))
    tag_list = columns.list_of(_("tags"))
    subscriber_ids = columns.list_of(_("subscribers"))
    custom_fields = columns.hash_of(_("custom fields"))
    workflow_status_id = columns.remote_id(_("workflow status"))
    project = models.ForeignKey(Project, models.SET_NULL, verbose_name=_("project"), related_name="tasks", null=True, blank=True)
    task_list = models.ForeignKey(TaskList, models.SET_NULL, verbose_name=_("task list"), related_name="tasks", null=True, blank=True)
    parent_task = models.ForeignKey("self", models.SET_NULL, verbose_name=_("parent task"), related_name="subtasks", null=True, blank=True)
    assignee = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("assignee"), related_name="tasks", null=True, blank=True)
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [models.Index(fields=["organization", "due_date"], name="task_by_due_date")]

    def __str__(self) -> str:
        return self.title or f"{capfirst(self._meta.verbose_name)} {self.pk}"


class TimeEntry(Record):
    """Time that a person worked on a service."""

    productive_type: ClassVar[str] = "time_entries"
    pay_columns: ClassVar[frozenset[str]] = frozenset({"cost"})

    date = columns.day(_("date"))
    time = columns.minutes(_("time"))
    billable_time = columns.minutes(_("billable time"))
    note = columns.long_text(_("note"))
    currency = columns.currency(_("currency"))
    cost = columns.money(_("cost"))
    submitted = columns.flag(_("submitted"))
    approved = columns.flag(_("approved"))
    approved_at = columns.moment(_("approved at"))
    rejected = columns.flag(_("rejected"))
    rejected_at = columns.moment(_("rejected at"))
    rejected_reason = columns.long_text(_("reason of rejection"))
    created_at = columns.moment(_("created at"))
    started_at = columns.moment(_("started at"))
    timer_started_at = columns.moment(_("timer started at"))
    timer_stopped_at = columns.moment(_("timer stopped at"))
    track_method_id = columns.choice(_("tracked by"), TrackMethod)
    calendar_event_id = columns.text(_("calendar event"))
    person = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("person"), related_name="time_entries", null=True, blank=True)
    service = models.ForeignKey(Service, models.SET_NULL, verbose_name=_("service"), related_name="time_entries", null=True, blank=True)
    task = models.ForeignKey(Task, models.SET_NULL, verbose_name=_("task"), related_name="time_entries", null=True, blank=True)
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    approver = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("approver"), related_name="+", null=True, blank=True)
    rejecter = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("rejecter"), related_name="+", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("time entry")
        verbose_name_plural = _("time entries")
        indexes = [models.Index(fields=["organization", "date"], name="time_entry_by_date")]

    def __str__(self) -> str:
        hours, minutes = divmod(self.time or 0, 60)
        return f"{in_words(self.date)}, {hours}:{minutes:02} h, {self.person or '…'}"


class CalendarEvent(Record):
    """An event of a person's calendar at Google or Microsoft."""

    productive_type: ClassVar[str] = "calendar_events"

    name = columns.long_text(_("name"))
    description = columns.long_text(_("description"))
    start_date = columns.day(_("from"))
    start_time = columns.text(_("start time"))
    end_date = columns.day(_("until"))
    end_time = columns.text(_("end time"))
    event_type = columns.text(_("type"))
    calendar = columns.text(_("calendar"))
    link = columns.long_text(_("link"))
    creator_name = columns.text(_("creator"))
    creator_email = columns.text(_("creator's e-mail"))
    organizer_name = columns.text(_("organizer"))
    organizer_email = columns.text(_("organizer's e-mail"))
    recurring_event_id = columns.long_text(_("series"))
    created_at = columns.moment(_("created at"))
    updated_at = columns.moment(_("updated at"))
    person = models.ForeignKey(Person, models.CASCADE, verbose_name=_("person"), related_name="calendar_events", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("calendar event")
        verbose_name_plural = _("calendar events")
        indexes = [models.Index(fields=["organization", "start_date"], name="calendar_event_by_start")]
