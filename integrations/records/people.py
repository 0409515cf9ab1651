"""People: their pay, their absences and what they are booked on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.roles import VIEW_PAY
from integrations.records import columns
from integrations.records.base import Record, in_words
from integrations.records.choices import (
    AbsenceType,
    ArchivableStatus,
    BookingMethod,
    BookingType,
    EventType,
    HrmType,
    LimitationType,
    SalaryType,
    StageType,
)
from integrations.records.parties import Company, Subsidiary


class Person(Record):
    """An employee, a contractor, a contact at a client, or a placeholder. `user` is set when the person signs in here."""

    productive_type: ClassVar[str] = "people"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("user"), related_name="people_everywhere", null=True, blank=True
    )
    first_name = columns.text(_("first name"))
    last_name = columns.text(_("last name"))
    nickname = columns.text(_("nickname"))
    email = columns.text(_("e-mail"))
    title = columns.text(_("title"))
    hrm_type_id = columns.choice(_("type"), HrmType)
    is_user = columns.flag(_("signs in to Productive"))
    agent = columns.flag(_("AI agent"))
    virtual = columns.flag(_("virtual"))
    placeholder = columns.flag(_("placeholder"))
    autotracking = columns.flag(_("tracks time automatically"))
    contact = columns.hash_of(_("contact"))
    availabilities = columns.list_of(_("availabilities"))
    custom_fields = columns.hash_of(_("custom fields"))
    avatar_url = columns.long_text(_("picture"))
    status_emoji = columns.text(_("status emoji"))
    status_text = columns.text(_("status text"))
    status_expires_at = columns.moment(_("status expires at"))
    last_seen_at = columns.moment(_("last seen at"))
    joined_at = columns.moment(_("joined at"))
    archived_at = columns.moment(_("archived at"))
    deactivated_at = columns.moment(_("deactivated at"))
    teams = columns.list_of(_("teams"))
    custom_role_id = columns.remote_id(_("role"))
    approval_policy_assignment_id = columns.remote_id(_("approval policy"))
    manager = models.ForeignKey("self", models.SET_NULL, verbose_name=_("manager"), related_name="reports", null=True, blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("company"), related_name="people", null=True, blank=True)
    subsidiary = models.ForeignKey(Subsidiary, models.SET_NULL, verbose_name=_("subsidiary"), related_name="people", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            *Record.Meta.constraints,
            models.UniqueConstraint(fields=["organization", "user"], name="person_of_a_user_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "last_name", "first_name"], name="person_by_name"),
            models.Index(fields=["organization", "email"], name="person_by_email"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"{capfirst(self._meta.verbose_name)} {self.pk}"


class Salary(Record):
    """What a person costs in a period. Nobody sees it without the permission `view_pay`."""

    productive_type: ClassVar[str] = "salaries"

    started_on = columns.day(_("from"))
    ended_on = columns.day(_("until"))
    salary_type_id = columns.choice(_("type"), SalaryType)
    currency = columns.currency(_("currency"))
    cost = columns.money(_("cost"))
    hourly_rate = columns.money(_("hourly rate"))
    working_hours = columns.list_of(_("working hours"))
    alternating_hours = columns.flag(_("alternating weeks"))
    overhead = columns.flag(_("overhead"))
    default_salary = columns.flag(_("default salary"))
    note = columns.long_text(_("note"))
    holiday_calendar_id = columns.remote_id(_("holiday calendar"))
    person = models.ForeignKey(Person, models.CASCADE, verbose_name=_("person"), related_name="salaries", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("salary")
        verbose_name_plural = _("salaries")
        default_permissions = ()
        permissions = [(VIEW_PAY, _("May see pay"))]

    def __str__(self) -> str:
        return f"{self.person}, {in_words(self.started_on)}"


class Event(Record):
    """A category of absence, such as vacation or sick leave."""

    productive_type: ClassVar[str] = "events"

    name = columns.text(_("name"))
    description = columns.long_text(_("description"))
    event_type_id = columns.choice(_("pay"), EventType)
    limitation_type_id = columns.choice(_("limit"), LimitationType)
    absence_type = columns.named_choice(_("type"), AbsenceType)
    status = columns.choice(_("status"), ArchivableStatus)

    class Meta(Record.Meta):
        verbose_name = _("absence category")
        verbose_name_plural = _("absence categories")


class Entitlement(Record):
    """How much of an absence category a person may take in a period, in days or hours as the category is limited."""

    productive_type: ClassVar[str] = "entitlements"

    start_date = columns.day(_("from"))
    end_date = columns.day(_("until"))
    allocated = columns.number(_("allocated"))
    used = columns.number(_("used"))
    pending = columns.number(_("pending"))
    note = columns.long_text(_("note"))
    person = models.ForeignKey(Person, models.CASCADE, verbose_name=_("person"), related_name="entitlements", null=True, blank=True)
    event = models.ForeignKey(Event, models.CASCADE, verbose_name=_("category"), related_name="entitlements", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("entitlement")
        verbose_name_plural = _("entitlements")

    def __str__(self) -> str:
        return f"{self.person}, {self.event}, {in_words(self.start_date)}"


class Booking(Record):
    """A person's planned time: on a service (work) or in an absence category (time off)."""

    productive_type: ClassVar[str] = "bookings"

    started_on = columns.day(_("from"))
    ended_on = columns.day(_("until"))
    booking_type_id = columns.choice(_("type"), BookingType)
    booking_method_id = columns.choice(_("method"), BookingMethod)
    time = columns.minutes(_("time"))
    percentage = columns.number(_("percentage"))
    stage_type = columns.choice(_("stage"), StageType)
    draft = columns.flag(_("draft"))
    canceled_at = columns.moment(_("canceled at"))
    note = columns.long_text(_("note"))
    custom_fields = columns.hash_of(_("custom fields"))
    person = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("person"), related_name="bookings", null=True, blank=True)
    approver = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("approver"), related_name="+", null=True, blank=True)
    event = models.ForeignKey(Event, models.SET_NULL, verbose_name=_("absence category"), related_name="bookings", null=True, blank=True)
    service = models.ForeignKey(
        "records.Service", models.SET_NULL, verbose_name=_("service"), related_name="bookings", null=True, blank=True
    )
    task = models.ForeignKey("records.Task", models.SET_NULL, verbose_name=_("task"), related_name="bookings", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        indexes = [models.Index(fields=["organization", "started_on"], name="booking_by_start")]

    def __str__(self) -> str:
        return f"{self.person}, {in_words(self.started_on)} – {in_words(self.ended_on)}"
