"""Lists of invoices, payments, expenses, purchase orders, and of what they use."""

from __future__ import annotations

from django.contrib import admin

from integrations.admin.records.base import RecordAdmin, RecordInline
from integrations.admin.records.columns import beginning, file_size, money, number
from integrations.admin.records.filters import PeriodFilter
from integrations.records.models import (
    Attachment,
    DocumentType,
    Expense,
    ExpenseLineItem,
    Invoice,
    LineItem,
    Payment,
    PurchaseOrder,
    TaxRate,
)


class LineItemInline(RecordInline):
    model = LineItem
    columns = ("description", "service_type", "quantity", "unit_id", "unit_price", "discount", "tax_rate", "amount", "amount_tax")
    ordering = ("position", "id")


class PaymentInline(RecordInline):
    model = Payment
    columns = ("paid_on", "written_off_on", "amount", "external_id", "note")


@admin.register(Invoice)
class InvoiceAdmin(RecordAdmin):
    list_display = [
        "__str__",
        "company",
        "invoiced_on",
        "pay_on",
        money(Invoice, "amount_with_tax"),
        money(Invoice, "amount_unpaid"),
    ]
    list_select_related = ["company"]
    search_fields = ["number", "subject", "company__name", "purchase_order_number", "productive_id"]
    list_filter = [("invoiced_on", PeriodFilter), "invoice_type_id", "subsidiary", "exported", "credited"]
    ordering = ["-invoiced_on", "-id"]
    inlines = [LineItemInline, PaymentInline]


@admin.register(LineItem)
class LineItemAdmin(RecordAdmin):
    list_display = [
        beginning(LineItem, "description"),
        "invoice",
        "service_type",
        number(LineItem, "quantity"),
        money(LineItem, "unit_price"),
        "tax_rate",
    ]
    list_select_related = ["invoice", "service_type", "tax_rate"]
    search_fields = ["description", "invoice__number", "productive_id"]
    list_filter = ["service_type", "tax_rate"]
    ordering = ["-id"]


@admin.register(Payment)
class PaymentAdmin(RecordAdmin):
    list_display = ["invoice", "paid_on", "written_off_on", money(Payment, "amount"), "external_id"]
    list_select_related = ["invoice"]
    search_fields = ["invoice__number", "external_id", "note", "productive_id"]
    list_filter = [("paid_on", PeriodFilter)]
    ordering = ["-paid_on", "-id"]


@admin.register(TaxRate)
class TaxRateAdmin(RecordAdmin):
    list_display = ["name", number(TaxRate, "primary_component_value"), number(TaxRate, "secondary_component_value"), "subsidiary"]
    list_select_related = ["subsidiary"]
    search_fields = ["name", "productive_id"]
    list_filter = ["subsidiary"]
    ordering = ["name", "id"]


@admin.register(DocumentType)
class DocumentTypeAdmin(RecordAdmin):
    list_display = ["name", "exportable_type_id", "subsidiary", "locale", "status"]
    list_select_related = ["subsidiary"]
    search_fields = ["name", "productive_id"]
    list_filter = ["exportable_type_id", "status", "subsidiary"]
    ordering = ["name", "id"]


class ExpenseLineItemInline(RecordInline):
    model = ExpenseLineItem
    columns = ("name", "quantity", "unit_price", "tax_rate")
    ordering = ("position", "id")


@admin.register(Expense)
class ExpenseAdmin(RecordAdmin):
    list_display = [
        beginning(Expense, "name"),
        "date",
        "vendor",
        "person",
        "service_type",
        "approved",
        "paid_on",
        money(Expense, "total_amount_with_tax"),
    ]
    list_select_related = ["vendor", "person", "service_type"]
    search_fields = ["name", "vendor__name", "person__last_name", "productive_id"]
    list_filter = [("date", PeriodFilter), "approved", "draft", "exported", "service_type"]
    ordering = ["-date", "-id"]
    inlines = [ExpenseLineItemInline]


@admin.register(ExpenseLineItem)
class ExpenseLineItemAdmin(RecordAdmin):
    list_display = [
        beginning(ExpenseLineItem, "name"),
        "expense",
        number(ExpenseLineItem, "quantity"),
        money(ExpenseLineItem, "unit_price"),
        "tax_rate",
    ]
    list_select_related = ["expense", "tax_rate"]
    search_fields = ["name", "expense__name", "productive_id"]
    ordering = ["-id"]


class OrderedExpenseInline(RecordInline):
    model = Expense
    columns = ("name", "service_type", "quantity", "quantity_received", "amount", "total_amount", "tax_rate")
    ordering = ("position", "id")


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(RecordAdmin):
    list_display = [
        "__str__",
        "vendor",
        "deal",
        "issued_on",
        "status_id",
        "payment_status_id",
        money(PurchaseOrder, "total_cost_with_tax"),
    ]
    list_select_related = ["vendor", "deal"]
    search_fields = ["number", "subject", "vendor__name", "productive_id"]
    list_filter = [("issued_on", PeriodFilter), "status_id", "payment_status_id", "sent_status", "exported"]
    ordering = ["-issued_on", "-id"]
    inlines = [OrderedExpenseInline]


@admin.register(Attachment)
class AttachmentAdmin(RecordAdmin):
    list_display = ["name", "content_type", file_size, "expense", "creator", "created_at"]
    list_select_related = ["expense", "creator"]
    search_fields = ["name", "productive_id"]
    ordering = ["-id"]
