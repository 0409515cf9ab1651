"""What was said between us and the vendor about a batch, kept for whoever has to find out what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from structlog.contextvars import bound_contextvars

from integrations.http.exchange import Exchange
from integrations.models import Attempt, Batch, OutboxItem

log = structlog.get_logger(__name__)

_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextmanager
def about(batch: Batch, items: Iterable[OutboxItem]) -> Iterator[None]:
    """Calls in the block are attempts of the batch; what is logged names it and what is in it."""
    items = list(items)
    runs = sorted({item.run_id for item in items if item.run_id})
    token = _batch.set(batch)
    try:
        with bound_contextvars(batch=batch.pk, attempt=batch.tries + 1, items=[item.pk for item in items], runs=runs):
            yield
    finally:
        _batch.reset(token)


def note(exchange: Exchange) -> None:
    """Keep the call, when it is about a batch. A call that cannot be kept was made all the same, so that is no error."""
    batch = _batch.get()
    if batch is None:
        return
    try:
        Attempt.everywhere.create(
            organization_id=batch.organization_id,
            batch_id=batch.pk,
            method=exchange.method,
            url=exchange.url,
            status=exchange.status,
            failure=exchange.failure,
            milliseconds=round(exchange.elapsed * 1000),
            request_id=exchange.request_id[:100],
            request_headers=exchange.request_headers,
            request_body=_storable(exchange.request_body),
            response_headers=exchange.response_headers,
            response_body=_storable(exchange.response_body),
        )
    except Exception:
        log.exception("attempt.not_kept", batch=batch.pk)


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL in a text."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
