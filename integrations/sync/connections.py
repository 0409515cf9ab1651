"""An integration's connection made, tested, lost and ended. Reconnecting keeps the row, its mappings and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db import transaction
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from integrations import clock
from integrations.auth import oauth2
from integrations.auth.agreement import Agreement
from integrations.auth.hosts import Hosts
from integrations.auth.oauth2 import OAuth2, TokenSet
from integrations.auth.token import Token, answers
from integrations.errors import ConfigProblem, ProviderError
from integrations.http.deadline import at_most
from integrations.models import Action, Connection, Credential, Integration, Link, Run, RunState
from integrations.models.run import FINISHED
from integrations.provider import Provider, Tenant
from integrations.sync import credentials, schedule
from integrations.sync.bell import ring
from integrations.sync.calling import open_client
from integrations.sync.incidents import close_incident
from integrations.sync.losing import LOST
from integrations.sync.progress import recount
from integrations.sync.routes import write_routes

log = structlog.get_logger(__name__)

TEST_SECONDS = 9.0


def app_of(integration: Integration, given: Mapping[str, str] | None = None, hosts: Hosts | None = None) -> oauth2.Client:
    """This installation's app at the integration's vendor. Raises `ConfigProblem` when the operator has not set it."""
    provider, way = integration.declaration, _signing_in(integration)
    known = {**integration.options, **(given or {})}
    return oauth2.client(provider.slug, way, hosts or provider.hosts, known, is_on=partial(getattr, integration))


def _signing_in(integration: Integration) -> OAuth2:
    way = integration.declaration.way(OAuth2.kind)
    if not isinstance(way, OAuth2):
        raise ConfigProblem(_("This provider is connected with a key, not by signing in there."), field="auth")
    return way


def leads_to(integration: Integration) -> str:
    """Scheme and host where signing in takes the browser, `*` in the place of what is still to be asked. Raises like `app_of`."""
    app = app_of(integration, hosts=integration.declaration.hosts.anywhere())
    parts = urlsplit(app.hosts.address(app.declared.authorize_url))
    return f"{parts.scheme}://{parts.netloc}"


def begin(integration: Integration, redirect_uri: str, state: str, given: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Note that a person sets out to authorize; returns where to send the browser, and the PKCE verifier to keep with `state`.

    `given` are the answers to what the way asks for; they are to be kept as well, and count when the way back is made.
    Raises `ConfigProblem` naming the one that is wrong.
    """
    app = app_of(integration, answers(_signing_in(integration).asks, given or {}))
    address, verifier = oauth2.authorization_address(app, redirect_uri=redirect_uri, state=state)
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk).update(
        requested_at=clock.now(),
        redirect_uri=redirect_uri,
        client_id=app.client_id,
        request_uri=address.partition("?")[0],
        request_token=state[:8],
    )
    return address, verifier


def complete(
    integration: Integration, *, code: str, verifier: str, redirect_uri: str, user: User | None, given: Mapping[str, str] | None = None
) -> list[Tenant]:
    """Exchange the code and keep the tokens; returns the accounts to choose from. With a single one, or the one used before
    among them, the connection is made. `given` is what it began with. Raises `AuthLost`, `ConfigProblem`, `Transient`.
    """
    answered = answers(_signing_in(integration).asks, given or {})
    app = app_of(integration, answered)
    token = oauth2.exchange_code(app, code=code, verifier=verifier, redirect_uri=redirect_uri)
    _keep(integration, app.declared, answered, token)
    return _connect(integration, user)


def connect_with(integration: Integration, given: Mapping[str, str], user: User | None) -> list[Tenant]:
    """The same for a provider that is connected with keys, or by agreement alone. Raises `ConfigProblem` naming the field that is wrong."""
    way = integration.declaration.way(Token.kind)
    if isinstance(way, Agreement):
        way.require(integration)
        return _connect(integration, user)
    if not isinstance(way, Token):
        raise ConfigProblem(_("This provider is connected by signing in there, not with a key."), field="auth")
    kept = answers(way.asks, given)
    _keep(integration, way, kept, kept)
    return _connect(integration, user, kept.get(way.account, ""))


def _keep(integration: Integration, way: OAuth2 | Token, given: Mapping[str, str], secrets: TokenSet | dict[str, Any]) -> None:
    """Keep by what way it was connected, what was answered before, and the secrets, at once: none is of use without the others."""
    integration.way = way.kind
    integration.options |= {asked.name: given[asked.name] for asked in way.asks if not asked.secret}
    with transaction.atomic():
        kept = Integration.everywhere.non_polymorphic().filter(pk=integration.pk)
        kept.update(way=integration.way, options=integration.options)
        credentials.keep(integration, secrets)


def _connect(integration: Integration, user: User | None, account: str = "") -> list[Tenant]:
    provider = integration.declaration
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk).update(request_token="", creator=user or integration.creator)
    if provider.tenants is None:
        account = account or integration.realm_id
        _connected(integration, Tenant(id=account, name=integration.realm_name if account == integration.realm_id else account))
        return []
    found = list(provider.tenants(open_client(integration, interactive=True)))
    if provider.tenant_field:
        offered = [{"id": tenant.id, "name": tenant.name} for tenant in found]
        setattr(integration, f"{provider.tenant_field}s", offered)
        integration.save(update_fields=[f"{provider.tenant_field}s"])
    used = next((tenant for tenant in found if tenant.id == integration.realm_id), None)
    if used or (len(found) == 1 and not integration.realm_id):
        _connected(integration, used or found[0])
    else:  # this login does not reach the account used so far
        connected = Integration.everywhere.non_polymorphic().filter(pk=integration.pk, connection=Connection.CONNECTED)
        connected.update(connection=Connection.NEEDS_RECONNECT)
    return found


def offered_tenants(integration: Integration) -> list[Tenant]:
    """The accounts that the last consent covered."""
    field = integration.declaration.tenant_field
    return [Tenant(id=tenant["id"], name=tenant["name"]) for tenant in getattr(integration, f"{field}s", [])] if field else []


def choose_tenant(integration: Integration, tenant_id: str) -> None:
    """Connect to one of the offered accounts. Links to another account become history, and are current again on return to it.

    Raises `ConfigProblem` for an account that was not offered.
    """
    tenant = next((tenant for tenant in offered_tenants(integration) if tenant.id == tenant_id), None)
    if tenant is None:
        raise ConfigProblem(_("This account was not offered. Choose one of the list, or connect again."), field="tenant")
    _connected(integration, tenant)


def _connected(integration: Integration, tenant: Tenant) -> None:
    provider = integration.declaration
    integration.realm_id, integration.realm_name = tenant.id, tenant.name
    if provider.facts:
        integration.options = {**integration.options, **provider.facts(open_client(integration, interactive=True))}
    if provider.tenant_field:
        setattr(integration, f"{provider.tenant_field}_id", tenant.id)
    integration.connection, integration.connected_at, integration.deactivated_at = Connection.CONNECTED, clock.now(), None
    with transaction.atomic():
        if Integration.everywhere.non_polymorphic().filter(pk=integration.pk).exclude(realm_id__in=("", tenant.id)).exists():
            _move_to(integration, tenant.id)
        integration.save(update_fields=_connected_columns(provider))
        close_incident(integration, LOST)
        write_routes(integration)
        schedule.plan(integration)
        recount(integration.pk)
        ring()
    log.info("integration.connected", integration=integration.pk, realm=tenant.id)


def _move_to(integration: Integration, realm_id: str) -> None:
    """Links of the account used so far become history; those of the other one that were current when it was left are so again.

    Imports under way would go on at a place of the account that is left, so they end.
    """
    links = Link.everywhere.filter(integration_id=integration.pk)
    links.filter(archived_at=None).exclude(realm_id=realm_id).update(archived_at=clock.now())
    newest = links.filter(realm_id=realm_id).order_by().values("kind", "step", "record_id").annotate(newest=Max("pk"))
    links.filter(pk__in=newest.values("newest")).update(archived_at=None)
    elsewhere = Run.everywhere.filter(integration_id=integration.pk).exclude(action=Action.EXPORT).exclude(state__in=FINISHED)
    message = _("The connection was changed to another account.")
    elsewhere.update(state=RunState.CANCELLED, finished_at=clock.now(), message=message)


def _connected_columns(provider: Provider) -> list[str]:
    """Only these: workers keep counts in the same row."""
    columns = ["realm_id", "realm_name", "options", "connection", "connected_at", "deactivated_at"]
    return [*columns, f"{provider.tenant_field}_id"] if provider.tenant_field else columns


def pause(integration: Integration) -> None:
    """Nothing moves until `resume`; what changes meanwhile waits."""
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk, connection=Connection.CONNECTED).update(connection=Connection.PAUSED)


def resume(integration: Integration) -> None:
    Integration.everywhere.non_polymorphic().filter(pk=integration.pk, connection=Connection.PAUSED).update(connection=Connection.CONNECTED)
    recount(integration.pk)
    ring()


def disconnect(integration: Integration) -> str:
    """End the connection and forget the credential. What was copied stays at the vendor, links and mappings stay here.

    Returns what the vendor said when it could not be told; '' when it knows.
    """
    trouble = _take_leave(integration)
    with transaction.atomic():
        credentials.forget(integration)
        integration.connection, integration.deactivated_at, integration.work_due_at = Connection.DISCONNECTED, clock.now(), None
        integration.save(update_fields=["connection", "deactivated_at", "work_due_at"])
        write_routes(integration)
        close_incident(integration, LOST)
    log.info("integration.disconnected", integration=integration.pk)
    return trouble


def _take_leave(integration: Integration) -> str:
    """Tell the vendor; a grant that others of its connections may rest on is left to them."""
    provider = integration.declaration
    credential = Credential.everywhere.filter(integration_id=integration.pk, person=None).first()
    if credential is None:
        return ""
    connected = Integration.everywhere.non_polymorphic().filter(provider=integration.provider, connection=Connection.CONNECTED)
    others = connected.exclude(pk=integration.pk)
    try:
        if provider.leave:
            provider.leave(open_client(integration, interactive=True), integration)
        if isinstance(integration.auth, OAuth2) and not any(isinstance(other.auth, OAuth2) for other in others):
            oauth2.revoke(app_of(integration), TokenSet.of(credential.payload))
    except ProviderError as error:
        return error.message
    return ""


@dataclass(frozen=True)
class CheckedStep:
    label: str | Promise
    passed: bool
    text: str


def check_connection(integration: Integration) -> list[CheckedStep]:
    """The provider's checks, one after the other, up to the first that fails: a person waits for them, at most `TEST_SECONDS`."""
    steps = []
    with at_most(TEST_SECONDS):
        for check in integration.declaration.checks:
            try:
                steps.append(CheckedStep(check.label, True, str(check.run(open_client(integration, interactive=True)))))
            except ProviderError as error:
                steps.append(CheckedStep(check.label, False, " ".join(filter(None, [error.message, str(error.advice)]))))
                break
    return steps
