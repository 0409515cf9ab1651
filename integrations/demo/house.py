"""What the organization has before any work is done: its legal entity, taxes, service types, people, clients and vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from accounts.models import User
from integrations.demo.cast import Business, Cast, Sold, Tax
from integrations.demo.shelf import Shelf
from integrations.records.choices import (
    ArchivableStatus,
    ContactableType,
    ContactEntryType,
    CustomFieldType,
    CustomizableType,
    ExportableType,
    HrmType,
)
from integrations.records.models import (
    Company,
    ContactEntry,
    CustomField,
    CustomFieldOption,
    DocumentType,
    Person,
    ServiceType,
    Subsidiary,
    TaxRate,
)

SINCE_DAYS = 900
CONTACTS = (("Ingrid", "Vos"), ("Mateusz", "Krawczyk"), ("Chloé", "Besson"), ("Håkan", "Öberg"), ("Grace", "Whitfield"))
COST_CENTRES = ("Design", "Technology", "Consulting")


@dataclass(frozen=True)
class Party:
    """A client or vendor, with the contact entry that holds its address and, of some clients, a person to talk to."""

    business: Business
    company: Company
    address: ContactEntry
    contact: Person | None = None


@dataclass(frozen=True, kw_only=True)
class House:
    """`taxes` and `sold` are by name. `staff` begins with those who sign in, in the order of the cast."""

    cast: Cast
    subsidiary: Subsidiary
    bill_from: ContactEntry
    invoice_type: DocumentType
    taxes: Mapping[str, TaxRate]
    sold: Mapping[str, tuple[Sold, ServiceType]]
    staff: Sequence[Person]
    clients: Sequence[Party]
    vendors: Sequence[Party]
    cost_centre: CustomField
    cost_centres: Sequence[CustomFieldOption]
    practice_lead: CustomField

    def tax_of(self, client: Business, sold: Sold) -> TaxRate:
        """Reduced services have the reduced rate for clients at home; all others have their client's."""
        at_home = client.tax == self.cast.subsidiary.tax
        return self.taxes[self.cast.reduced_tax if sold.reduced and at_home else client.tax]


def furnish(shelf: Shelf, cast: Cast, users: Mapping[str, User]) -> House:
    """`users` are by e-mail address."""
    (subsidiary,) = shelf.put(Subsidiary, [{"name": cast.subsidiary.name}])
    entry = {"contactable_type": ContactableType.SUBSIDIARY, "subsidiary": subsidiary}
    (bill_from,) = shelf.put(ContactEntry, [_address(cast.subsidiary, ContactEntryType.BILL_FROM) | entry])
    taxes = {rate.name: rate for rate in shelf.put(TaxRate, [_tax(tax) | {"subsidiary": subsidiary} for tax in cast.taxes])}
    kind = {"exportable_type_id": ExportableType.INVOICE, "status": ArchivableStatus.ACTIVE, "locale": "en", "subsidiary": subsidiary}
    (invoice_type,) = shelf.put(DocumentType, [{"name": "Invoice", "tax1_name": cast.subsidiary.tax, **kind}])
    subsidiary.bill_from, subsidiary.default_tax_rate = bill_from, taxes[cast.subsidiary.tax]
    subsidiary.default_document_type = invoice_type
    Subsidiary.everywhere.bulk_update([subsidiary], ["bill_from", "default_tax_rate", "default_document_type"])

    types = shelf.put(ServiceType, [{"name": sold.name, "description": sold.description} for sold in cast.sold])
    cost_centre, practice_lead = shelf.put(
        CustomField,
        [
            _custom_field("Cost centre", CustomFieldType.SELECT, CustomizableType.INVOICES),
            _custom_field("Practice lead", CustomFieldType.TEXT, CustomizableType.PROJECTS),
        ],
    )
    centres = [{"name": name, "position": position, "custom_field": cost_centre} for position, name in enumerate(COST_CENTRES, 1)]
    return House(
        cast=cast,
        subsidiary=subsidiary,
        bill_from=bill_from,
        invoice_type=invoice_type,
        taxes=taxes,
        sold={sold.name: (sold, service_type) for sold, service_type in zip(cast.sold, types, strict=True)},
        staff=_staff(shelf, cast, subsidiary, users),
        clients=_parties(shelf, subsidiary, cast.clients, "client"),
        vendors=_parties(shelf, subsidiary, cast.vendors, "vendor"),
        cost_centre=cost_centre,
        cost_centres=shelf.put(CustomFieldOption, centres),
        practice_lead=practice_lead,
    )


def _tax(tax: Tax) -> dict[str, Any]:
    row: dict[str, Any] = {"name": tax.name}
    for place, component in zip(("primary", "secondary"), tax.components, strict=False):
        row |= {f"{place}_component_name": component.name, f"{place}_component_value": component.percent}
    return row


def _custom_field(name: str, data_type: CustomFieldType, of: CustomizableType) -> dict[str, Any]:
    return {"name": name, "data_type_id": data_type, "customizable_type": of, "is_global": True}


def _address(business: Business, kind: ContactEntryType) -> dict[str, Any]:
    return {
        "type": kind,
        "name": business.billing_name or business.name,
        "address": business.street,
        "zipcode": business.zipcode,
        "city": business.city,
        "country": business.country,
        "vat": business.vat,
        "billing_address": kind != ContactEntryType.ADDRESS,
    }


def _parties(shelf: Shelf, subsidiary: Subsidiary, businesses: Sequence[Business], role: str) -> list[Party]:
    companies = shelf.put(
        Company,
        [
            {
                "name": business.name,
                "billing_name": business.billing_name,
                "company_code": f"{role[0].upper()}{number:03}",
                "vat": business.vat,
                "domain": business.domain,
                "due_days": business.due_days,
                "default_currency": business.currency,
                "default_subsidiary": subsidiary,
                "tag_list": [role],
                "created_at": shelf.morning(shelf.working_day(SINCE_DAYS - number * 30)),
            }
            for number, business in enumerate(businesses, 1)
        ],
    )
    known = list(zip(businesses, companies, strict=True))
    kind = ContactEntryType.BILL_TO if role == "client" else ContactEntryType.ADDRESS
    addresses = _entries(shelf, [_address(business, kind) | {"company": company} for business, company in known])
    _entries(
        shelf, [{"type": ContactEntryType.EMAIL, "email": f"accounts@{business.domain}", "company": company} for business, company in known]
    )
    _entries(shelf, [{"type": ContactEntryType.PHONE, "phone": business.phone, "company": company} for business, company in known])
    people = shelf.put(
        Person,
        [
            {
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{slugify(first_name)}@{business.domain}",
                "hrm_type_id": HrmType.CONTACT,
                "company": company,
            }
            for (first_name, last_name), (business, company) in zip(CONTACTS if role == "client" else (), known, strict=False)
        ],
    )
    contacts = {person.company_id: person for person in people}
    return [
        Party(business, company, address, contacts.get(company.pk)) for (business, company), address in zip(known, addresses, strict=True)
    ]


def _entries(shelf: Shelf, rows: list[dict[str, Any]]) -> list[ContactEntry]:
    return shelf.put(ContactEntry, [row | {"contactable_type": ContactableType.COMPANY} for row in rows])


def _staff(shelf: Shelf, cast: Cast, subsidiary: Subsidiary, users: Mapping[str, User]) -> list[Person]:
    emails = [member.email for member in cast.members]
    emails += [f"{slugify(employee.first_name)}@{cast.subsidiary.domain}" for employee in cast.employees]
    return shelf.put(
        Person,
        [
            {
                "first_name": somebody.first_name,
                "last_name": somebody.last_name,
                "title": somebody.title,
                "email": email,
                "user": users.get(email),
                "is_user": True,
                "hrm_type_id": HrmType.EMPLOYEE,
                "subsidiary": subsidiary,
                "joined_at": shelf.morning(shelf.working_day(SINCE_DAYS - number * 70)),
            }
            for number, (somebody, email) in enumerate(zip((*cast.members, *cast.employees), emails, strict=True))
        ],
    )
