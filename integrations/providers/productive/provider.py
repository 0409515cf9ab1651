"""What Patchbay knows of Productive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.auth.hosts import Hosts
from integrations.auth.token import SecretInput, Token
from integrations.http.limits import Limits, Window
from integrations.provider import Category, Check, Provider, Section
from integrations.providers.productive import writing
from integrations.providers.productive.client import MEDIA_TYPE, ProductiveClient
from integrations.providers.productive.listings import BUNDLES
from integrations.providers.productive.pulling import pages
from integrations.providers.productive.trouble import read_error
from integrations.providers.productive.webhooks import WEBHOOK
from integrations.providers.productive.writing import EXPORTS
from integrations.records.kinds import get_kind
from integrations.source import Source

SWITCHES = {"time_entry": "pulls_time", "salary": "pulls_pay"}
KNOWN_BY = {"person": "email", "event": "name"}
"""How both sides know what HR brought before Productive told of it."""
OFTEN = frozenset({"invoice", "payment", "expense", "company"})
"""What accounting waits for; the rest follows every hour, and at once where a webhook tells of it."""


def headers(answers: Mapping[str, str]) -> Mapping[str, str]:
    return {"x-auth-token": answers["token"], "x-organization-id": answers["organization_id"]}


def _source(kind: str) -> Source:
    kinds = tuple(kind for listing in BUNDLES[kind] for kind in listing.kinds)
    return Source(
        kind=kind,
        kinds=kinds,
        label=capfirst(get_kind(kind).label_plural),
        pages=pages(BUNDLES[kind]),
        switches=(SWITCHES[kind],) if kind in SWITCHES else (),
        every=timedelta(minutes=15) if kind in OFTEN else timedelta(hours=1),
        ours=writing.ours,
        reference=writing.reference,
        match=KNOWN_BY.get(kind, ""),
    )


def organization_name(client: ProductiveClient) -> str:
    return str(client.organization.attributes.get("name") or client.organization_id)


def invoices(client: ProductiveClient) -> str:
    return str(client.count("invoices"))


def always(integration: Any) -> Mapping[str, str]:
    """Times in filters count to the second, not to the day."""
    return {"accept": MEDIA_TYPE, "x-feature-flags": "filteringSkipDatetimeCastToDate"}


PROVIDER = Provider(
    slug="productive",
    label="Productive",
    category=Category.SOURCE,
    type_id=1090,
    promise=_("Everything that Patchbay moves comes from here: invoices, people, budgets and time. Payments, copies and HR are told back."),
    requirements=_("An API token of somebody who may see all of it, and the organization's id: Settings, API integrations."),
    documentation_url="https://developer.productive.io/reference",
    auth=Token(
        asks=(
            SecretInput("token", _("API token"), _("Made under Settings, API integrations. Reading is not enough to write back.")),
            SecretInput(
                "organization_id",
                _("Organization id"),
                _("Shown beside the tokens, and in the address of every page: app.productive.io/ID-name."),
                secret=False,
                pattern=r"[0-9]{1,20}",
            ),
        ),
        headers=headers,
        account="organization_id",
    ),
    hosts=Hosts(api="https://api.productive.io/api/v2", auth={"web": "https://app.productive.io"}),
    limits=Limits(windows=(Window(100, 10), Window(4_000, 1_800))),
    client=ProductiveClient,
    headers=always,
    read_error=read_error,
    checks=(
        Check(label=_("Productive accepts the token"), run=organization_name),
        Check(label=_("Invoices can be read"), run=invoices),
    ),
    sections=(
        Section(
            name="bring",
            label=_("What to bring"),
            about=_("Everything that others refer to always comes. Decide about what is large, and about what is nobody's business."),
            fields=("pulls_time", "pulls_pay"),
        ),
        Section(
            name="write",
            label=_("What to write back"),
            about=_("What happened elsewhere is told to Productive. Whatever Productive owns is never written."),
            fields=(
                *("writes_payments", "writes_copies", "writes_numbers"),
                *("writes_people", "writes_time_off", "writes_pay", "writes_by_itself"),
            ),
        ),
    ),
    exports=EXPORTS,
    imports=tuple(_source(kind) for kind in BUNDLES),
    webhook=WEBHOOK,
)
