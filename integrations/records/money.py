"""Money that comes in: invoices with their lines and payments, and the tax rates, document types and files they use."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Origin, Record, in_words
from integrations.records.choices import (
    ArchivableStatus,
    ExportableType,
    InvoiceState,
    InvoiceType,
    Unit,
)
from integrations.records.parties import Company, ContactEntry, Subsidiary
from integrations.records.people import Person
from integrations.records.purchases import Expense
from integrations.records.tasks import Task
from integrations.records.work import Deal, Service, ServiceType


class TaxRate(Record):
    """A tax rate of one or two components, in percent."""

    productive_type: ClassVar[str] = "tax_rates"

    name = columns.text(_("name"))
    primary_component_name = columns.text(_("first component"))
    primary_component_value = columns.number(_("first component's rate"))
    secondary_component_name = columns.text(_("second component"))
    secondary_component_value = columns.number(_("second component's rate"))
    subsidiary = models.ForeignKey(
        Subsidiary, models.SET_NULL, verbose_name=_("subsidiary"), related_name="tax_rates", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")

    def __str__(self) -> str:
        return self.name or f"{self.effective_rate:f} %"

    @property
    def effective_rate(self) -> Decimal:
        """Percent of the net amount: the second component is added to the first, not compounded."""
        return (self.primary_component_value or Decimal(0)) + (self.secondary_component_value or Decimal(0))


class DocumentType(Record):
    """How documents of one type look, are worded and taxed."""

    productive_type: ClassVar[str] = "document_types"

    name = columns.text(_("name"))
    exportable_type_id = columns.choice(_("for"), ExportableType)
    status = columns.choice(_("status"), ArchivableStatus)
    archived_at = columns.moment(_("archived at"))
    locale = columns.text(_("language"))
    tax1_name = columns.text(_("first tax"))
    tax1_value = columns.number(_("first tax's rate"))
    tax2_name = columns.text(_("second tax"))
    tax2_value = columns.number(_("second tax's rate"))
    note = columns.long_text(_("note"))
    footer = columns.long_text(_("footer"))
    document_template_id = columns.whole(_("template"))
    document_style_id = columns.remote_id(_("style"))
    subsidiary = models.ForeignKey(
        Subsidiary, models.SET_NULL, verbose_name=_("subsidiary"), related_name="document_types", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("document type")
        verbose_name_plural = _("document types")


class Attachment(Record):
    """A file; `url` is where Productive offers it. With a `digest` Patchbay keeps the file itself, see `integrations.records.files`."""

    productive_type: ClassVar[str] = "attachments"
    parts_of: ClassVar[tuple[str, ...]] = ("expense",)

    name = columns.text(_("name"))
    content_type = columns.text(_("content type"))
    size = columns.text(_("size"))
    url = columns.long_text(_("address"))
    digest = columns.text(_("kept file"), 64)
    attachment_type = columns.text(_("type"))
    attachable_type = columns.text(_("attached to a"))
    attachable_id = columns.remote_id(_("attached to"))
    created_at = columns.moment(_("created at"))
    page_id = columns.remote_id(_("page"))
    comment_id = columns.remote_id(_("comment"))
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    task = models.ForeignKey(Task, models.CASCADE, verbose_name=_("task"), related_name="attachments", null=True, blank=True)
    deal = models.ForeignKey(Deal, models.CASCADE, verbose_name=_("deal or budget"), related_name="attachments", null=True, blank=True)
    expense = models.ForeignKey(Expense, models.CASCADE, verbose_name=_("expense"), related_name="attachments", null=True, blank=True)
    document_type = models.ForeignKey(
        DocumentType, models.CASCADE, verbose_name=_("document type"), related_name="attachments", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")


class Invoice(Record):
    """An invoice (type 1) or a credit note (type 2). Its amounts are Productive's own totals."""

    productive_type: ClassVar[str] = "invoices"

    number = columns.text(_("number"))
    subject = columns.long_text(_("subject"))
    invoice_type_id = models.PositiveSmallIntegerField(_("type"), choices=InvoiceType, default=InvoiceType.INVOICE)
    invoiced_on = columns.day(_("invoiced on"))
    finalized_on = columns.day(_("finalized on"))
    pay_on = columns.day(_("due on"))
    pay_on_relative = columns.flag(_("due date follows the payment terms"))
    payment_terms = columns.whole(_("payment terms"))
    payment_terms_days = columns.whole(_("payment terms in days"))
    payment_terms_type = columns.text(_("type of payment terms"))
    delivery_on = columns.day(_("delivered on"))
    sent_on = columns.day(_("sent on"))
    paid_on = columns.day(_("paid on"))
    created_at = columns.moment(_("created at"))
    currency = columns.currency(_("currency"))
    discount = columns.number(_("discount"))
    amount = columns.money(_("amount"))
    amount_tax = columns.money(_("tax"))
    amount_with_tax = columns.money(_("amount with tax"))
    amount_paid = columns.money(_("paid"))
    amount_unpaid = columns.money(_("unpaid"))
    amount_written_off = columns.money(_("written off"))
    amount_credited = columns.money(_("credited"))
    credited = columns.flag(_("has a credit note"))
    purchase_order_number = columns.text(_("purchase order number"))
    company_reference_id = columns.text(_("company reference"))
    note = columns.long_text(_("note"))
    note_interpolated = columns.long_text(_("note as printed"))
    bank_account_details = columns.long_text(_("bank account"))
    email_key = columns.text(_("e-mail key"))
    tag_list = columns.list_of(_("tags"))
    custom_fields = columns.hash_of(_("custom fields"))
    exported = columns.flag(_("exported"))
    exported_at = columns.moment(_("exported at"))
    export_integration_type_id = columns.whole(_("exported by integration type"))
    export_id = columns.text(_("id in the other system"))
    export_invoice_url = columns.long_text(_("address in the other system"))
    company = models.ForeignKey(Company, models.SET_NULL, verbose_name=_("company"), related_name="invoices", null=True, blank=True)
    subsidiary = models.ForeignKey(
        Subsidiary, models.SET_NULL, verbose_name=_("subsidiary"), related_name="invoices", null=True, blank=True
    )
    document_type = models.ForeignKey(
        DocumentType, models.SET_NULL, verbose_name=_("document type"), related_name="invoices", null=True, blank=True
    )
    bill_to = models.ForeignKey(ContactEntry, models.SET_NULL, verbose_name=_("bill to"), related_name="+", null=True, blank=True)
    bill_from = models.ForeignKey(ContactEntry, models.SET_NULL, verbose_name=_("bill from"), related_name="+", null=True, blank=True)
    creator = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("creator"), related_name="+", null=True, blank=True)
    issuer = models.ForeignKey(Person, models.SET_NULL, verbose_name=_("issuer"), related_name="+", null=True, blank=True)
    parent_invoice = models.ForeignKey(
        "self", models.SET_NULL, verbose_name=_("credited invoice"), related_name="credit_notes", null=True, blank=True
    )
    attachment = models.ForeignKey(Attachment, models.SET_NULL, verbose_name=_("document"), related_name="+", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("invoice or credit note")
        verbose_name_plural = _("invoices and credit notes")
        indexes = [
            models.Index(fields=["organization", "invoiced_on"], name="invoice_by_date"),
            models.Index(fields=["organization", "subsidiary", "invoice_type_id", "finalized_on"], name="invoice_by_subsidiary"),
        ]

    def __str__(self) -> str:
        return f"{self.get_invoice_type_id_display()} {self.number or self.pk}"

    @classmethod
    def kinds(cls) -> dict[str, dict[str, object]]:
        return {"invoice": {"invoice_type_id": InvoiceType.INVOICE}, "credit_note": {"invoice_type_id": InvoiceType.CREDIT_NOTE}}

    @property
    def is_finalized(self) -> bool:
        return self.finalized_on is not None

    @property
    def invoice_state(self) -> InvoiceState:
        return InvoiceState.FINALIZED if self.is_finalized else InvoiceState.DRAFT

    def follow_payments(self) -> None:
        """Take from the payments here what is paid, what is not, and since when all is. The revision stays: no copy shows it.

        Where Productive sends the payments, its own totals stand.
        """
        payments = Payment.everywhere.filter(invoice_id=self.pk, remote_deleted_at=None)
        if payments.filter(origin=Origin.PRODUCTIVE).exists():
            return
        rows = payments.filter(written_off_on=None).values_list("amount", "paid_on")
        sign = -1 if (self.amount_with_tax or 0) < 0 else 1  # refunds of a credit note are positive, its total may be negative
        paid = sign * sum((amount or Decimal(0) for amount, _day in rows), Decimal(0))
        settled = paid + sum(amount or Decimal(0) for amount in (self.amount_written_off, self.amount_credited))
        unpaid = None if self.amount_with_tax is None else self.amount_with_tax - settled
        days = [day for _amount, day in rows if day is not None]
        paid_on = max(days, default=None) if unpaid is not None and sign * unpaid <= 0 else None
        Invoice.everywhere.filter(pk=self.pk).update(amount_paid=paid, amount_unpaid=unpaid, paid_on=paid_on)


class LineItem(Record):
    """One line of an invoice or credit note."""

    productive_type: ClassVar[str] = "line_items"
    parts_of: ClassVar[tuple[str, ...]] = ("invoice",)
    currency_of: ClassVar[str] = "invoice"

    description = columns.long_text(_("description"))
    position = columns.whole(_("position"))
    quantity = columns.number(_("quantity"))
    unit_id = columns.choice(_("unit"), Unit)
    currency = columns.currency(_("currency"))
    unit_price = columns.money(_("unit price"))
    discount = columns.number(_("discount"))
    tax_name = columns.text(_("tax"))
    tax_value = columns.number(_("tax in percent"))
    amount = columns.money(_("amount"))
    amount_tax = columns.money(_("tax amount"))
    amount_with_tax = columns.money(_("amount with tax"))
    kpd_code_id = columns.remote_id(_("KPD code"))
    invoice = models.ForeignKey(Invoice, models.CASCADE, verbose_name=_("invoice"), related_name="line_items", null=True, blank=True)
    service = models.ForeignKey(Service, models.SET_NULL, verbose_name=_("service"), related_name="line_items", null=True, blank=True)
    service_type = models.ForeignKey(
        ServiceType, models.SET_NULL, verbose_name=_("service type"), related_name="line_items", null=True, blank=True
    )
    expense = models.ForeignKey(Expense, models.SET_NULL, verbose_name=_("expense"), related_name="line_items", null=True, blank=True)
    tax_rate = models.ForeignKey(TaxRate, models.SET_NULL, verbose_name=_("tax rate"), related_name="line_items", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("line item")
        verbose_name_plural = _("line items")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.description or f"{capfirst(self._meta.verbose_name)} {self.pk}"


class Payment(Record):
    """Money received for an invoice, or an amount written off (`written_off_on`)."""

    productive_type: ClassVar[str] = "payments"
    currency_of: ClassVar[str] = "invoice"

    paid_on = columns.day(_("paid on"))
    written_off_on = columns.day(_("written off on"))
    currency = columns.currency(_("currency"))
    amount = columns.money(_("amount"))
    external_id = columns.text(_("id in the other system"))
    note = columns.long_text(_("note"))
    invoice = models.ForeignKey(Invoice, models.CASCADE, verbose_name=_("invoice"), related_name="payments", null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [models.Index(fields=["organization", "paid_on"], name="payment_by_date")]

    def __str__(self) -> str:
        return f"{self.amount or 0:.2f} {self.currency}, {in_words(self.paid_on or self.written_off_on)}"

    def _raise_parents(self, *versions: Self) -> None:
        """An invoice's content does not change with its payments, but what is paid of it does."""
        super()._raise_parents(*versions)
        if self.origin != Origin.PRODUCTIVE:
            ids = {version.invoice_id for version in versions if version.invoice_id}
            for invoice in Invoice.everywhere.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"):
                invoice.follow_payments()
