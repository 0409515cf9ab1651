"""Reading what changed: by the time of the last change, by the bin, and by counting.

Productive's guide to filters speaks of `updated_at`, its schema names it for few lists. A list that refuses to be narrowed by it is read
as a whole; so is one that holds fewer records than are here, since Productive keeps no bin for most kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.incoming import Page
from integrations.providers.productive.client import ProductiveClient, Resource, related
from integrations.providers.productive.listings import PATH_OF, Listing
from integrations.providers.productive.references import reference_in, without_reference
from integrations.providers.productive.trouble import Unsupported
from integrations.source import Documents

OVERLAP = timedelta(minutes=5)  # their replicas lag and their clock is not ours
ATTACHED = {"expense": "expenses", "task": "tasks", "deal": "deals"}
"""Relationships of attachments that are never included: their attributes tell them."""


def pages(bundle: Sequence[Listing]) -> Callable[[ProductiveClient, Mapping[str, Any]], Iterator[Page]]:
    """How a bundle is read. A cursor says since when, and in the middle of it where: the list and the place in it."""

    def read(client: ProductiveClient, cursor: Mapping[str, Any]) -> Iterator[Page]:
        since, begun = cursor.get("since", ""), cursor.get("begun", "")
        whole: list[str] = list(cursor.get("whole", ()))
        place, after = cursor.get("place", 0), cursor.get("after", "")

        def address(kind: str, remote_id: str) -> str:
            return client.page_url(PATH_OF[kind], remote_id)

        while place < len(bundle):
            listing = bundle[place]
            try:
                changed_since = "" if listing.path in whole else since
                listed = client.page(listing.path, include=listing.include, changed_since=changed_since, after=after)
            except Unsupported:
                if after:  # the place is none any more: from the beginning
                    after = ""
                elif since and listing.path not in whole:
                    whole.append(listing.path)
                else:
                    raise
                continue
            begun = begun or (listed.at - OVERLAP).isoformat()
            place, after = (place, listed.after) if listed.after else (place + 1, "")
            resources = [_document(resource) for resource in listed.resources]
            there = {"since": since, "begun": begun, "whole": whole, "place": place, "after": after}
            yield Documents(resources=resources, address=address, cursor=there)
        end = {"since": begun, "whole": whole}
        yield Documents(cursor=end, **(_missing(client, bundle, datetime.fromisoformat(since)) if since else {}))

    return read


def _missing(client: ProductiveClient, bundle: Sequence[Listing], since: datetime) -> dict[str, Any]:
    """What was deleted since, as far as the bin tells; and how many there are of what it does not."""
    gone: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    for listing in bundle:
        if listing.binned:
            ids = [str(item.attributes["item_id"]) for item in client.deleted_since(listing.binned, since)]
            gone |= dict.fromkeys(listing.kinds, ids) if ids else {}
        else:
            totals[listing.kinds[0]] = client.count(listing.path)
    return {"gone": gone, "totals": totals}


def _document(resource: Resource) -> dict[str, Any]:
    relationships = dict(resource.relationships)
    attached = str(resource.attributes.get("attachable_type") or "").lower()
    if resource.type == "attachments" and attached in ATTACHED and resource.attributes.get("attachable_id"):
        relationships[attached] = related(ATTACHED[attached], resource.attributes["attachable_id"])
    attributes = resource.attributes
    if reference := reference_in(attributes.get("note")):
        attributes = {**attributes, "note": without_reference(attributes["note"])}
    document = {"type": resource.type, "id": resource.id, "attributes": attributes, "relationships": relationships}
    return {**document, "reference": reference}
