"""Typed calls of Productive's API v2, for one organization. Unknown fields are ignored, wrong types refused.

Documentation: https://developer.productive.io/reference
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from django.utils.translation import gettext as _
from msgspec import Raw, Struct, field

from integrations.auth.hosts import ResolvedHosts
from integrations.http.client import Http, Response

MEDIA_TYPE = "application/vnd.api+json"
PAGE_SIZE = 200  # the largest that Productive allows
Document = Mapping[str, Any]


class Resource(Struct):
    id: str
    type: str
    attributes: dict[str, Any] = field(default_factory=dict)
    relationships: dict[str, Any] = field(default_factory=dict)

    def linked(self, name: str) -> str:
        """The id in a relationship to one; '' where there is none or it was not asked for."""
        data = (self.relationships.get(name) or {}).get("data")
        return str(data["id"]) if data else ""


class _Links(Struct):
    next: str | None = None


class _Meta(Struct):
    total_count: int | None = None


class _One(Struct):
    data: Raw


class _Many(Struct):
    data: list[Raw]
    links: _Links = field(default_factory=_Links)
    meta: _Meta = field(default_factory=_Meta)


_resource = msgspec.json.Decoder(Resource, float_hook=Decimal)


@dataclass(frozen=True)
class Listed:
    """One page of a list. `after` is where the next one begins, '' at the end; `at` is their clock."""

    resources: Sequence[Resource]
    after: str
    at: datetime


def related(path: str, remote_id: Any) -> dict[str, Any]:
    """A relationship to one resource; to none for an empty id."""
    return {"data": {"type": path, "id": str(remote_id)} if remote_id else None}


class ProductiveClient:
    def __init__(self, http: Http, integration: Any, hosts: ResolvedHosts) -> None:
        self._http = http
        self._web = hosts.auth["web"]
        self.organization_id = str(integration.realm_id or integration.options.get("organization_id", ""))

    def page_url(self, path: str, resource_id: str) -> str:
        return f"{self._web}/{self.organization_id}/{path}/{resource_id}"

    @cached_property
    def organization(self) -> Resource:
        """With the company that it is itself: who works here works for that, and as long as is usual here."""
        return self.one("organizations", self.organization_id, ("company",))

    def page(self, path: str, *, include: Collection[str] = (), changed_since: str = "", after: str = "") -> Listed:
        """The page after a cursor, in the order of ids: what changes meanwhile moves nothing."""
        params = {"page[after]": after, "page[size]": str(PAGE_SIZE), "include": ",".join(include) or None}
        if changed_since:
            params["filter[updated_at][gt_eq]"] = changed_since
        response = self._http.get(path, params=params)
        answer = response.decode(_Many)
        following = _cursor(answer.links.next)
        if following and following == after:
            raise response.unusable(_("the next page is the same again"))
        return Listed([_read(response, raw) for raw in answer.data], following, response.date())

    def count(self, path: str) -> int:
        response = self._http.get(path, params={"page[number]": "1", "page[size]": "1"})
        total = response.decode(_Many).meta.total_count
        if total is None:
            raise response.unusable(_("it does not say how many there are"))
        return total

    def deleted_since(self, item_types: Collection[str], since: datetime) -> Iterator[Resource]:
        """What was put into the bin since then, and is still there."""
        number = 1
        while True:
            params = {"filter[item_type]": ",".join(item_types), "sort": "-created_at", "page[number]": str(number)}
            response = self._http.get("deleted_items", params={**params, "page[size]": str(PAGE_SIZE)})
            answer = response.decode(_Many)
            for item in (_read(response, raw) for raw in answer.data):
                if datetime.fromisoformat(item.attributes["created_at"]) < since:
                    return
                if not item.attributes.get("recovered_at"):
                    yield item
            if not answer.links.next or not answer.data:
                return
            number += 1

    def one(self, path: str, resource_id: str, include: Collection[str] = ()) -> Resource:
        response = self._http.get(f"{path}/{resource_id}", params={"include": ",".join(include) or None})
        return _read(response, response.decode(_One).data)

    def find(self, path: str, filters: Mapping[str, str], include: Collection[str] = ()) -> Iterator[Resource]:
        after = ""
        while True:
            narrowed = {f"filter[{name}]": text for name, text in filters.items()}
            asked = {"page[after]": after, "page[size]": str(PAGE_SIZE), "include": ",".join(include) or None}
            response = self._http.get(path, params={**narrowed, **asked})
            answer = response.decode(_Many)
            yield from (_read(response, raw) for raw in answer.data)
            following = _cursor(answer.links.next)
            if not following or following == after:
                return
            after = following

    def create(self, path: str, attributes: Document, relationships: Document) -> Resource:
        return self._write("POST", path, {"type": path, "attributes": attributes, "relationships": relationships})

    def update(self, path: str, resource_id: str, attributes: Document, relationships: Document | None = None) -> Resource:
        linked = {"relationships": relationships} if relationships else {}
        return self._write("PATCH", f"{path}/{resource_id}", {"type": path, "id": resource_id, "attributes": attributes, **linked})

    def act(self, path: str, resource_id: str, action: str) -> Resource:
        """What the reference has as an action of its own: https://developer.productive.io/reference/actions/people-deactivate-deactivate"""
        response = self._http.send("PATCH", f"{path}/{resource_id}/{action}", safe_to_repeat=True)
        return _read(response, response.decode(_One).data)

    def delete(self, path: str, resource_id: str) -> None:
        """What is not there any more is deleted."""
        self._http.send("DELETE", f"{path}/{resource_id}", also_ok=(404,), safe_to_repeat=True)

    def _write(self, method: str, path: str, data: Document) -> Resource:
        response = self._http.send(method, path, json={"data": data}, headers={"content-type": MEDIA_TYPE})
        return _read(response, response.decode(_One).data)


def _read(response: Response, raw: Raw) -> Resource:
    try:
        return _resource.decode(raw)
    except msgspec.MsgspecError as error:
        reason = str(error)
    raise response.unusable(_("its answer cannot be read: %(reason)s") % {"reason": reason})


def _cursor(address: str | None) -> str:
    """Only the place is taken of the address of the next page: what is called stays the organization's own."""
    return parse_qs(urlsplit(address or "").query).get("page[after]", [""])[0]
