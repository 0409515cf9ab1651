"""A connection that the vendor does not accept any more."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext as _

from integrations.errors import ProviderError
from integrations.models import Connection, Integration
from integrations.sync.incidents import open_incident

log = structlog.get_logger(__name__)

LOST = "connection"  # the cause of the incident


def lose_connection(integration: Integration, error: ProviderError) -> None:
    """The vendor refuses the credential: everything of the integration waits until a person connects it again."""
    lost = Integration.everywhere.non_polymorphic().filter(pk=integration.pk, connection=Connection.CONNECTED)
    if lost.update(connection=Connection.NEEDS_RECONNECT):
        open_incident(
            integration,
            LOST,
            _("%(name)s needs to be reconnected.") % {"name": integration.name},
            message=error.message,
            advice=str(error.advice) or _("Connect it again. Nothing is lost: what changed meanwhile waits."),
        )
        log.warning("integration.connection_lost", integration=integration.pk, reason=error.message)
