"""What Patchbay knows of BambooHR."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.auth.hosts import Hosts
from integrations.auth.oauth2 import OAuth2
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
        text = response.headers.get(SAID, "") or _now("BambooHR does not let us in any more.")
        return AuthLost(text, advice=_now("Connect again; with a key, make a new one. Too many wrong ones lock a key for a while."))
    said = response.headers.get(SAID, "")
    return Rejected(said) if said and response.status in {400, 403, 404, 409, 413, 422} else None


def tenants(client: BambooClient) -> Iterable[Tenant]:
    """The company is the part of the address that was asked for."""
    subdomain = client.integration.options["subdomain"]
    return [Tenant(id=subdomain, name=f"{subdomain}.bamboohr.com")]


SUBDOMAIN = SecretInput(
    "subdomain",
    _("Subdomain"),
    help=_("What stands before .bamboohr.com in the address of your BambooHR."),
    secret=False,
    pattern=r"[a-z0-9_-]+",
)
SIGNING_IN = OAuth2(
    label=_("Login at BambooHR"),
    about=_("No key to copy: an admin allows access there, and can take it back there at any time."),
    authorize_url="{web}/authorize.php",
    extra_authorize={"request": "authorize"},
    token_url="{web}/token.php?request=token",  # noqa: S106
    asks=(SUBDOMAIN,),
    scopes=(
        "offline_access",
        "public.user",  # what was changed is told to whoever may act for a person, as far as that person sees it
        "employee",
        "employee:name",
        "employee:contact",
        "employee:job",
        "employee:custom_fields",
        "time_off",
        "field",
        "report",
    ),
    scopes_of={"bamboo_enable_cost_rates": ("employee:compensation",)},
    pkce=False,
    client_authentication="body",
    access_life=timedelta(hours=1),
)

PROVIDER = Provider(
    slug="bamboohr",
    label="BambooHR",
    category=Category.PEOPLE,
    type_id=1010,
    promise=_("People of BambooHR are people here, with their time off and, if you like, their pay; leavers cannot sign in any more."),
    requirements=_("The subdomain of your BambooHR, and the login or an API key of one of its admins."),
    documentation_url="https://documentation.bamboohr.com/reference",
    auth=Token(
        label=_("API key"),
        about=_("An admin makes a key in BambooHR, and you paste it here."),
        asks=(
            SUBDOMAIN,
            SecretInput(
                "api_key",
                _("API key"),
                help=_("In BambooHR, click on your picture, then API Keys. It sees what you see: be an admin."),
            ),
        ),
        headers=lambda kept: basic(kept["api_key"], "x"),
    ),
    other_ways=(SIGNING_IN,),
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
