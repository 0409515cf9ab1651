"""What the vendor has to choose from, fetched and kept."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from integrations import clock
from integrations.errors import AuthLost, ProviderError
from integrations.models import Integration, Option, OptionList
from integrations.provider import Client, OptionSource

KEPT = ("label", "code", "uses", "facts", "position", "gone_at")
UNIQUE = ("integration", "realm_id", "source", "value")


def fetch_options(
    integration: Integration, client: Client, names: set[str] | None = None, still_ours: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Refresh the lists (all, or those of `names`): how many options each has now. What one list cannot give does not hold up the next.

    `still_ours` is asked before each list, and raises when the work is somebody else's. Raises `AuthLost`; any other trouble
    is kept on the list, and raised when no list could be fetched at all.
    """
    counts: dict[str, int] = {}
    last_error: ProviderError | None = None
    for source in integration.declaration.options:
        if names is None or source.name in names:
            still_ours()
            try:
                counts[source.name] = _fetch_list(integration, source, client)
            except AuthLost:
                raise
            except ProviderError as error:
                last_error = error
                _list_of(integration, source.name, error=error.message)
    if last_error and not counts:
        raise last_error
    return counts


def _fetch_list(integration: Integration, source: OptionSource, client: Client) -> int:
    now = clock.now()
    fetched = {option.value: option for option in source.fetch(client)}
    place = {"integration_id": integration.pk, "realm_id": integration.realm_id, "source": source.name}
    rows = [
        Option(
            **place,
            organization_id=integration.organization_id,
            value=option.value,
            label=option.label[:500],
            code=option.code,
            uses=list(option.uses),
            facts=dict(option.facts),
            position=position,
        )
        for position, option in enumerate(fetched.values())
    ]
    with transaction.atomic():
        Option.everywhere.filter(**place, gone_at=None).update(gone_at=now)
        Option.everywhere.bulk_create(rows, update_conflicts=True, update_fields=KEPT, unique_fields=UNIQUE, batch_size=500)
        _list_of(integration, source.name, fetched_at=now, error="")
    return len(rows)


def _list_of(integration: Integration, source: str, **values: object) -> None:
    OptionList.everywhere.update_or_create(
        integration_id=integration.pk,
        realm_id=integration.realm_id,
        source=source,
        defaults=values,
        create_defaults={"organization_id": integration.organization_id, **values},
    )
