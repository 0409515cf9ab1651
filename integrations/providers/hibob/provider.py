"""What Patchbay knows of HiBob."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import clock
from integrations.auth.hosts import Hosts
from integrations.auth.token import SecretInput, Token, basic
from integrations.errors import ProviderError, RateLimited, Rejected
from integrations.http.client import Response
from integrations.http.limits import Limits, Window
from integrations.provider import Category, Check, OptionSource, Provider, RemoteOption, Section
from integrations.providers.hibob.client import HibobClient
from integrations.providers.hibob.entitlements import ENTITLEMENTS
from integrations.providers.hibob.time_off import BOOKINGS

MINUTE = 60.0


def read_error(response: Response) -> ProviderError | None:
    """When to ask again, which HiBob tells as a time; and what a service user is not permitted."""
    if response.status == 429:
        return RateLimited("", retry_after=until_reset(response), request_id=response.request_id)
    if response.status == 403:
        advice = _("Give the service user's permission group what is listed under “What you need”.")
        return Rejected(response.summary(), advice=advice, request_id=response.request_id)
    return None


def until_reset(response: Response) -> float:
    """Seconds, by HiBob's own clock; at least one, and a minute where it does not say."""
    try:
        reset = datetime.fromtimestamp(int(response.headers.get("x-ratelimit-reset", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return MINUTE
    return min(max((reset - response.date()).total_seconds(), 1.0), 60 * MINUTE)


def policy_types(client: HibobClient) -> Iterator[RemoteOption]:
    for name in client.policy_types():
        yield RemoteOption(value=name, label=name)


def people_seen(client: HibobClient) -> str:
    people = client.employees()
    return _("%(count)d employees, %(known)d of them with an e-mail.") % {
        "count": len(people),
        "known": sum(bool(employee.email) for employee in people.values()),
    }


def time_off_seen(client: HibobClient) -> str:
    today = clock.now().date()
    words = {"types": ", ".join(client.policy_types()), "count": len(client.outs(today, today))}
    return _("%(types)s. Away today: %(count)d.") % words


PROVIDER = Provider(
    slug="hibob",
    label="HiBob",
    category=Category.PEOPLE,
    type_id=1011,
    promise=gettext_lazy("Approved time off and allowances come from HiBob, for the people who are here, found by their e-mail."),
    requirements=gettext_lazy(
        "A service user of HiBob with its token, in a permission group that sees all employees, their basic info, and their time off, "
        "that of private policies too."
    ),
    documentation_url="https://apidocs.hibob.com/docs/api-service-users",
    auth=Token(
        asks=(
            SecretInput(
                "service_user_id",
                gettext_lazy("Service user ID"),
                gettext_lazy("In HiBob under Settings, Integrations, Service users."),
                secret=False,
                pattern=r"[\w.@-]+",
            ),
            SecretInput("token", gettext_lazy("Token"), gettext_lazy("It was shown once, when the service user was made.")),
        ),
        headers=lambda given: basic(given["service_user_id"], given["token"]),
    ),
    hosts=Hosts(api="https://api.hibob.com/v1", auth={"web": "https://app.hibob.com/employee-profile"}),
    limits=Limits(windows=(Window(50, 60, remaining_header="X-RateLimit-Remaining"),)),
    client=HibobClient,
    read_error=read_error,
    checks=(
        Check(label=gettext_lazy("HiBob accepts the service user, and shows it people"), run=people_seen),
        Check(label=gettext_lazy("Time off can be read"), run=time_off_seen),
    ),
    sections=(
        Section(
            name="options",
            label=gettext_lazy("What to sync"),
            about=gettext_lazy(
                "What comes from HiBob, once a day. People are found by their e-mail; who is not here is listed in the run and left out."
            ),
            fields=("hibob_enable_time_offs", "hibob_enable_entitlements"),
        ),
        Section(
            name="policy_types",
            label=gettext_lazy("Policy types"),
            about=gettext_lazy("Which absence category stands for which of HiBob's policy types."),
            fields=("hibob_policy_type_mapping",),
            required=("hibob_policy_type_mapping",),
        ),
        Section(
            name="entitlements",
            label=gettext_lazy("Allowances"),
            about=gettext_lazy("How much of a category a person may take in the year that is under way."),
            fields=("hibob_add_carry_over",),
            shown_when=("hibob_enable_entitlements",),
        ),
    ),
    options=(OptionSource(name="policy_types", label=gettext_lazy("Policy types"), fetch=policy_types),),
    imports=(BOOKINGS, ENTITLEMENTS),
)
