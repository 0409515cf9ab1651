"""Line items: what Xero refuses about them, in its words, and what it makes of them.

Tax is computed line by line and rounded half up to cents; unit amounts have two decimals, or four with `unitdp=4`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from integrations.providers.xero.sandbox.books import ZERO, Books
from integrations.providers.xero.sandbox.wire import Row
from integrations.sandbox.chance import Chance

CENT = Decimal("0.01")
FOUR_PLACES = Decimal("0.0001")
HUNDRED = Decimal(100)
LARGEST = Decimal("9999999999.99")
MAX_DESCRIPTION = 4000
MAX_TRACKING = 2
TAXABLE_CLASSES = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}
RESERVED_ACCOUNTS = ("DEBTORS", "CREDITORS", "GST", "RETAINEDEARNINGS")


class NotConvertible(ValueError):
    """A value of the body is not of the type of its field, which Xero refuses for the whole request."""


@dataclass
class Lines:
    """What became of a document's lines; `errors` are in Xero's words."""

    rows: list[Row] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    net: Decimal = ZERO
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    fine: bool = False


@dataclass(frozen=True)
class LineRules:
    """How a document's lines are read. `approved` ones have to be complete; `discounts` tells whether this type may have any."""

    books: Books
    chance: Chance
    amounts: str  # Exclusive, Inclusive or NoTax
    places: Decimal  # of unit amounts
    sale: bool
    approved: bool
    discounts: bool
    known_ids: frozenset[str] = frozenset()

    def read(self, raw_lines: Any) -> Lines:
        if not isinstance(raw_lines, list):
            raise NotConvertible("LineItems is not a list")
        lines = Lines()
        for raw in raw_lines:
            if not isinstance(raw, dict):
                raise NotConvertible("a line item is not an object")
            lines.rows.append(self._line(raw, lines))
        if self.amounts == "Inclusive":
            lines.net -= lines.tax
        return lines

    def _line(self, raw: Row, lines: Lines) -> Row:
        description = text(raw, "Description")
        account = self._account(raw, lines.errors)
        tax_type, percent = self._tax_type(raw, account, lines.errors)
        if self.approved and not description:
            lines.errors.append("The line item Description field must be specified.")
        if len(description) > MAX_DESCRIPTION:
            lines.errors.append(f"The Description field has more than {MAX_DESCRIPTION} characters.")
        row: Row = {"Description": description} if description else {}
        amount = self._amount(raw, row, lines)
        tax = self._tax(raw, amount, percent)
        lines.net += amount
        lines.tax += tax
        line_id = text(raw, "LineItemID")
        row |= {
            "TaxType": tax_type,
            "TaxAmount": tax,
            "LineAmount": amount,
            "Tracking": self._tracking(raw["Tracking"], lines.errors) if raw.get("Tracking") else [],
            "LineItemID": line_id if line_id in self.known_ids else self.chance.uuid(),
            "ValidationErrors": [],
        }
        if account:
            row |= (
                {"AccountCode": account["Code"], "AccountID": account["AccountID"]}
                if "Code" in account
                else {"AccountID": account["AccountID"]}
            )
        if raw.get("ItemCode"):
            lines.errors.append(f"Item code '{raw['ItemCode']}' is not valid")
        return row

    def _account(self, raw: Row, errors: list[str]) -> Row | None:
        code = text(raw, "AccountCode")
        if not code and not raw.get("AccountID"):
            if self.approved:
                errors.append("Account code must be specified")
            return None
        account = self.books.account_by_code.get(code) if code else self.books.account_by_id.get(text(raw, "AccountID").lower())
        shown = code or text(raw, "AccountID")
        if account is None or account["Type"] == "BANK" or account.get("SystemAccount") in RESERVED_ACCOUNTS:
            errors.append(f"Account code '{shown}' is not a valid code for this document.")
            return None
        if account["Status"] != "ACTIVE":
            errors.append(f"Account code '{shown}' has been archived, or has been deleted. Each line item must reference a valid account.")
            return None
        return account

    def _tax_type(self, raw: Row, account: Row | None, errors: list[str]) -> tuple[str, Decimal]:
        """The tax type of a line and its percentage."""
        tax_type = text(raw, "TaxType") or (account["TaxType"] if account and self.amounts != "NoTax" else "NONE")
        rate = self.books.tax_rates.get(tax_type)
        usable = rate is not None and rate["Status"] == "ACTIVE"
        if not usable or not rate or not rate["CanApplyToRevenue" if self.sale else "CanApplyToExpenses"]:
            errors.append(f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction.")
        if account and (not usable or not rate or not rate[TAXABLE_CLASSES[account["Class"]]]):
            errors.append(f"The TaxType code '{tax_type}' cannot be used with account code '{account.get('Code', account['Name'])}'.")
        return tax_type, rate["EffectiveRate"] if rate else ZERO

    def _amount(self, raw: Row, row: Row, lines: Lines) -> Decimal:
        """Fill in quantity, unit amount and discount, and return the amount of the line."""
        quantity, unit, given = number(raw, "Quantity"), number(raw, "UnitAmount"), number(raw, "LineAmount")
        quantity = Decimal(1) if quantity is None else quantity.quantize(FOUR_PLACES, ROUND_HALF_UP)
        if unit is None:
            unit = given / quantity if given is not None and quantity else ZERO
        unit = unit.quantize(self.places, ROUND_HALF_UP)
        gross = quantity * unit
        amount = gross
        rate, reduction = number(raw, "DiscountRate"), number(raw, "DiscountAmount")
        if rate or reduction:
            if not self.discounts:
                lines.errors.append("Discounts can only be given on invoices of type ACCREC")
            if rate is not None and not 0 <= rate <= HUNDRED:
                lines.errors.append(f"The discount rate '{rate}' is invalid. Discount must not be greater than the line total.")
            amount = gross - reduction if reduction else gross * (1 - (rate or ZERO) / HUNDRED)
            row |= {"DiscountRate": rate} if rate else {"DiscountAmount": reduction}
        amount = amount.quantize(CENT, ROUND_HALF_UP)
        if given is not None and given.quantize(CENT, ROUND_HALF_UP) != amount:
            lines.errors.append(f"The line total {given} does not match the expected line total {amount}")
        if abs(amount) > LARGEST:
            lines.errors.append(f"The line total {amount} is larger than {LARGEST}")
        lines.discount += (gross - amount).quantize(CENT, ROUND_HALF_UP) if rate or reduction else ZERO
        lines.fine = lines.fine or unit != unit.quantize(CENT, ROUND_HALF_UP)
        row |= {"UnitAmount": unit, "Quantity": quantity.quantize(FOUR_PLACES)}
        return amount

    def _tax(self, raw: Row, amount: Decimal, percent: Decimal) -> Decimal:
        if self.amounts == "NoTax":
            return ZERO
        given = number(raw, "TaxAmount")
        if given is not None:
            return given.quantize(CENT, ROUND_HALF_UP)
        if self.amounts == "Inclusive":
            return (amount * percent / (HUNDRED + percent)).quantize(CENT, ROUND_HALF_UP)
        return (amount * percent / HUNDRED).quantize(CENT, ROUND_HALF_UP)

    def _tracking(self, raw: Any, errors: list[str]) -> list[Row]:
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            raise NotConvertible("Tracking is not a list of objects")
        if len(raw) > MAX_TRACKING:
            errors.append(f"A line item can have at most {MAX_TRACKING} tracking categories")
        rows: list[Row] = []
        for entry in raw:
            name, wanted = text(entry, "Name"), text(entry, "Option")
            category = _named(self.books.tracking, "TrackingCategoryID", entry, name)
            option = _named(category["Options"], "TrackingOptionID", entry, wanted) if category else None
            if category is None or option is None:
                errors.append(f"The TrackingCategory '{name}' with option '{wanted}' does not exist")
                continue
            ids = {"TrackingCategoryID": category["TrackingCategoryID"], "TrackingOptionID": option["TrackingOptionID"]}
            rows.append({"Name": category["Name"], "Option": option["Name"], **ids})
        return rows


def _named(rows: list[Row], id_key: str, entry: Row, name: str) -> Row | None:
    key = text(entry, id_key).lower()
    return next((row for row in rows if (row[id_key] == key if key else row["Name"] == name)), None)


def text(raw: Row, key: str) -> str:
    """A field as text, empty when it is missing or null. Raises `NotConvertible` for lists and objects."""
    value = raw.get(key)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise NotConvertible(f"Could not convert the value of {key} to string")
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(raw: Row, key: str) -> Decimal | None:
    """A field as a number that is within reason. Raises `NotConvertible` for what is none."""
    value = raw.get(key)
    if value is None or value == "":
        return None
    try:
        converted = (
            value
            if isinstance(value, Decimal)
            else Decimal(value)
            if isinstance(value, int | str) and not isinstance(value, bool)
            else None
        )
    except InvalidOperation:
        converted = None
    if converted is None or not converted.is_finite() or converted.adjusted() > 14:
        raise NotConvertible(f"Could not convert the value of {key} to decimal: {value}")
    return converted


def flag(raw: Row, key: str) -> bool | None:
    """A field as true or false. Raises `NotConvertible` for what is neither."""
    value = raw.get(key)
    if value is None or isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false"):
        raise NotConvertible(f"Could not convert the value of {key} to boolean: {value}")
    return str(value).lower() == "true"
