"""How the simulated BambooHR answers: JSON for those who ask for it, XML for all others, and its shapes of errors."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox.exchange import NotJson, Refusal, Reply, Request, encode, json_reply

if TYPE_CHECKING:
    from integrations.providers.bamboohr.sandbox.company import Company, Key
    from integrations.providers.bamboohr.sandbox.world import BamboohrSandbox

PROBLEM = "application/problem+json"


class Resource:
    """Some of the addresses."""

    def __init__(self, world: BamboohrSandbox) -> None:
        self.world = world

    @property
    def company(self) -> Company:
        return self.world.company


def caller(request: Request) -> Key:
    found: Key = request.caller
    return found


def answer(request: Request, value: Any) -> Reply:
    if "json" in request.headers.get("accept", "") or request.query.get("format") == "json":
        return json_reply(value)
    return Reply(200, b'<?xml version="1.0"?>\n<result/>', "application/xml; charset=utf-8")


def refuse(status: int, text: str) -> Refusal:
    """The older addresses say what is wrong in a header."""
    return Refusal(Reply(status, b"", "text/html; charset=UTF-8", {"X-BambooHR-Error-Message": text}))


def problem(status: int, title: str, detail: str, code: str, content_type: str = "application/json") -> Refusal:
    """The datasets say it as RFC 7807 does."""
    body = {"type": f"https://docs.bamboohr.com/errors/{code.lower()}", "title": title, "status": status, "detail": detail, "code": code}
    return Refusal(Reply(status, encode(body), content_type))


def since(request: Request) -> datetime:
    try:
        at = datetime.fromisoformat(request.query.get("since", ""))
    except ValueError:
        raise refuse(400, "Since parameter is missing or malformed") from None
    if at.tzinfo is None:
        raise refuse(400, "Since parameter is missing or malformed")
    return at


def body(request: Request) -> dict[str, Any]:
    try:
        given = request.json()
    except NotJson:
        given = None
    if not isinstance(given, dict):
        raise problem(400, "Bad Request", "The body is no JSON object.", "BAD_REQUEST")
    return given
