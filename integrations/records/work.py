"""The work that is sold: projects, deals and budgets, their stages and their services."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Record
from integrations.records.choices import (
    BillingType,
    DealType,
    PipelineType,
    ProjectType,
    ServiceLimitation,
    StageStatus,
    StageType,
    TrackingType,
    Unit,
)
from integrations.records.parties import Company, Subsidiary
from integrations.records.people import Person


class Project(Record):
    """Where tasks, budgets and invoices of one undertaking come together."""

    productive_type: ClassVar[str] = "projects"

    name = columns.text(_("name"))
    project_number = columns.text(_("number"))
    project_type_id = columns.choice(_("type"), ProjectType)
    project_color_id = columns.whole(_("color"))
    custom_fields = columns.hash_of(_("custom fields"))
    created_at = columns.moment(_("created at"))
    archived_at = columns.moment(_("archived at"))
    last_activity_at = columns.moment(_("last activity at"))
    workflow_id = columns.remote_id(_("workflow"))
    company = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("company"), related_name="projects", null=True, blank=True)
    project_manager = models.ForeignKey(
        Person, models.SET_NULL, verbose_name=_("project manager"), related_name="managed_projects", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        indexes = [models.Index(fields=["organization", "name"], name="project_by_name")]


class ProjectTemplate(Record):
    """A template from which a project is made."""

    productive_type: ClassVar[str] = "project_templates"

    name = columns.text(_("name"))
    target_type = columns.text(_("makes a"))
    target_id = columns.remote_id(_("made from"))

    class Meta(Record.Meta):
        verbose_name = _("project template")
        verbose_name_plural = _("project templates")


class Pipeline(Record):
    """An order of stages for deals (sales) or budgets (production)."""

    productive_type: ClassVar[str] = "pipelines"

    name = columns.text(_("name"))
    pipeline_type_id = columns.choice(_("type"), PipelineType)
    icon_id = columns.text(_("icon"))
    position = columns.whole(_("position"))
    created_at = columns.moment(_("created at"))

    class Meta(Record.Meta):
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")


class DealStatus(Record):
    """One stage of a pipeline."""

    productive_type: ClassVar[str] = "deal_statuses"

    name = columns.text(_("name"))
    status_id = columns.choice(_("status"), StageStatus)
    position = columns.whole(_("position"))
    probability_enabled = columns.flag(_("has a probability"))
    probability = columns.number(_("probability"))
    lost_reason_enabled = columns.flag(_("asks why it was lost"))
    time_tracking_enabled = columns.flag(_("time tracking"))
    expense_tracking_enabled = columns.flag(_("expense tracking"))
    booking_tracking_enabled = columns.flag(_("bookings"))
    color_id = columns.whole(_("color"))
    used = columns.flag(_("used"))
    created_at = columns.moment(_("created at"))
    archived_at = columns.moment(_("archived at"))
    pipeline = models.ForeignKey(Pipeline, models.SET_NULL, verbose_name=_("pipeline"), related_name="deal_statuses", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("deal status")
        verbose_name_plural = _("deal statuses")


class Deal(Record):
    """A sales deal (stage type 1) or a budget (stage type 2): `budget` tells which."""

    productive_type: ClassVar[str] = "deals"
    pay_columns: ClassVar[frozenset[str]] = frozenset({"cost", "profit", "profit_margin"})

    name = columns.text(_("name"))
    deal_number = columns.text(_("number"))
    suffix = columns.text(_("suffix"))
    budget = columns.flag(_("budget"))
    deal_type_id = columns.choice(_("type"), DealType)
    date = columns.day(_("date"))
    end_date = columns.day(_("end date"))
    delivered_on = columns.day(_("delivered on"))
    sales_closed_on = columns.day(_("sales closed on"))
    sales_status_updated_at = columns.moment(_("stage changed at"))
    created_at = columns.moment(_("created at"))
    closed_at = columns.moment(_("closed at"))
    last_activity_at = columns.moment(_("last activity at"))
    probability = columns.number(_("probability"))
    previous_probability = columns.number(_("previous probability"))
    currency = columns.currency(_("currency"))
    revenue = columns.money(_("revenue"))
    projected_revenue = columns.money(_("projected revenue"))
    cost = columns.money(_("cost"))
    profit = columns.money(_("profit"))
    profit_margin = columns.number(_("profit margin"))
    budget_total = columns.money(_("budget total"))
    budget_used = columns.money(_("budget used"))
    budget_warning = columns.number(_("budget warning"))
    invoiced = columns.money(_("invoiced"))
    pending_invoicing = columns.money(_("to be invoiced"))
    worked_time = columns.minutes(_("worked time"))
    estimated_time = columns.minutes(_("estimated time"))
    budgeted_time = columns.minutes(_("budgeted time"))
    billable_time = columns.minutes(_("billable time"))
    time_approval = columns.flag(_("time needs approval"))
    expense_approval = columns.flag(_("expenses need approval"))
    tracking_type_id = columns.choice(_("time tracking"), TrackingType)
    purchase_order_number = columns.text(_("purchase order number"))
    note = columns.long_text(_("note"))
    lost_comment = columns.long_text(_("why it was lost"))
    tag_list = columns.list_of(_("tags"))
    color_id = columns.whole(_("color"))
    custom_fields = columns.hash_of(_("custom fields"))
    editor_config = columns.hash_of(_("editor"))
    contract_id = columns.remote_id(_("contract"))
    lost_reason_id = columns.remote_id(_("lost reason"))
    company = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("company"), related_name="deals", null=True, blank=True)
    contact = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("contact"), related_name="deals", null=True, blank=True)
    responsible = models.ForeignKey(
        Person, models.SET_NULL, verbose_name=_("responsible"), related_name="responsible_deals", null=True, blank=True
    )
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    project = models.ForeignKey(Project, models.SET_NULL, verbose_name=_("project"), related_name="deals", null=True, blank=True)
    pipeline = models.ForeignKey(Pipeline, models.SET_NULL, verbose_name=_("pipeline"), related_name="deals", null=True, blank=True)
    deal_status = models.ForeignKey(DealStatus, models.SET_NULL, verbose_name=_("status"), related_name="deals", null=True, blank=True)
    subsidiary = models.ForeignKey(Subsidiary, models.SET_NULL, verbose_name=_("subsidiary"), related_name="deals", null=True, blank=True)
    document_type = models.ForeignKey(
        "records.DocumentType", models.SET_NULL, verbose_name=_("document type"), related_name="+", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("deal or budget")
        verbose_name_plural = _("deals and budgets")
        indexes = [models.Index(fields=["organization", "budget", "date"], name="deal_by_date")]

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.suffix) if part) or f"{self.kind} {self.pk}"

    @classmethod
    def kinds(cls) -> dict[str, dict[str, object]]:
        return {"deal": {"budget": False}, "budget": {"budget": True}}

    @property
    def stage_type(self) -> StageType:
        return StageType.BUDGET if self.budget else StageType.DEAL

    @stage_type.setter
    def stage_type(self, value: int) -> None:
        self.budget = StageType(value) == StageType.BUDGET


class ServiceType(Record):
    """A category of services; account codes and items are mapped from it."""

    productive_type: ClassVar[str] = "service_types"

    name = columns.text(_("name"))
    description = columns.long_text(_("description"))
    archived_at = columns.moment(_("archived at"))

    class Meta(Record.Meta):
        verbose_name = _("service type")
        verbose_name_plural = _("service types")


class Service(Record):
    """One position of a deal or budget: what is sold, how it is billed, what is tracked on it."""

    productive_type: ClassVar[str] = "services"
    currency_of: ClassVar[str] = "deal"
    pay_columns: ClassVar[frozenset[str]] = frozenset({"cost", "profit"})

    name = columns.text(_("name"))
    description = columns.long_text(_("description"))
    position = columns.whole(_("position"))
    billable = columns.flag(_("billable"))
    billing_type_id = columns.choice(_("billing"), BillingType)
    unit_id = columns.choice(_("unit"), Unit)
    quantity = columns.number(_("quantity"))
    limitation_type = columns.named_choice(_("limit"), ServiceLimitation)
    currency = columns.currency(_("currency"))
    price = columns.money(_("price"))
    revenue = columns.money(_("revenue"))
    cost = columns.money(_("cost"))
    profit = columns.money(_("profit"))
    budget_total = columns.money(_("budget total"))
    budget_used = columns.money(_("budget used"))
    worked_time = columns.minutes(_("worked time"))
    billable_time = columns.minutes(_("billable time"))
    estimated_time = columns.minutes(_("estimated time"))
    budgeted_time = columns.minutes(_("budgeted time"))
    rolled_over_time = columns.minutes(_("rolled over time"))
    booked_time = columns.minutes(_("booked time"))
    time_tracking_enabled = columns.flag(_("time tracking"))
    expense_tracking_enabled = columns.flag(_("expense tracking"))
    booking_tracking_enabled = columns.flag(_("bookings"))
    budget_cap_enabled = columns.flag(_("capped"))
    custom_fields = columns.hash_of(_("custom fields"))
    section_id = columns.remote_id(_("section"))
    deal = models.ForeignKey(Deal, models.SET_NULL, verbose_name=_("deal or budget"), related_name="services", null=True, blank=True)
    service_type = models.ForeignKey(
        ServiceType, models.SET_NULL, verbose_name=_("service type"), related_name="services", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("service")
        verbose_name_plural = _("services")
