"""BambooHR's official description, and the short list of what it gets wrong or leaves out, each with its reason."""

from __future__ import annotations

from typing import Any

from tests.contract.specs import Description, Undescribed

BASE = "/api"  # beside it there are pages, and where tokens are given out


def amend(document: dict[str, Any]) -> None:
    """The file is OpenAPI 3.1, the checks are those of 3.0: a type that may be null is said in another way. Answers whose schemas
    stand in the middle of the paths are closed like the named ones.
    """
    document["paths"] = {path.removeprefix(BASE): operations for path, operations in document["paths"].items() if _is_used(path)}
    _as_3_0(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                for answer in operation.get("responses", {}).values():
                    for content in answer.get("content", {}).values():
                        _close(content.get("schema", {}))


def _is_used(path: str) -> bool:
    return any(word in path for word in ("/employees", "/meta/", "/time_off/", "/datasets", "/company_information"))


def _as_3_0(node: Any) -> None:
    if isinstance(node, list):
        for part in node:
            _as_3_0(part)
    elif isinstance(node, dict):
        kinds = node.get("type")
        if isinstance(kinds, list):
            rest = [kind for kind in kinds if kind != "null"]
            node["type"], node["nullable"] = rest[0], True
        for name in ("anyOf", "oneOf"):
            if isinstance(node.get(name), list) and {"type": "null"} in node[name]:
                node[name] = [part for part in node[name] if part != {"type": "null"}]
                node["nullable"] = True
        for part in node.values():
            _as_3_0(part)


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for part in schema:
            _close(part)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)


API = Description(
    file="bamboohr/bamboohr-public-openapi.yaml",
    base=BASE,
    amend=amend,
    open_schemas=frozenset({"GetEmployeeResponse"}),  # its text says that fields of the company's own may appear
    undescribed={
        400: Undescribed("What is wrong is said in a header, with an empty body; not every address describes it."),
        401: Undescribed("Every address refuses a wrong key; not every one describes it."),
        403: Undescribed("Every address refuses whoever may not see something; not every one describes it."),
        404: Undescribed("Not every address describes it."),
        429: Undescribed("It comes from the gateway in front of the API."),
        500: Undescribed("Not described: what a failing server says is not promised."),
        503: Undescribed("It comes from the gateway in front of the API, and is how BambooHR slows callers down."),
    },
)
DESCRIPTIONS = [API]
