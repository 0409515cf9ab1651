"""An invoice or credit note as a PDF: what its customer needs to see, in a plain layout."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from integrations.documents.sheet import LARGE, SMALL, Column, Sheet
from integrations.records.models import ContactEntry, Invoice, LineItem

READS = ("company", "subsidiary", "bill_to", "bill_from", "document_type", "line_items__tax_rate")
"""What `invoice_pdf` looks at."""
CENT, HUNDRED = Decimal("0.01"), Decimal(100)
NOT_IN_NAMES = re.compile(r"[^\w.-]+")


def invoice_pdf(invoice: Invoice) -> bytes:
    """In the language of the moment; the same bytes for the same invoice."""
    title = f"{invoice.get_invoice_type_id_display()} {invoice.number}".strip()
    issuer = _issuer(invoice)
    sheet = Sheet(title, issuer, invoice.invoiced_on or date(1970, 1, 1))
    sheet.text(issuer, bold=True)
    sheet.text(_address(invoice.bill_from), size=SMALL, grey=True)
    sheet.gap(8)
    sheet.text(_customer(invoice), width=100)
    sheet.gap(8)
    sheet.text(title, size=LARGE, bold=True)
    if invoice.subject:
        sheet.text(invoice.subject, grey=True)
    sheet.gap(3)
    sheet.pairs(list(_facts(invoice)))
    sheet.gap(5)
    lines = [line for line in invoice.line_items.all() if line.remote_deleted_at is None]
    sheet.table(_columns(), [_row(line) for line in lines])
    sheet.rule()
    sheet.gap(2)
    sheet.pairs(list(_totals(invoice, lines)), last_bold=True, right=True)
    for text in _closing(invoice):
        sheet.gap()
        sheet.text(text, grey=True)
    return sheet.content()


def invoice_file_name(invoice: Invoice) -> str:
    """For people: `Invoice-R-0001.pdf`."""
    words = f"{invoice.get_invoice_type_id_display()}-{invoice.number or invoice.pk}"
    return f"{NOT_IN_NAMES.sub('-', words).strip('-.')[:100]}.pdf"


def _issuer(invoice: Invoice) -> str:
    return (invoice.bill_from.name if invoice.bill_from else "") or (invoice.subsidiary.name if invoice.subsidiary else "")


def _customer(invoice: Invoice) -> str:
    company = invoice.company
    name = (invoice.bill_to.name if invoice.bill_to else "") or ((company.billing_name or company.name) if company else "")
    vat = _("VAT number %(number)s") % {"number": company.vat} if company and company.vat else ""
    return "\n".join(filter(None, [name, _address(invoice.bill_to), vat]))


def _address(entry: ContactEntry | None) -> str:
    if entry is None:
        return ""
    place = " ".join(filter(None, [entry.zipcode, entry.city]))
    return "\n".join(filter(None, [entry.address.strip(), place, entry.state, entry.country]))


def _facts(invoice: Invoice) -> Iterator[tuple[str, str]]:
    days = {
        _("Date"): invoice.invoiced_on,
        pgettext("date", "Due"): invoice.pay_on,
        _("Delivered"): invoice.delivery_on,
    }
    yield from ((label, date_format(day, "DATE_FORMAT")) for label, day in days.items() if day)
    references = {_("Purchase order"): invoice.purchase_order_number, _("Your reference"): invoice.company_reference_id}
    yield from ((label, reference) for label, reference in references.items() if reference)


def _columns() -> list[Column]:
    return [
        Column(_("Description"), 72, is_number=False),
        Column(_("Quantity"), 18),
        Column(_("Price"), 26),
        Column(_("Discount"), 18),
        Column(_("Tax"), 14),
        Column(_("Amount"), 26),
    ]


def _row(line: LineItem) -> list[str]:
    rate = line.tax_value if line.tax_rate is None else line.tax_rate.effective_rate
    return [
        line.description or _("Services"),
        _plain(line.quantity),
        _money(line.unit_price),
        f"{_plain(line.discount)} %" if line.discount else "",
        "" if rate is None else f"{_plain(rate)} %",
        _money(_net(line)),
    ]


def _net(line: LineItem) -> Decimal:
    if line.amount is not None:
        return line.amount
    quantity = Decimal(1) if line.quantity is None else line.quantity
    return (quantity * (line.unit_price or Decimal(0)) * (1 - (line.discount or Decimal(0)) / HUNDRED)).quantize(CENT)


def _totals(invoice: Invoice, lines: list[LineItem]) -> Iterator[tuple[str, str]]:
    """Productive's own totals; the tax by rate where the lines tell it."""
    if invoice.discount:
        yield _("Discount"), f"{_plain(invoice.discount)} %"
    yield _("Net"), _money(invoice.amount)
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.amount_tax:
            taxes[str(line.tax_rate or line.tax_name)] += line.amount_tax
    if taxes and sum(taxes.values()) == invoice.amount_tax:
        yield from ((name, _money(amount)) for name, amount in sorted(taxes.items()))
    else:
        yield _("Tax"), _money(invoice.amount_tax)
    yield _("Total"), f"{_money(invoice.amount_with_tax)} {invoice.currency}"


def _closing(invoice: Invoice) -> list[str]:
    footer = invoice.document_type.footer if invoice.document_type else ""
    return [text.strip() for text in (invoice.note_interpolated or invoice.note, invoice.bank_account_details, footer) if text.strip()]


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else number_format(amount.quantize(CENT), use_l10n=True, force_grouping=True)


def _plain(number: Decimal | None) -> str:
    return "" if number is None else number_format(f"{number.normalize():f}", use_l10n=True)
