"""Records into drafts: what one write request will carry, frozen."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

import msgspec
import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from integrations.errors import ConfigProblem, ProviderError, Rejected
from integrations.models import Integration, Link, Option, OutboxItem
from integrations.provider import Copy, Draft, Export, RemoteOption
from integrations.records.base import Record
from integrations.records.kinds import get_kind
from integrations.sync.outbox import current_links, selected, selection

log = structlog.get_logger(__name__)

NOT_COPIED_YET = "(copied before)"
Linked = Mapping[tuple[str, int], str]
"""(kind, record id) -> remote id of everything that the records need."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(list[Draft], float_hook=Decimal)


def encode(drafts: Sequence[Draft]) -> str:
    return _encoder.encode(drafts).decode()


def decode(body: str) -> list[Draft]:
    """The drafts as they were encoded, to the last digit."""
    return _decoder.decode(body)


def digest(export: Export, payload: Mapping[str, object]) -> str:
    """The same for payloads that say the same of the record: what tells whether its copy is as it should be."""
    said = {name: value for name, value in payload.items() if name not in export.incidental}
    return hashlib.sha256(_encoder.encode(said)).hexdigest()


def address_of(kind: str, record_id: int) -> str:
    return f"{settings.PUBLIC_URL}/records/{kind}/{record_id}/"


@dataclass
class Built:
    """What became of each item: a draft to send, an error, or nothing because the copy there is as it should be (`unchanged`).

    What is `too_early` needs something that the vendor has not. `records` are what was built from, by id, and `linked` the
    remote ids of what they need.
    """

    drafts: list[Draft] = field(default_factory=list)
    errors: dict[int, ProviderError] = field(default_factory=dict)
    unchanged: dict[int, Draft] = field(default_factory=dict)
    too_early: set[int] = field(default_factory=set)
    records: Mapping[int, Record] = field(default_factory=dict)
    linked: Linked = field(default_factory=dict)


def build(integration: Integration, export: Export, items: Sequence[OutboxItem], *, dry: bool = False) -> Built:
    """Build the payload of every item, which is an update where the record has a copy already.

    A dry build stands in for the remote ids of what would be copied before.
    """
    ids = [item.record_id for item in items]
    records = {record.pk: record for record in get_kind(export.kind).load(ids, export.reads)}
    ready = set(selection(integration, export).filter(pk__in=ids).values_list("pk", flat=True))
    links = {link.record_id: link for link in current_links(integration, export.kind, export.step).filter(record_id__in=ids)}
    linked = _linked_needs(integration, export, records, NOT_COPIED_YET if dry else "")
    mains = _mains(integration, export, ids)
    option = _options(integration)
    built = Built(records=records, linked=linked)
    for item in items:
        record = records.get(item.record_id)
        link = None if item.create_new else links.get(item.record_id)
        generation = links[item.record_id].generation + item.create_new if item.record_id in links else 1
        try:
            if record is None or (record.remote_deleted_at is not None and not export.withdraws):
                raise Rejected(_("The record does not exist any more."), advice=_("Skip it."))
            if record.remote_deleted_at is not None and link is None:  # it was gone before it went
                built.unchanged[item.pk] = Draft(item=item.pk, record=record.pk, revision=record.revision, reference="", payload={})
                continue
            if record.pk not in ready:
                raise _not_ready(integration, export, record)
            if export.step and record.pk not in mains:
                raise Rejected(_("The record itself is not there any more."), advice=_("Copy the record again; this follows it."))
            _check_choices(integration, export, item, link)
            if any((kind, owner) not in linked for kind, owner in _needs(export, record)):
                built.too_early.add(item.pk)
                continue
            copy = Copy(
                integration=integration,
                reference=f"{integration.tag}-{export.kind}-{_lasting_number(record)}-{generation}",
                address=address_of(export.kind, record.pk),
                choices=item.choices,
                linked=lambda kind, pk: linked.get((kind, pk), ""),
                option=option,
                remote_id=link.remote_id if link else "",
                main_id=mains.get(record.pk, ""),
                agreed=link.agreed if link else {},
            )
            draft = _draft(copy, export, item, record)
        except ProviderError as error:
            built.errors[item.pk] = error
        except Exception:
            log.exception("item.build_failed", integration=integration.pk, item=item.pk, kind=export.kind, record=item.record_id)
            message = _("Patchbay failed to prepare this record. The details are in its log.")
            built.errors[item.pk] = Rejected(message, advice=_("Tell the operator of Patchbay."))
        else:
            if not draft.payload or (link and not item.choices and link.digest == digest(export, draft.payload)):
                built.unchanged[item.pk] = draft
            elif link and export.update is None:
                built.errors[item.pk] = _cannot_be_changed(integration)
            else:
                built.drafts.append(draft)
    return built


def _lasting_number(record: Record) -> str:
    """One that it keeps when it is loaded anew into a database that was restored."""
    return f"p{record.productive_id}" if record.productive_id else str(record.pk)


def _draft(copy: Copy, export: Export, item: OutboxItem, record: Record) -> Draft:
    payload, expected = export.build(copy, record)
    return Draft(
        item=item.pk,
        record=record.pk,
        revision=record.revision,
        reference=copy.reference,
        payload=payload,
        remote_id=copy.remote_id,
        expected=expected,
    )


def _options(integration: Integration) -> Callable[[str, str], RemoteOption | None]:
    """The vendor's lists as they were last read: each is read once, when it is asked for."""

    @cache
    def of(source: str) -> dict[str, RemoteOption]:
        rows = Option.everywhere.filter(integration=integration, realm_id=integration.realm_id, source=source, gone_at=None)
        return {
            row.value: RemoteOption(value=row.value, label=row.label, code=row.code, uses=tuple(row.uses), facts=row.facts) for row in rows
        }

    return lambda source, value: of(source).get(value)


def _not_ready(integration: Integration, export: Export, record: Record) -> Rejected:
    has_one = integration.subsidiary_id is not None and record.subsidiary_path()
    if has_one and record.of_subsidiary() != integration.subsidiary_id:
        return Rejected(_("It belongs to another subsidiary than this connection."), advice=_("Copy it with that subsidiary's connection."))
    if not selected(integration, export).filter(pk=record.pk).exists():
        return Rejected(str(export.not_ready))
    return Rejected(_("Another connection copies the records of this subsidiary."), advice=_("Copy it with that one."))


def _cannot_be_changed(integration: Integration) -> Rejected:
    words = {"vendor": integration.declaration.label}
    return Rejected(
        _("It was copied before, and %(vendor)s lets no copy be changed.") % words,
        advice=_("Change it there, or make another copy."),
    )


def _needs(export: Export, record: Record) -> Iterator[tuple[str, int]]:
    for attribute, kind in export.needs.items():
        if (owner := getattr(record, f"{attribute}_id")) is not None:
            yield kind, owner


def _check_choices(integration: Integration, export: Export, item: OutboxItem, link: Link | None) -> None:
    for choice in export.choices:
        if link is None and choice.required(integration) and not item.choices.get(choice.name):
            message = _("“%(choice)s” has to be chosen for each copy.") % {"choice": choice.label}
            raise ConfigProblem(message, field=choice.name, advice=_("Choose it when you copy the record."))


def _mains(integration: Integration, export: Export, ids: Sequence[int]) -> dict[int, str]:
    """For a further step: record id -> the remote id of the record's copy."""
    if not export.step:
        return {}
    return dict(current_links(integration, export.kind).filter(record_id__in=ids).values_list("record_id", "remote_id"))


def _linked_needs(integration: Integration, export: Export, records: Mapping[int, Record], stand_in: str) -> Linked:
    linked: dict[tuple[str, int], str] = {}
    needed: dict[str, set[int]] = defaultdict(set)
    for record in records.values():
        for kind, owner in _needs(export, record):
            needed[kind].add(owner)
            if stand_in:
                linked[kind, owner] = stand_in
        for attribute, kind in export.mentions.items():
            if (mentioned := getattr(record, f"{attribute}_id")) is not None:
                needed[kind].add(mentioned)
    for kind, owners in needed.items():
        for owner, remote_id in current_links(integration, kind).filter(record_id__in=owners).values_list("record_id", "remote_id"):
            linked[kind, owner] = remote_id
    return linked
