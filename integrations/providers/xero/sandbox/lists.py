"""What an organisation has set up: itself, accounts, tax rates, tracking, currencies, branding themes."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.providers.xero.sandbox.batches import Resource
from integrations.providers.xero.sandbox.listing import filtered, modified_since, switched_on
from integrations.providers.xero.sandbox.wire import Row, answer, envelope, not_found, parse_time
from integrations.sandbox.base import route
from integrations.sandbox.exchange import Reply, Request

ACCOUNT_FIELDS = (
    "AccountID",
    "Code",
    "Name",
    "Status",
    "Type",
    "TaxType",
    "Class",
    "Description",
    "EnablePaymentsToAccount",
    "ShowInExpenseClaims",
    "BankAccountNumber",
    "BankAccountType",
    "CurrencyCode",
    "SystemAccount",
    "ReportingCode",
    "HasAttachments",
    "UpdatedDateUTC",
)
TAX_RATE_FIELDS = (
    "Name",
    "TaxType",
    "ReportTaxType",
    "Status",
    "CanApplyToAssets",
    "CanApplyToEquity",
    "CanApplyToExpenses",
    "CanApplyToLiabilities",
    "CanApplyToRevenue",
    "DisplayTaxRate",
    "EffectiveRate",
)


class Lists(Resource):
    @route("GET", "/api.xro/2.0/Organisation")
    def organisation(self, request: Request) -> Reply:
        return self._answer(request, "Organisations", [request.caller.books.organisation])

    @route("GET", "/api.xro/2.0/Accounts")
    def accounts(self, request: Request) -> Reply:
        """Without pages and with archived ones."""
        books = request.caller.books
        since = modified_since(request)
        rows = [row for row in books.accounts if since is None or _changed_at(row) >= since]
        return self._answer(request, "Accounts", filtered(request, rows, "Account", ACCOUNT_FIELDS))

    @route("GET", "/api.xro/2.0/Accounts/{key}")
    def account(self, request: Request) -> Reply:
        return self._one(request, "Accounts", request.caller.books.account_by_id.get(request.params["key"].lower()))

    @route("GET", "/api.xro/2.0/TaxRates")
    def tax_rates(self, request: Request) -> Reply:
        rows = request.caller.books.tax_rates.values()
        return self._answer(request, "TaxRates", filtered(request, rows, "TaxRate", TAX_RATE_FIELDS))

    @route("GET", "/api.xro/2.0/TaxRates/{key}")
    def tax_rate(self, request: Request) -> Reply:
        return self._one(request, "TaxRates", request.caller.books.tax_rates.get(request.params["key"]))

    @route("GET", "/api.xro/2.0/TrackingCategories")
    def tracking(self, request: Request) -> Reply:
        rows = request.caller.books.tracking
        if not switched_on(request, "includeArchived"):
            rows = [row for row in rows if row["Status"] == "ACTIVE"]
        return self._answer(
            request, "TrackingCategories", filtered(request, rows, "TrackingCategory", ("Name", "Status", "TrackingCategoryID"))
        )

    @route("GET", "/api.xro/2.0/Currencies")
    def currencies(self, request: Request) -> Reply:
        rows = [{"Code": code, "Description": name} for code, name in request.caller.books.currencies.items()]
        return self._answer(request, "Currencies", filtered(request, rows, "Currency", ("Code", "Description")))

    @route("GET", "/api.xro/2.0/BrandingThemes")
    def themes(self, request: Request) -> Reply:
        return self._answer(request, "BrandingThemes", request.caller.books.themes)

    def _answer(self, request: Request, plural: str, rows: Iterable[Row]) -> Reply:
        return answer(request, envelope(self.world.chance, plural, list(rows)))

    def _one(self, request: Request, plural: str, row: Row | None) -> Reply:
        return self._answer(request, plural, [row]) if row else not_found()


def _changed_at(row: Row) -> float:
    moment = parse_time(row["UpdatedDateUTC"])
    return moment.timestamp() if moment else 0.0
