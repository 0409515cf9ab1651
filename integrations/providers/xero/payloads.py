"""Records to Xero's documents, Xero's documents to records. Pure functions; amounts are Decimal.

Shapes: https://developer.xero.com/documentation/api/accounting/invoices, …/creditnotes, …/contacts, …/payments
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from integrations.comparison import Booked
from integrations.errors import ConfigProblem, Rejected
from integrations.incoming import Incoming
from integrations.mappings.resolve import chosen, resolve
from integrations.provider import Copy, Done
from integrations.providers.xero.client import Contact, Document, Payment, moment
from integrations.providers.xero.models import InvoiceStatus, Reference
from integrations.records.models import Company, ContactEntry, Invoice, LineItem, TaxRate

STATUSES = {InvoiceStatus.DRAFT: "DRAFT", InvoiceStatus.SUBMITTED: "SUBMITTED", InvoiceStatus.APPROVED: "AUTHORISED"}
UNIT_PLACES = Decimal("0.0001")  # unit amounts have four places when `unitdp=4` is asked for
HUNDRED = Decimal(100)

Payload = tuple[dict[str, Any], dict[str, Decimal]]


def build_contact(copy: Copy, company: Company) -> Payload:
    """A customer. `ContactNumber` is what Xero's users never see and we find it by; names are unique among active contacts."""
    name = (company.billing_name or company.name).strip()
    if not name:
        raise Rejected(_("The company has no name."), field="name", advice=_("Give it a name in Productive."))
    entries = [entry for entry in company.contact_entries.all() if entry.remote_deleted_at is None]
    email = _first(entries, "billing_email") or _first(entries, "email")
    contact: dict[str, Any] = {"Name": name[:255], "ContactNumber": (company.productive_id or copy.reference)[:50]}
    if copy.remote_id:
        contact["ContactID"] = copy.remote_id
    if email:
        contact["EmailAddress"] = email
    if tax_number := company.vat or _first(entries, "vat"):
        contact["TaxNumber"] = tax_number[:50]
    if company.default_currency:
        contact["DefaultCurrency"] = company.default_currency
    if addresses := [entry for entry in entries if entry.address or entry.city or entry.zipcode]:
        billing = next((entry for entry in addresses if entry.billing_address or entry.type == "bill_to"), addresses[0])
        contact["Addresses"] = [_address(billing)]
    if phone := _first(entries, "phone"):
        contact["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": phone[:50]}]
    return contact, {}


def _first(entries: list[ContactEntry], attribute: str) -> str:
    return next((value for entry in entries if (value := str(getattr(entry, attribute)).strip())), "")


def _address(entry: ContactEntry) -> dict[str, str]:
    lines = [line.strip()[:500] for line in entry.address.splitlines() if line.strip()][:4]
    parts = {f"AddressLine{position}": line for position, line in enumerate(lines, 1)}
    parts |= {"City": entry.city[:255], "Region": entry.state[:255], "PostalCode": entry.zipcode[:50], "Country": entry.country[:50]}
    return {"AddressType": "POBOX", **{name: value for name, value in parts.items() if value}}


def build_invoice(copy: Copy, invoice: Invoice) -> Payload:
    document = _document(copy, invoice, with_discount_rate=True) | {
        "Type": "ACCREC",
        "Url": f"{copy.address}?copy={copy.reference}",
        "LineAmountTypes": "Exclusive",
    }
    if invoice.pay_on:
        document["DueDate"] = invoice.pay_on.isoformat()
    elif document.get("Status", "DRAFT") != "DRAFT":
        raise Rejected(_("The invoice has no due date, and Xero wants one."), field="pay_on", advice=_("Set it in Productive."))
    if copy.integration.export_number:
        document["InvoiceNumber"] = _number(invoice)
    if copy.remote_id:
        document["InvoiceID"] = copy.remote_id
    return document, _expected(invoice)


def build_credit_note(copy: Copy, credit_note: Invoice) -> Payload:
    """Xero wants a positive total on a credit note: one that is negative here is turned round. It takes discount rates on invoices only."""
    document = _document(copy, credit_note, with_discount_rate=False) | {"Type": "ACCRECCREDIT", "LineAmountTypes": "Exclusive"}
    document["LineItems"] = _turned_round(document["LineItems"])
    if copy.integration.export_number:
        document["CreditNoteNumber"] = _number(credit_note)
    if copy.remote_id:
        document["CreditNoteID"] = copy.remote_id
    return document, {name: abs(amount) for name, amount in _expected(credit_note).items()}


def _document(copy: Copy, invoice: Invoice, *, with_discount_rate: bool) -> dict[str, Any]:
    if invoice.company_id is None:
        raise Rejected(_("The invoice has no company."), field="company", advice=_("Choose one in Productive."))
    if invoice.invoiced_on is None:
        raise Rejected(_("The invoice has no date."), field="invoiced_on", advice=_("Set it in Productive."))
    lines = [line for line in invoice.line_items.all() if line.remote_deleted_at is None]
    if not lines:
        raise Rejected(_("The invoice has no lines."), field="line_items", advice=_("Add one in Productive."))
    document: dict[str, Any] = {
        "Contact": {"ContactID": copy.linked("company", invoice.company_id)},
        "Date": invoice.invoiced_on.isoformat(),
        "LineItems": [_line(copy, invoice, line, with_discount_rate=with_discount_rate) for line in lines],
    }
    if status := status_of(copy, "xero_invoice_status_id"):
        document["Status"] = status
    if invoice.currency:
        document["CurrencyCode"] = invoice.currency
    if reference := _reference(copy, invoice):
        document["Reference"] = reference
    if theme := chosen(copy.integration, "xero_branding_theme_mapping", invoice.document_type_id):
        document["BrandingThemeID"] = theme
    return document


def status_of(copy: Copy, setting: str) -> str:
    """The status of a new copy; what people did with an older one in Xero is left alone."""
    if copy.remote_id:
        return copy.choices.get("status", "")
    return copy.choices.get("status") or STATUSES[InvoiceStatus(getattr(copy.integration, setting))]


def tax_type(copy: Copy, rate: TaxRate | None, use: str) -> str:
    """What Xero calls the tax rate; it refuses on purchases what is for sales, and the other way round (`use`)."""
    found = resolve(copy.integration, "tax_rate_mapping", rate)
    option = copy.option("tax_rates", found)
    if option is None or use in option.uses:
        return found
    words = {"rate": rate, "theirs": option.label}
    if use == "sales":
        message = _("“%(rate)s” is mapped to “%(theirs)s”, which Xero does not allow on sales.") % words
        cure = _("Map it to one of Xero's for sales.")
    else:
        message = _("“%(rate)s” is mapped to “%(theirs)s”, which Xero does not allow on purchases.") % words
        cure = _("Give expenses a tax rate of their own in Productive, and map that one to one of Xero's for purchases.")
    raise ConfigProblem(message, field="tax_rate_mapping", value=str(rate.pk) if rate else "", advice=cure)


def _reference(copy: Copy, invoice: Invoice) -> str:
    uses_order = copy.integration.xero_reference == Reference.PURCHASE_ORDER_NUMBER
    return (invoice.purchase_order_number if uses_order else invoice.subject)[:255]


def for_customers() -> override:
    """What customers read is in the language of the installation: what somebody previews is what the worker sends."""
    return override(settings.LANGUAGE_CODE)


def _unnamed() -> str:
    with for_customers():
        return _("Services")


def _number(invoice: Invoice) -> str:
    if not invoice.number:
        raise Rejected(_("The invoice has no number to send."), field="number", advice=_("Finalise it in Productive."))
    return invoice.number


def _line(copy: Copy, invoice: Invoice, line: LineItem, *, with_discount_rate: bool) -> dict[str, Any]:
    quantity = line.quantity if line.quantity is not None else Decimal(1)
    unit_price = line.unit_price or Decimal(0)
    kept = (1 - (line.discount or Decimal(0)) / HUNDRED) * (1 - (invoice.discount or Decimal(0)) / HUNDRED)
    item: dict[str, Any] = {
        "Description": (line.description or _unnamed())[:4000],
        "Quantity": plain(quantity),
        "AccountCode": resolve(copy.integration, "account_code_mapping", line.service_type),
        "TaxType": tax_type(copy, line.tax_rate, "sales"),
    }
    if tracking := _tracking(copy, invoice, line):
        item["Tracking"] = tracking
    if with_discount_rate:
        item["UnitAmount"] = plain(unit_price)
        if kept != 1:
            item["DiscountRate"] = plain(((1 - kept) * HUNDRED).quantize(UNIT_PLACES, ROUND_HALF_UP))
    else:
        item["UnitAmount"] = plain((unit_price * kept).quantize(UNIT_PLACES, ROUND_HALF_UP))
    return item


def _tracking(copy: Copy, invoice: Invoice, line: LineItem) -> list[dict[str, str]]:
    """At most one option of each category; that of the service type goes before that of the subsidiary."""
    options = (
        chosen(copy.integration, "xero_subsidiary_tracking_mapping", invoice.subsidiary_id),
        chosen(copy.integration, "xero_service_type_tracking_mapping", line.service_type_id),
    )
    by_category = dict(option.split("/", 1) for option in options if option)
    return [{"TrackingCategoryID": category, "TrackingOptionID": option} for category, option in by_category.items()]


def _turned_round(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a credit note with a positive sum."""
    if sum(line["Quantity"] * line["UnitAmount"] for line in lines) >= 0:
        return lines
    return [{**line, "UnitAmount": -line["UnitAmount"]} for line in lines]


def plain(number: Decimal) -> Decimal:
    """The number without zeros behind its last digit, at least two places: 95.5000 -> 95.50, 12.0000 -> 12.00."""
    cents = number.quantize(Decimal("0.01"))
    return cents if cents == number else number.normalize()


def _expected(invoice: Invoice) -> dict[str, Decimal]:
    totals = {"net": invoice.amount, "tax": invoice.amount_tax, "total": invoice.amount_with_tax}
    return {name: amount.quantize(Decimal("0.01")) for name, amount in totals.items() if amount is not None}


def read_document(document: Document, url: str) -> Done:
    return Done(
        remote_id=document.id,
        number=document.number,
        url=url,
        totals={"net": document.sub_total, "tax": document.total_tax, "total": document.total},
        warnings=tuple(warning.message for warning in document.warnings),
    )


def read_contact(contact: Contact, url: str) -> Done:
    return Done(remote_id=contact.id, number=contact.name, url=url)


def read_payment(payment: Payment) -> Incoming:
    """A payment of an invoice or a refund of a credit note, which Xero also shows as `Invoice`, with the type of the credit note.

    Xero never edits one: it deletes it and makes another.
    """
    return Incoming(
        remote_id=payment.id,
        number=payment.reference,
        deleted=payment.status == "DELETED",
        values={
            "amount": payment.amount,
            "paid_on": payment.date,
            "currency": payment.currency,
            "external_id": payment.id,
            "note": payment.reference,
        },
        belongs_to={"invoice": _paid(payment)},
    )


def _paid(payment: Payment) -> tuple[str, str]:
    """Kind and remote id of what it pays."""
    is_refund = payment.invoice is None or payment.invoice.type.endswith("CREDIT")
    return ("credit_note" if is_refund else "invoice"), payment.document.id if payment.document else ""


def read_number(document: Document) -> Incoming:
    """What a document learns of its copy: its number, and that it was sent, by the day of Xero's last change."""
    values = {"number": document.number} if document.number else {}
    fills = {"sent_on": moment(document.changed).date()} if document.is_sent and document.changed else {}
    return Incoming(remote_id=document.id, number=document.number, values=values, fills=fills)


def booked(documents: Iterable[Document], url: Callable[[Document], str]) -> Iterator[Booked]:
    for document in documents:
        yield Booked(
            remote_id=document.id,
            number=document.number,
            date=document.date,
            currency=document.currency,
            total=document.total,
            url=url(document),
        )


def booked_payments(payments: Iterable[Payment], url: Callable[[Document], str]) -> Iterator[Booked]:
    """A payment has no page of its own: the address is that of what it pays."""
    for payment in payments:
        yield Booked(
            remote_id=payment.id,
            number=payment.reference,
            date=payment.date,
            currency=payment.currency,
            total=payment.amount,
            url=url(payment.document) if payment.document else "",
            belongs_to=_paid(payment),
        )
