"""What Patchbay knows of Xero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import MsgspecError, Struct, field

from integrations.auth.hosts import Hosts
from integrations.auth.oauth2 import OAuth2
from integrations.comparison import Reconciliation
from integrations.errors import AuthLost, ProviderError, Rejected
from integrations.http.client import Response
from integrations.http.limits import Limits, Window
from integrations.incoming import Import, Page
from integrations.provider import Category, Check, Choice, Done, Export, OptionSource, Provider, RemoteOption, Section, Tenant
from integrations.providers.xero import buying, exports, payloads
from integrations.providers.xero.buying import BATCH, KEY_WINDOW, NOT_FINALIZED, since, status_choice
from integrations.providers.xero.client import Message, XeroClient
from integrations.providers.xero.enclosures import EnclosingClient
from integrations.providers.xero.following import FOLLOWING_CREDIT_NOTES, FOLLOWING_INVOICES, STEPS
from integrations.providers.xero.webhooks import WEBHOOK

DOCUMENT_READS = ("line_items__tax_rate", "line_items__service_type", "document_type", "subsidiary")


class _Element(Struct):
    errors: list[Message] = field(name="ValidationErrors", default_factory=list)


class _Problem(Struct):
    """Xero's two shapes of an error body."""

    message: str = field(name="Message", default="")
    detail: str = field(name="Detail", default="")
    elements: list[_Element] = field(name="Elements", default_factory=list)


def read_error(response: Response) -> ProviderError | None:
    """Validation errors in Xero's words; an organisation that the token may not use is a lost connection."""
    if response.status not in {400, 403}:
        return None
    try:
        problem = response.decode(_Problem)
    except (ProviderError, MsgspecError):
        return None
    messages = [error for element in problem.elements for error in element.errors]
    text = " ".join(error.message for error in messages) or problem.message or problem.detail
    if response.status == 403:
        return AuthLost(text, advice=str(_("Connect again and choose the organisation.")), request_id=response.request_id)
    return Rejected(text, advice=exports.advice_for(text), request_id=response.request_id)


def tenants(client: XeroClient) -> Iterable[Tenant]:
    return [
        Tenant(id=found.tenant_id, name=found.name or found.tenant_id) for found in client.connections() if found.type == "ORGANISATION"
    ]


def leave(client: XeroClient, integration: Any) -> None:
    """Give up this organisation only: revoking the token would end every connection of the person who consented."""
    for connection in client.connections():
        if connection.tenant_id == integration.realm_id:
            client.disconnect(connection.id)


def facts(client: XeroClient) -> Mapping[str, str]:
    organisation = client.organisation()
    return {"short_code": organisation.short_code, "currency": organisation.currency, "country": organisation.country}


def organisations(client: XeroClient) -> Iterator[RemoteOption]:
    for tenant in tenants(client):
        yield RemoteOption(value=tenant.id, label=tenant.name)


def accounts(client: XeroClient) -> Iterator[RemoteOption]:
    """Accounts that a document's line can name: those with a code. `uses` follow the account's class."""
    uses = {"REVENUE": ("sales",), "EXPENSE": ("purchases",), "ASSET": ("sales", "purchases"), "LIABILITY": ("sales", "purchases")}
    for account in client.accounts():
        if account.code and account.status == "ACTIVE" and account.type != "BANK":
            yield RemoteOption(
                value=account.code,
                code=account.code,
                label=account.name,
                uses=uses.get(account.class_, ()),
                facts={"class": account.class_, "type": account.type},
            )


def tax_rates(client: XeroClient) -> Iterator[RemoteOption]:
    """`uses` keep apart what Xero allows on sales and on purchases; the wrong one makes an invoice fail."""
    for rate in client.tax_rates():
        if rate.status == "ACTIVE":
            uses = [use for use, fits in (("sales", rate.for_revenue), ("purchases", rate.for_expenses)) if fits]
            facts = {} if rate.rate is None else {"rate": str(rate.rate)}
            yield RemoteOption(value=rate.type, code=rate.type, label=rate.name, uses=tuple(uses), facts=facts)


def branding_themes(client: EnclosingClient) -> Iterator[RemoteOption]:
    for theme in client.branding_themes():
        yield RemoteOption(value=theme.id, label=theme.name)


def tracking_options(client: EnclosingClient) -> Iterator[RemoteOption]:
    """The options of every category; the value names both, since a line has at most one option of each category."""
    for category in client.tracking_categories():
        for option in category.options:
            if (category.status, option.status) == ("ACTIVE", "ACTIVE"):
                yield RemoteOption(value=f"{category.id}/{option.id}", label=f"{category.name}: {option.name}")


def contacts(client: XeroClient) -> Iterator[RemoteOption]:
    for contact in client.contacts():
        yield RemoteOption(value=contact.id, label=contact.name, facts={"number": contact.number, "email": contact.email})


def payment_pages(client: XeroClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    for page in client.payments_changed(since(cursor)):
        records = [payloads.read_payment(payment) for payment in page.rows if payment.invoice or payment.credit_note]
        yield Page(records=records, cursor={"since": page.until.isoformat()})


def invoice_pages(client: XeroClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    for page in client.invoices_changed(since(cursor), createdByMyApp="true", where='Type=="ACCREC"'):
        yield Page(records=[payloads.read_number(document) for document in page.rows], cursor={"since": page.until.isoformat()})


def credit_note_pages(client: XeroClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
    for page in client.credit_notes_changed(since(cursor)):
        yield Page(records=[payloads.read_number(document) for document in page.rows], cursor={"since": page.until.isoformat()})


def _number(integration: Any, done: Done) -> Mapping[str, Any]:
    return {"number": done.number} if integration.import_number and done.number else {}


def organisation_name(client: XeroClient) -> str:
    organisation = client.organisation()
    return f"{organisation.name} ({organisation.currency})"


STATUS = status_choice("xero_invoice_status_id")
CUSTOMER = Choice(name="contact", label=_("Customer in Xero"), source="contacts", binds="company")

PROVIDER = Provider(
    slug="xero",
    label="Xero",
    category=Category.ACCOUNTING,
    type_id=2,
    type_id_is_published=True,
    promise=_("Invoices, credit notes, expenses and purchase orders go to Xero with their customers and vendors, payments come back."),
    requirements=_("A Xero login that may change the settings of the organisation."),
    documentation_url="https://developer.xero.com/documentation/api/accounting/overview",
    auth=OAuth2(
        authorize_url="{login}/identity/connect/authorize",
        token_url="{identity}/connect/token",  # noqa: S106
        revoke_url="{identity}/connect/revocation",
        scopes=(
            "offline_access",
            "accounting.settings.read",
            "accounting.contacts",
            "accounting.invoices",
            "accounting.payments.read",
            "accounting.attachments",
        ),
        access_life=timedelta(minutes=30),
        refresh_life=timedelta(days=60),
        grace=timedelta(minutes=30),
    ),
    hosts=Hosts(
        api="https://api.xero.com",
        auth={"login": "https://login.xero.com", "identity": "https://identity.xero.com", "web": "https://go.xero.com"},
    ),
    limits=Limits(
        windows=(
            Window(60, 60, remaining_header="X-MinLimit-Remaining"),
            Window(5_000, 86_400, remaining_header="X-DayLimit-Remaining"),
        ),
        concurrent=5,
        day_reserve=0.05,
    ),
    client=EnclosingClient,
    headers=lambda integration: {"xero-tenant-id": integration.realm_id} if integration.realm_id else {},
    read_error=read_error,
    tenants=tenants,
    tenant_field="xero_organization",
    facts=facts,
    leave=leave,
    checks=(
        Check(label=_("Xero accepts the login"), run=lambda client: ", ".join(tenant.name for tenant in tenants(client))),
        Check(label=_("The organisation answers"), run=organisation_name),
        Check(label=_("Accounts can be read"), run=lambda client: str(len(client.accounts()))),
    ),
    sections=(
        Section(
            name="options",
            label=_("What to sync"),
            about=_("Choose what moves between Productive and Xero. All of it can be changed later."),
            fields=(
                "use_invoices_export",
                "use_purchase_orders_export",
                "use_expense_sync",
                "payments_import",
                "use_companies_export",
                "copies_by_itself",
            ),
        ),
        Section(
            name="tax_rates",
            label=_("Tax rates"),
            about=_("Every tax rate that is used needs its counterpart in Xero, which has some for sales and others for purchases."),
            fields=("tax_rate_mapping",),
            required=("tax_rate_mapping",),
        ),
        Section(
            name="invoices",
            label=_("Invoices"),
            about=_("How a copied invoice looks in Xero."),
            fields=("export_number", "import_number", "xero_invoice_status_id", "xero_reference", "xero_branding_theme_mapping"),
            shown_when=("use_invoices_export",),
        ),
        Section(
            name="along",
            label=_("What goes along"),
            about=_("What follows a copied invoice, step by step. A step that fails never repeats the invoice."),
            fields=("export_attachment", "import_attachment", "xero_internal_note_cf", "update_invoice_sent_status"),
            shown_when=("use_invoices_export",),
        ),
        Section(
            name="accounts",
            label=_("Accounts"),
            about=_("Where the revenue of each line is booked."),
            fields=("account_code", "account_code_mapping"),
            required=("account_code",),
            shown_when=("use_invoices_export",),
        ),
        Section(
            name="tracking",
            label=_("Tracking"),
            about=_("Which of Xero's tracking options lines get. Nothing has to be mapped."),
            fields=("xero_service_type_tracking_mapping", "xero_subsidiary_tracking_mapping"),
            shown_when=("use_invoices_export",),
        ),
        *buying.SECTIONS,
    ),
    options=(
        OptionSource(name="organisations", label=_("Organisations"), fetch=organisations),
        OptionSource(name="accounts", label=_("Accounts"), fetch=accounts),
        OptionSource(name="tax_rates", label=_("Tax rates"), fetch=tax_rates),
        OptionSource(name="contacts", label=_("Contacts"), fetch=contacts),
        OptionSource(name="branding_themes", label=_("Branding themes"), fetch=branding_themes),
        OptionSource(name="tracking_categories", label=_("Tracking options"), fetch=tracking_options),
    ),
    exports=(
        Export(
            kind="company",
            label=_("Customers and vendors"),
            switches=("use_companies_export",),
            reads=("contact_entries",),
            incidental=("ContactID",),
            build=payloads.build_contact,
            create=exports.create_contacts,
            update=exports.update_contacts,
            adopt=exports.adopt_contacts,
            find_existing=exports.find_contacts,
            not_found=_("Xero does not know this company. Create it there, choose a contact, or switch on “Create and update customers”."),
            batch_size=BATCH,
            key_window=KEY_WINDOW,
            exclusive=False,
        ),
        Export(
            kind="invoice",
            label=_("Invoices"),
            switches=("use_invoices_export",),
            select={"finalized_on__isnull": False},
            not_ready=NOT_FINALIZED,
            needs={"company": "company"},
            choices=(STATUS, CUSTOMER),
            reads=DOCUMENT_READS,
            incidental=("InvoiceID", "Status"),
            then=FOLLOWING_INVOICES,
            by_itself="copies_by_itself",
            build=payloads.build_invoice,
            create=exports.create_invoices,
            update=exports.update_invoices,
            find_existing=exports.find_invoices,
            bring=_number,
            batch_size=BATCH,
            key_window=KEY_WINDOW,
        ),
        Export(
            kind="credit_note",
            label=_("Credit notes"),
            switches=("use_invoices_export",),
            select={"finalized_on__isnull": False},
            not_ready=NOT_FINALIZED,
            needs={"company": "company"},
            choices=(STATUS, CUSTOMER),
            reads=DOCUMENT_READS,
            incidental=("CreditNoteID", "Status"),
            then=FOLLOWING_CREDIT_NOTES,
            by_itself="copies_by_itself",
            build=payloads.build_credit_note,
            create=exports.create_credit_notes,
            update=exports.update_credit_notes,
            find_existing=exports.find_credit_notes,
            bring=_number,
            batch_size=BATCH,
            key_window=KEY_WINDOW,
        ),
        *STEPS,
        *buying.EXPORTS,
    ),
    imports=(
        Import(kind="payment", label=_("Payments"), switches=("payments_import",), pages=payment_pages, every=timedelta(minutes=15)),
        buying.PAYMENTS_OF_BILLS,
        Import(
            kind="invoice",
            label=_("Numbers and sent status of invoices"),
            switches=("import_number",),
            only_when={"number": "import_number", "sent_on": "update_invoice_sent_status"},
            pages=invoice_pages,
            creates=False,
        ),
        Import(kind="credit_note", label=_("Numbers of credit notes"), switches=("import_number",), pages=credit_note_pages, creates=False),
    ),
    reconciliations=(
        Reconciliation(
            kind="invoice",
            amount="amount_with_tax",
            dated="invoiced_on",
            fetch=lambda client, first, last: payloads.booked(client.invoices_dated(first, last), client.document_url),
        ),
        Reconciliation(
            kind="credit_note",
            sign=-1,
            amount="amount_with_tax",
            dated="invoiced_on",
            fetch=lambda client, first, last: payloads.booked(client.credit_notes_dated(first, last), client.document_url),
        ),
        *buying.RECONCILIATIONS,
        Reconciliation(
            kind="payment",
            sign=0,
            amount="amount",
            dated="paid_on",
            through=("invoice", ("invoice", "credit_note")),
            fetch=lambda client, first, last: payloads.booked_payments(client.payments_dated(first, last), client.document_url),
        ),
    ),
    webhook=WEBHOOK,
)
