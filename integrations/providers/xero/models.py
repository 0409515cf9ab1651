"""What an organization settles for its connection to Xero."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.mappings.fields import OptionField, Ours, Theirs, ValueMapping
from integrations.models.accounting import AccountingIntegration
from integrations.records.choices import CustomizableType


class InvoiceStatus(models.IntegerChoices):
    """Of new invoices, bills and purchase orders. Productive does not publish its numbers; these are ours."""

    DRAFT = 1, _("Draft")
    SUBMITTED = 2, _("Submitted for approval")
    APPROVED = 3, _("Approved")
    MANUAL = 4, _("Asked for each copy")


class Reference(models.TextChoices):
    SUBJECT = "subject", _("Subject of the invoice")
    PURCHASE_ORDER_NUMBER = "purchase_order_number", _("Purchase order number")


class XeroIntegration(AccountingIntegration):
    xero_organizations = models.JSONField(default=list, blank=True, editable=False)
    xero_organization_id = models.CharField(_("Organisation"), max_length=36, blank=True, editable=False)
    tax_rate_mapping = ValueMapping(
        _("Tax rates"),
        of=Ours("tax_rate"),
        to=Theirs("tax_rates", suggested="sales"),
        noun=_("tax rate in Xero"),
        help_text=_(
            "Every tax rate that is used needs one of Xero's: one for sales where invoices have it, one for purchases where expenses "
            "have it. Xero has hardly any for both, so expenses need tax rates of their own in Productive."
        ),
    )
    account_code = OptionField(
        _("Default account"),
        theirs=Theirs("accounts", use="sales"),
        help_text=_("Used for every line whose service type has no account of its own."),
    )
    account_code_mapping = ValueMapping(
        _("Accounts by service type"),
        of=Ours("service_type"),
        to=Theirs("accounts", use="sales"),
        noun=_("account in Xero"),
        fallback="account_code",
        help_text=_("Service types without an account here use the default account."),
    )
    xero_invoice_status_id = models.PositiveSmallIntegerField(
        _("Status of new invoices"),
        choices=InvoiceStatus,
        default=InvoiceStatus.DRAFT,
        help_text=_("What a copied invoice is in Xero. “Asked for each copy” makes automatic copies impossible."),
    )
    xero_reference = models.CharField(
        _("Reference"),
        max_length=30,
        choices=Reference,
        default=Reference.SUBJECT,
        help_text=_("What customers read as the reference of the invoice."),
    )

    xero_internal_note_cf = models.ForeignKey(
        "records.CustomField",
        verbose_name=_("Internal note"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"customizable_type": CustomizableType.INVOICES, "archived_at": None, "remote_deleted_at": None},
        help_text=_("The custom field of invoices whose value becomes a note in the history of the copy, that only Xero's users see."),
    )
    xero_branding_theme_mapping = ValueMapping(
        _("Branding themes by document type"),
        of=Ours("document_type"),
        to=Theirs("branding_themes"),
        noun=_("branding theme in Xero"),
        help_text=_("How Xero prints the copy. Document types without a theme here get Xero's default."),
    )
    xero_service_type_tracking_mapping = ValueMapping(
        _("Tracking by service type"),
        of=Ours("service_type"),
        to=Theirs("tracking_categories"),
        noun=_("tracking option in Xero"),
        help_text=_("The tracking option that lines of a service type get. Wins over the one of the subsidiary in the same category."),
    )
    xero_subsidiary_tracking_mapping = ValueMapping(
        _("Tracking by subsidiary"),
        of=Ours("subsidiary"),
        to=Theirs("tracking_categories"),
        noun=_("tracking option in Xero"),
        help_text=_("The tracking option that every line of a subsidiary's invoices gets."),
    )
    use_purchase_orders_export = models.BooleanField(
        _("Copy purchase orders"), default=False, help_text=_("Finalised purchase orders can be copied to Xero, and updated there.")
    )
    export_purchase_order_number = models.BooleanField(
        _("Send our number of purchase orders"),
        default=False,
        help_text=_("On: purchase orders keep our number in Xero. Off: Xero numbers them."),
    )
    xero_purchase_order_status_id = models.PositiveSmallIntegerField(
        _("Status of new purchase orders"),
        choices=InvoiceStatus,
        default=InvoiceStatus.DRAFT,
        help_text=_("What a copied purchase order is in Xero. “Asked for each copy” makes automatic copies impossible."),
    )
    xero_default_purchase_order_account_code = OptionField(
        _("Default account of purchase orders"),
        theirs=Theirs("accounts", use="purchases"),
        help_text=_("Used for every position whose service type has no account of its own."),
    )
    purchase_order_account_code_mapping = ValueMapping(
        _("Accounts of purchase orders by service type"),
        of=Ours("service_type"),
        to=Theirs("accounts", use="purchases"),
        noun=_("account for purchase orders in Xero"),
        fallback="xero_default_purchase_order_account_code",
        help_text=_("Service types without an account here use the default account of purchase orders."),
    )
    use_expenses_in_xero = models.BooleanField(
        _("Copy expenses to Xero"),
        default=False,
        help_text=_("An expense becomes a bill in Xero. It needs a vendor and a payment due date. “Copy expenses” has to be on as well."),
    )
    xero_expense_status_id = models.PositiveSmallIntegerField(
        _("Status of new bills"),
        choices=InvoiceStatus,
        default=InvoiceStatus.DRAFT,
        help_text=_("What a copied expense is in Xero. “Asked for each copy” makes automatic copies impossible."),
    )
    export_expense_attachment = models.BooleanField(
        _("Send receipts along"), default=False, help_text=_("The files of an expense are attached to its bill in Xero.")
    )
    xero_default_expense_account_code = OptionField(
        _("Default account of expenses"),
        theirs=Theirs("accounts", use="purchases"),
        help_text=_("Used for every expense whose service type has no account of its own."),
    )
    expense_account_code_mapping = ValueMapping(
        _("Accounts of expenses by service type"),
        of=Ours("service_type"),
        to=Theirs("accounts", use="purchases"),
        noun=_("account for expenses in Xero"),
        fallback="xero_default_expense_account_code",
        help_text=_("Service types without an account here use the default account of expenses."),
    )

    class Meta(AccountingIntegration.Meta):
        abstract = False
        verbose_name = _("Xero connection")
        verbose_name_plural = _("Xero connections")
