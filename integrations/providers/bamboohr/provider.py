"""What Patchbay knows of BambooHR."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.auth.hosts import Hosts
from integrations.auth.token import SecretInput, Token, basic
from integrations.errors import AuthLost, ProviderError, Rejected
from integrations.http.client import Response
from integrations.http.limits import Limits
from integrations.provider import Category, Provider, Section, Tenant
from integrations.providers.bamboohr import absences
from integrations.providers.bamboohr.client import BambooClient
from integrations.providers.bamboohr.options import OPTIONS
from integrations.providers.bamboohr.pay import SALARIES
from integrations.providers.bamboohr.people import PEOPLE
from integrations.providers.bamboohr.rights import CHECKS, UPKEEP
from integrations.providers.bamboohr.webhooks import WEBHOOK

SAID = "x-bamboohr-error-message"
"""The header that says what is wrong; the body is often empty then."""


def read_error(response: Response) -> ProviderError | None:
    if response.status == 401:
        text = response.headers.get(SAID, "") or _now("BambooHR does not accept the key.")
        return AuthLost(text, advice=_now("Make a new key in BambooHR and connect again. Too many wrong ones lock a key for a while."))
    said = response.headers.get(SAID, "")
    return Rejected(said) if said and response.status in {400, 403, 404, 409, 413, 422} else None


def tenants(client: BambooClient) -> Iterable[Tenant]:
    """The company is the part of the address that was asked for."""
    subdomain = client.integration.options["subdomain"]
    return [Tenant(id=subdomain, name=f"{subdomain}.bamboohr.com")]


PROVIDER = Provider(
    slug="bamboohr",
    label="BambooHR",
    category=Category.PEOPLE,
    type_id=1010,
    promise=_("People of BambooHR are people here, with their time off and, if you like, their pay; leavers cannot sign in any more."),
    requirements=_("The subdomain of your BambooHR, and an API key that one of its admins has made."),
    documentation_url="https://documentation.bamboohr.com/reference",
    auth=Token(
        fields=(
            SecretInput(
                "subdomain",
                _("Subdomain"),
                help=_("What stands before .bamboohr.com in the address of your BambooHR."),
                secret=False,
                pattern=r"[a-z0-9_-]+",
            ),
            SecretInput(
                "api_key",
                _("API key"),
                help=_("In BambooHR, click on your picture, then API Keys. It sees what you see: be an admin."),
            ),
        ),
        headers=lambda kept: basic(kept["api_key"], "x"),
    ),
    hosts=Hosts(api="https://{subdomain}.bamboohr.com/api", auth={"web": "https://{subdomain}.bamboohr.com"}),
    limits=Limits(concurrent=5),
    client=BambooClient,
    read_error=read_error,
    tenants=tenants,
    tenant_field="bamboo_subdomain",
    checks=CHECKS,
    sections=(
        Section(
            name="options",
            label=_("What to sync"),
            about=_("Choose what comes from BambooHR. All of it can be changed later."),
            fields=("bamboo_enable_user_provisioning", "bamboo_enable_time_offs", "bamboo_enable_cost_rates"),
        ),
        Section(
            name="subsidiaries",
            label=_("Subsidiaries"),
            about=_("Where people belong: all to one subsidiary, or each by a list field in BambooHR."),
            fields=("bamboo_default_subsidiary", "bamboo_workplace_field", "bamboo_workplace_mapping"),
            shown_when=("bamboo_enable_user_provisioning",),
        ),
        Section(
            name="custom_fields",
            label=_("Custom fields"),
            about=_("Further fields of BambooHR that fill custom fields of people. Nothing has to be mapped."),
            fields=("bamboo_custom_field_mapping",),
            shown_when=("bamboo_enable_user_provisioning",),
        ),
    ),
    options=OPTIONS,
    imports=(PEOPLE, *absences.IMPORTS, SALARIES),
    webhook=WEBHOOK,
    upkeep=UPKEEP,
)
