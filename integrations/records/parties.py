"""Who does business: subsidiaries (the organization's legal entities), companies, and their contact entries."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.records import columns
from integrations.records.base import Record
from integrations.records.choices import ContactableType, ContactEntryType


class Subsidiary(Record):
    """A legal entity of the organization: it invoices, and accounting integrations export for it."""

    productive_type: ClassVar[str] = "subsidiaries"

    name = columns.text(_("name"))
    invoice_number_format = columns.text(_("invoice number format"))
    invoice_number_scope = columns.text(_("invoice number scope"))
    archived_at = columns.moment(_("archived at"))
    show_delivery_date = columns.flag(_("show delivery date"))
    einvoice_payment_means_type_id = columns.whole(_("e-invoice payment means"))
    einvoice_download_format_id = columns.whole(_("e-invoice download format"))
    peppol_id = columns.text(_("Peppol id"))
    export_integration_type_id = columns.whole(_("exporting integration type"))
    invoice_logo_url = columns.long_text(_("invoice logo"))
    facility_costs = columns.number(_("facility costs"))
    integration_id = columns.remote_id(_("exporting integration in Productive"))
    custom_domain_id = columns.remote_id(_("custom domain"))
    default_bank_account_id = columns.remote_id(_("default bank account"))
    bill_from = models.ForeignKey(
        "records.ContactEntry", models.SET_NULL, verbose_name=_("bill from"), related_name="+", null=True, blank=True
    )
    default_tax_rate = models.ForeignKey(
        "records.TaxRate", models.SET_NULL, verbose_name=_("default tax rate"), related_name="+", null=True, blank=True
    )
    default_document_type = models.ForeignKey(
        "records.DocumentType", models.SET_NULL, verbose_name=_("default document type"), related_name="+", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("subsidiary")
        verbose_name_plural = _("subsidiaries")


class Company(Record):
    """A client or a vendor."""

    productive_type: ClassVar[str] = "companies"

    name = columns.text(_("name"))
    billing_name = columns.text(_("billing name"))
    company_code = columns.text(_("company code"))
    vat = columns.text(_("VAT number"))
    domain = columns.text(_("domain"))
    due_days = columns.whole(_("days until due"))
    default_currency = columns.currency(_("default currency"))
    contact = columns.hash_of(_("contact"))
    custom_fields = columns.hash_of(_("custom fields"))
    tag_list = columns.list_of(_("tags"))
    subscriber_ids = columns.list_of(_("subscribers"))
    avatar_url = columns.long_text(_("logo"))
    created_at = columns.moment(_("created at"))
    archived_at = columns.moment(_("archived at"))
    last_activity_at = columns.moment(_("last activity at"))
    default_subsidiary = models.ForeignKey(
        Subsidiary, models.SET_NULL, verbose_name=_("default subsidiary"), related_name="companies", null=True, blank=True
    )
    parent_company = models.ForeignKey(
        "self", models.SET_NULL, verbose_name=_("parent company"), related_name="child_companies", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        indexes = [models.Index(fields=["organization", "name"], name="company_by_name")]

    def __str__(self) -> str:
        return self.name or self.billing_name or f"{capfirst(self._meta.verbose_name)} {self.pk}"


class ContactEntry(Record):
    """An address, telephone number or billing identity of a company, a person, a subsidiary or one document."""

    productive_type: ClassVar[str] = "contact_entries"
    parts_of: ClassVar[tuple[str, ...]] = ("company", "person", "subsidiary", "invoice", "purchase_order")

    contactable_type = columns.named_choice(_("belongs to a"), ContactableType)
    type = columns.named_choice(_("type"), ContactEntryType)
    name = columns.text(_("name"))
    email = columns.text(_("e-mail"))
    phone = columns.text(_("phone"))
    website = columns.long_text(_("website"))
    address = columns.long_text(_("address"))
    city = columns.text(_("city"))
    state = columns.text(_("state"))
    zipcode = columns.text(_("postal code"))
    country = columns.text(_("country"))
    vat = columns.text(_("VAT number"))
    billing_address = columns.flag(_("billing address"))
    billing_email = columns.text(_("billing e-mail"))
    company = models.ForeignKey(Company, models.CASCADE, verbose_name=_("company"), related_name="contact_entries", null=True, blank=True)
    person = models.ForeignKey(
        "records.Person", models.CASCADE, verbose_name=_("person"), related_name="contact_entries", null=True, blank=True
    )
    subsidiary = models.ForeignKey(
        Subsidiary, models.CASCADE, verbose_name=_("subsidiary"), related_name="contact_entries", null=True, blank=True
    )
    invoice = models.ForeignKey(
        "records.Invoice", models.CASCADE, verbose_name=_("invoice"), related_name="contact_entries", null=True, blank=True
    )
    purchase_order = models.ForeignKey(
        "records.PurchaseOrder", models.CASCADE, verbose_name=_("purchase order"), related_name="contact_entries", null=True, blank=True
    )

    class Meta(Record.Meta):
        verbose_name = _("contact entry")
        verbose_name_plural = _("contact entries")

    def __str__(self) -> str:
        parts = (self.name, self.address, self.zipcode, self.city, self.country, self.email, self.phone, self.website)
        return ", ".join(part.replace("\n", ", ") for part in parts if part) or f"{capfirst(self._meta.verbose_name)} {self.pk}"
