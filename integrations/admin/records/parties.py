"""Lists of subsidiaries, companies and contact entries."""

from __future__ import annotations

from django.contrib import admin

from integrations.admin.records.base import RecordAdmin, RecordInline
from integrations.records.models import Company, ContactEntry, Subsidiary


class ContactEntryInline(RecordInline):
    model = ContactEntry
    columns = ("type", "name", "address", "zipcode", "city", "country", "email", "phone", "vat")


@admin.register(Subsidiary)
class SubsidiaryAdmin(RecordAdmin):
    list_display = ["name", "peppol_id", "archived_at"]
    search_fields = ["name", "productive_id"]
    ordering = ["name", "id"]
    inlines = [ContactEntryInline]


@admin.register(Company)
class CompanyAdmin(RecordAdmin):
    list_display = ["name", "company_code", "vat", "default_currency", "domain", "archived_at"]
    search_fields = ["name", "billing_name", "company_code", "vat", "domain", "productive_id"]
    list_filter = ["default_currency", "default_subsidiary"]
    ordering = ["name", "id"]
    inlines = [ContactEntryInline]


@admin.register(ContactEntry)
class ContactEntryAdmin(RecordAdmin):
    list_display = ["__str__", "type", "company", "person", "subsidiary", "email", "vat"]
    list_select_related = ["company", "person", "subsidiary"]
    search_fields = ["name", "email", "address", "city", "vat", "productive_id"]
    list_filter = ["type", "contactable_type"]
    ordering = ["-id"]
