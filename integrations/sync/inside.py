"""Work on one integration: in its organization, and with both named in every line that is logged meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from accounts.tenancy import within
from integrations.models import Integration


@contextmanager
def inside(integration: Integration) -> Iterator[None]:
    with within(integration.organization), bound_contextvars(organization=integration.organization.slug, integration=integration.pk):
        yield
