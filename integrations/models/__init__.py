"""The core's tables."""

from integrations.models.attempt import Attempt
from integrations.models.chore import Chore
from integrations.models.credential import Credential
from integrations.models.delivery import Delivery, DeliveryState
from integrations.models.incident import Incident
from integrations.models.integration import Connection, Integration, SyncState
from integrations.models.limit import Limit
from integrations.models.link import Link
from integrations.models.notice import Notice, NoticeEndpoint, NoticeKind, NoticeState
from integrations.models.option import Option, OptionList
from integrations.models.outbox import Batch, BatchState, EarlierBatch, ItemState, OutboxItem
from integrations.models.route import Route
from integrations.models.run import Action, Entry, Run, RunState
from integrations.models.stream import Stream
from integrations.models.worker import Worker

__all__ = [
    "Action",
    "Attempt",
    "Batch",
    "BatchState",
    "Chore",
    "Connection",
    "Credential",
    "Delivery",
    "DeliveryState",
    "EarlierBatch",
    "Entry",
    "Incident",
    "Integration",
    "ItemState",
    "Limit",
    "Link",
    "Notice",
    "NoticeEndpoint",
    "NoticeKind",
    "NoticeState",
    "Option",
    "OptionList",
    "OutboxItem",
    "Route",
    "Run",
    "RunState",
    "Stream",
    "SyncState",
    "Worker",
]
