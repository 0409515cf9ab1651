"""How Productive words its answers: JSON:API documents and errors."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.exchange import Refusal, Reply, encode

MEDIA_TYPE = "application/vnd.api+json"


def answer(document: Any, status: int = 200) -> Reply:
    return Reply(status, encode(document), f"{MEDIA_TYPE}; charset=utf-8")


def problem(status: int, title: str, detail: str, *, pointer: str = "", **more: Any) -> Reply:
    error: dict[str, Any] = {"status": status, "title": title, "detail": detail, **more}
    if pointer:
        error["source"] = {"pointer": pointer}
    return answer({"errors": [error]}, status)


def refuse(status: int, title: str, detail: str, *, pointer: str = "") -> Refusal:
    return Refusal(problem(status, title, detail, pointer=pointer))


def invalid(name: str, detail: str, *, part: str = "attributes") -> Refusal:
    return refuse(422, "Invalid Attribute", detail, pointer=f"/data/{part}/{name}")


def not_found() -> Reply:
    return problem(404, "Record Not Found", "The record you are trying to access does not exist.")


def too_many(limit: int, period: int, wait: int, title: str = "Too many requests") -> Reply:
    detail = f"You are allowed to make {limit} requests in {period} seconds."
    reply = problem(429, title, detail, limit=limit, period=period)
    reply.headers["X-RateLimit-Reset"] = str(wait)
    return reply
