"""Money that goes out: expenses with their lines, and the purchase orders they belong to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Record
from integrations.records.choices import PurchaseOrderPaymentStatus, PurchaseOrderStatus, SentStatus
from integrations.records.parties import Company
from integrations.records.people import Person
from integrations.records.work import Deal, Service, ServiceType


class PurchaseOrder(Record):
    """An order to a vendor; its positions are expenses."""

    productive_type: ClassVar[str] = "purchase_orders"
    subsidiary_through: ClassVar[str] = "deal"

    number = columns.text(_("number"))
    subject = columns.long_text(_("subject"))
    status_id = columns.choice(_("status"), PurchaseOrderStatus)
    issued_on = columns.day(_("issued on"))
    delivery_on = columns.day(_("delivery on"))
    sent_on = columns.day(_("sent on"))
    received_on = columns.day(_("received on"))
    sent_status = columns.choice(_("sent"), SentStatus)
    payment_status_id = columns.choice(_("received"), PurchaseOrderPaymentStatus)
    created_at = columns.moment(_("created at"))
    currency = columns.currency(_("currency"))
    exchange_rate = columns.number(_("exchange rate"))
    total_cost = columns.money(_("total"))
    total_cost_with_tax = columns.money(_("total with tax"))
    total_received = columns.money(_("received amount"))
    note = columns.long_text(_("note"))
    footer = columns.long_text(_("footer"))
    exported = columns.flag(_("exported"))
    exported_at = columns.moment(_("exported at"))
    vendor = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("vendor"), related_name="purchase_orders", null=True, blank=True)
    deal = models.ForeignKey(Deal, models.SET_NULL, verbose_name=_("deal or budget"), related_name="purchase_orders", null=True, blank=True)
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    document_type = models.ForeignKey(
        "records.DocumentType", models.SET_NULL, verbose_name=_("document type"), related_name="+", null=True, blank=True
    )
    attachment = models.ForeignKey(
        "records.Attachment", models.SET_NULL, verbose_name=_("document"), related_name="+", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        indexes = [models.Index(fields=["organization", "issued_on"], name="purchase_order_by_date")]

    def __str__(self) -> str:
        return f"{capfirst(self._meta.verbose_name)} {self.number or self.pk}"


class Expense(Record):
    """A cost on a budget, bought from a vendor or paid by a person."""

    productive_type: ClassVar[str] = "expenses"
    parts_of: ClassVar[tuple[str, ...]] = ("purchase_order",)
    subsidiary_through: ClassVar[str] = "deal"

    name = columns.long_text(_("name"))
    date = columns.day(_("date"))
    pay_on = columns.day(_("due on"))
    paid_on = columns.day(_("paid on"))
    position = columns.whole(_("position"))
    draft = columns.flag(_("draft"))
    invoiced = columns.flag(_("invoiced"))
    approved = columns.flag(_("approved"))
    approved_at = columns.moment(_("approved at"))
    rejected = columns.flag(_("rejected"))
    rejected_at = columns.moment(_("rejected at"))
    rejected_reason = columns.long_text(_("reason of rejection"))
    reimbursable = columns.flag(_("reimbursable"))
    reimbursed_on = columns.day(_("reimbursed on"))
    quantity = columns.number(_("quantity"))
    quantity_received = columns.number(_("received quantity"))
    markup = columns.number(_("markup"))
    tax_inclusion = columns.flag(_("includes tax"))
    currency = columns.currency(_("currency"))
    exchange_rate = columns.number(_("exchange rate"))
    amount = columns.money(_("amount"))
    amount_with_tax = columns.money(_("amount with tax"))
    total_amount = columns.money(_("total"))
    total_amount_with_tax = columns.money(_("total with tax"))
    billable_amount = columns.money(_("billable amount"))
    recognized_revenue = columns.money(_("recognized revenue"))
    profit = columns.money(_("profit"))
    custom_fields = columns.hash_of(_("custom fields"))
    created_at = columns.moment(_("created at"))
    company_reference_id = columns.text(_("company reference"))
    external_payment_id = columns.text(_("id of the payment in the other system"))
    exported = columns.flag(_("exported"))
    exported_at = columns.moment(_("exported at"))
    export_integration_type_id = columns.whole(_("exported by integration type"))
    export_id = columns.text(_("id in the other system"))
    export_url = columns.long_text(_("address in the other system"))
    invoice_attribution_id = columns.remote_id(_("invoice attribution"))
    deal = models.ForeignKey(Deal, models.SET_NULL, verbose_name=_("budget"), related_name="expenses", null=True, blank=True)
    service = models.ForeignKey(Service, models.SET_NULL, verbose_name=_("service"), related_name="expenses", null=True, blank=True)
    service_type = models.ForeignKey(
        ServiceType, models.SET_NULL, verbose_name=_("service type"), related_name="expenses", null=True, blank=True
    )
    vendor = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("vendor"), related_name="expenses", null=True, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("person"), related_name="expenses", null=True, blank=True)
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    approver = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("approver"), related_name="+", null=True, blank=True)
    rejecter = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("rejecter"), related_name="+", null=True, blank=True)
    tax_rate = models.ForeignKey(
        "records.TaxRate", models.SET_NULL, verbose_name=_("tax rate"), related_name="expenses", null=True, blank=True
    )
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.SET_NULL, verbose_name=_("purchase order"), related_name="expenses", null=True, blank=True
    )
    attachment = models.ForeignKey(
        "records.Attachment", models.SET_NULL, verbose_name=_("receipt"), related_name="+", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("expense")
        verbose_name_plural = _("expenses")
        indexes = [models.Index(fields=["organization", "date"], name="expense_by_date")]


class ExpenseLineItem(Record):
    """One position of an expense; its price is in the expense's currency."""

    productive_type: ClassVar[str] = "expense_line_items"
    parts_of: ClassVar[tuple[str, ...]] = ("expense",)
    currency_of: ClassVar[str] = "expense"

    name = columns.long_text(_("name"))
    quantity = columns.number(_("quantity"))
    currency = columns.currency(_("currency"))
    unit_price = columns.money(_("unit price"))
    position = columns.whole(_("position"))
    expense = models.ForeignKey(
        Expense, models.CASCADE, verbose_name=_("expense"), related_name="expense_line_items", null=True, blank=True
    )
    tax_rate = models.ForeignKey("records.TaxRate", models.SET_NULL, verbose_name=_("tax rate"), related_name="+", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("expense line item")
        verbose_name_plural = _("expense line items")
        ordering = ["position", "id"]
