"""What is done with a webhook: each event is kept once for each integration it is about, then makes that one's imports due."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from integrations.auth.environment import read
from integrations.events import Event, Webhook
from integrations.http import redact
from integrations.models import Delivery, DeliveryState, Integration
from integrations.provider import Provider
from integrations.registry import all_providers
from integrations.sync.schedule import bring_forward
from integrations.webhooks.unclaimed import forget_oldest

log = structlog.get_logger(__name__)

KEPT_HEADERS = ("content-type", "user-agent", "x-request-id", "traceparent")
CHUNK = 500


def keys(provider: Provider) -> list[str]:
    """What the operator set in `<SLUG>_WEBHOOK_KEY`, separated by commas: while a key is changed, the old one is good as well."""
    return [key.strip() for key in read(provider.slug, "WEBHOOK_KEY", "").split(",") if key.strip()]


def is_genuine(provider: Provider, webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    return any(webhook.verify(headers, body, key) for key in keys(provider))


def receive(provider: Provider, webhook: Webhook, headers: Mapping[str, str], body: bytes) -> None:
    """Keep what a genuine request tells, and act on what is new of it. A body that cannot be read is kept whole, as failed."""
    try:
        events = _of_account(webhook, headers, webhook.events(body))
    except Exception as error:
        log.exception("webhook.unreadable", provider=provider.slug)
        message = _("Patchbay could not read it: %(reason)s") % {"reason": redact.text(str(error))[:300]}
        _keep(provider.slug, headers, [_unread(body)], state=DeliveryState.FAILED, message=message, attempts=1)
        return
    for start in range(0, len(events), CHUNK):
        some = _news(provider.slug, events[start : start + CHUNK])
        if not some:
            continue
        with transaction.atomic():  # who is told the same meanwhile waits, and then finds it handled
            _keep(provider.slug, headers, some)
            handle(
                Delivery.everywhere.filter(
                    slug=provider.slug, event_id__in=[event.id[:255] for event in some], state=DeliveryState.RECEIVED
                )
            )
    log.info("webhook.received", provider=provider.slug, events=len(events))


def handle(deliveries: Iterable[Delivery]) -> None:
    """Make the imports due that the events hint at. What fails says so on its row, and can be replayed."""
    by_integration: dict[tuple[str, int | None], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_integration[delivery.slug, delivery.integration_id].append(delivery)
    for (slug, integration_id), group in by_integration.items():
        if integration_id is None:
            _note(group, DeliveryState.IGNORED, _("No integration here is connected to this account."))
            continue
        try:
            _hint(slug, integration_id, group)
        except Exception:
            log.exception("webhook.failed", provider=slug, integration=integration_id)
            _note(group, DeliveryState.FAILED, _("Patchbay failed at it. The details are in its log."))


def replay(delivery: Delivery) -> Delivery:
    """Do again what was done when it came, with the integrations and settings of now; returns it as it is after that."""
    provider = all_providers().get(delivery.slug)
    webhook = provider.webhook if provider else None
    if provider is None or webhook is None:
        _note([delivery], DeliveryState.FAILED, _("Its provider is not installed, or takes no webhooks any more."))
    elif not delivery.kind:
        _read_again(provider, webhook, delivery)
    elif delivery.integration_id is None and _integrations(delivery.slug, {delivery.realm_id}):
        with transaction.atomic():
            _keep(delivery.slug, delivery.headers, [_event(delivery)], received_at=delivery.received_at)
            delivery.delete()
        theirs = Delivery.everywhere.filter(slug=delivery.slug, event_id=delivery.event_id).order_by("pk")
        handle(theirs)
        return theirs.all()[0]
    else:
        handle([delivery])
    delivery.refresh_from_db()
    return delivery


def _hint(slug: str, integration_id: int, group: Sequence[Delivery]) -> None:
    integration: Integration = Integration.everywhere.get(pk=integration_id)
    webhook = integration.declaration.webhook
    hints = webhook.hints if webhook else {}
    told = [delivery for delivery in group if hints.get(delivery.kind)]
    rest = [delivery for delivery in group if not hints.get(delivery.kind)]
    with transaction.atomic():
        bring_forward(integration, {kind for delivery in told for kind in hints[delivery.kind]})
        _note(told, DeliveryState.HANDLED)
        _note(rest, DeliveryState.IGNORED, _("Nothing is imported that it could change."))


def _note(deliveries: Collection[Delivery], state: DeliveryState, message: str = "") -> None:
    rows = Delivery.everywhere.filter(pk__in=[delivery.pk for delivery in deliveries])
    rows.update(state=state, message=message, attempts=F("attempts") + 1)


def _keep(slug: str, headers: Mapping[str, str], events: Sequence[Event], **values: object) -> None:
    """One row for each event and each integration that is connected to its account; what was kept before stays as it is."""
    provider = all_providers().get(slug)
    own = provider.webhook.account_header if provider and provider.webhook else ""
    kept = {name: redact.cut(headers[name], 200) for name in (*KEPT_HEADERS, own) if name in headers}
    found = _integrations(slug, {event.realm_id for event in events})
    rows = [
        Delivery(
            organization_id=integration.organization_id if integration else None,
            integration_id=integration.pk if integration else None,
            slug=slug,
            event_id=event.id[:255],
            realm_id=event.realm_id[:255],
            kind=event.kind[:100],
            remote_id=event.remote_id[:255],
            occurred_at=event.occurred_at,
            headers=kept,
            body=event.body,
            **values,
        )
        for event in sorted(events, key=lambda event: event.id)  # in one order, so that two at once never wait for each other
        for integration in found.get(event.realm_id, [None])
    ]
    Delivery.everywhere.bulk_create(rows, ignore_conflicts=True, batch_size=CHUNK)
    if any(row.integration_id is None for row in rows):
        forget_oldest(slug)


def _news(slug: str, events: Sequence[Event]) -> list[Event]:
    """Those that somebody has still to be told of: most of what vendors say twice needs no more than a look."""
    found = _integrations(slug, {event.realm_id for event in events})
    told = Delivery.everywhere.filter(slug=slug, event_id__in=[event.id[:255] for event in events]).exclude(state=DeliveryState.RECEIVED)
    known = set(told.values_list("event_id", "integration_id"))
    return [
        event
        for event in events
        if any((event.id[:255], one.pk if one else None) not in known for one in found.get(event.realm_id, [None]))
    ]


def _integrations(slug: str, realms: Collection[str]) -> Mapping[str, Sequence[Integration | None]]:
    """By account, those that are connected to it; accounts without one are left out."""
    found: dict[str, list[Integration | None]] = defaultdict(list)
    rows = Integration.everywhere.non_polymorphic().filter(provider=slug, realm_id__in={realm for realm in realms if realm})
    for row in rows.filter(deactivated_at=None).order_by("pk"):
        found[row.realm_id].append(row)
    return dict(found)


def _of_account(webhook: Webhook, headers: Mapping[str, str], events: Sequence[Event]) -> list[Event]:
    """The events with the account that the headers name, which is part of their ids then."""
    account = headers.get(webhook.account_header, "") if webhook.account_header else ""
    return [event if event.realm_id or not account else replace(event, realm_id=account, id=f"{account}:{event.id}") for event in events]


def _unread(body: bytes) -> Event:
    return Event(id=f"sha256:{hashlib.sha256(body).hexdigest()}", realm_id="", kind="", remote_id="", body=body)


def _event(delivery: Delivery) -> Event:
    return Event(
        id=delivery.event_id,
        realm_id=delivery.realm_id,
        kind=delivery.kind,
        remote_id=delivery.remote_id,
        occurred_at=delivery.occurred_at,
        body=bytes(delivery.body),
    )


def _read_again(provider: Provider, webhook: Webhook, delivery: Delivery) -> None:
    try:
        webhook.events(bytes(delivery.body))
    except Exception:
        log.exception("webhook.unreadable", provider=provider.slug, delivery=delivery.pk)
        _note([delivery], DeliveryState.FAILED, delivery.message)
    else:
        receive(provider, webhook, delivery.headers, bytes(delivery.body))
        _note([delivery], DeliveryState.HANDLED)
