"""The core's tables."""

from integrations.models.attempt import Attempt
from integrations.models.credential import Credential
from integrations.models.delivery import Delivery, DeliveryState
from integrations.models.incident import Incident
from integrations.models.integration import Connection, Integration, SyncState
from integrations.models.limit import Limit
from integrations.models.link import Link
from integrations.models.option import Option, OptionList
from integrations.models.outbox import Batch, BatchState, ItemState, OutboxItem
from integrations.models.route import Route
from integrations.models.run import Action, Entry, Run, RunState
from integrations.models.stream import Stream

__all__ = [
    "Action",
    "Attempt",
    "Batch",
    "BatchState",
    "Connection",
    "Credential",
    "Delivery",
    "DeliveryState",
    "Entry",
    "Incident",
    "Integration",
    "ItemState",
    "Limit",
    "Link",
    "Option",
    "OptionList",
    "OutboxItem",
    "Route",
    "Run",
    "RunState",
    "Stream",
    "SyncState",
]
