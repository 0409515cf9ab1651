"""A vendor of two addresses, to try the sandbox's own parts on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from integrations.sandbox.base import Sandbox, route
from integrations.sandbox.exchange import Refusal, Reply, Request, json_reply, text_reply
from integrations.sandbox.pages import html


class Options(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    things: int = 2
    seed: int | None = None


class ThingVendor(Sandbox):
    slug = "things"
    title = "Things Ltd"
    summary = "Keeps things."
    Options = Options

    def begin(self, options: Options) -> None:
        self.things = {str(number): {"id": str(number), "token": self.chance.token(8)} for number in range(1, options.things + 1)}

    def records(self) -> dict[str, list[Any]]:
        return {"things": list(self.things.values())}

    @contextmanager
    def admission(self, request: Request) -> Iterator[None]:
        if request.headers.get("authorization") == "Bearer stale":
            raise Refusal(text_reply("stale", 401))
        yield

    def expire_token(self, request: Request) -> None:
        request.headers = {**request.headers, "authorization": "Bearer stale"}

    def change_page(self, request: Request, change: str) -> None:
        if change == "insert":
            self.things["new"] = {"id": "new", "token": ""}
        else:
            del self.things[next(iter(self.things))]

    @route("GET", "/Things")
    def listing(self, request: Request) -> Reply:
        return json_reply(list(self.things.values()))

    @route("GET", "/Things/{key}")
    def one(self, request: Request) -> Reply:
        return json_reply(self.things[request.params["key"]])

    @route("POST", "/Things")
    def create(self, request: Request) -> Reply:
        key = str(len(self.things) + 1)
        self.things[key] = {"id": key, "token": "", "sent": request.json()}
        return json_reply(self.things[key], 201)

    @route("GET", "/", page=True)
    def home(self, request: Request) -> Reply:
        return html("sandbox/front.html", {"vendors": []})
