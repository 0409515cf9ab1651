"""Hold what went over the wire against a vendor's official OpenAPI description.

Descriptions are read strictly: a field, a query parameter or a status that a description does not know is a violation, so that nothing
invented passes. What is real and yet missing there stands in the `Description` of the vendor's test package, each with its reason.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import yaml
from jsonschema import FormatChecker
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from integrations.sandbox.exchange import Delivery, Exchange

Node = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")
SPOILT = {"truncated", "not_json", "wrong_type", "new_fields"}  # faults whose answers are meant to be no answers
FORMATS = FormatChecker(formats=())
JSON = "application/json"


@FORMATS.checks("uuid", ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(UUID(value))


@FORMATS.checks("date-time", ValueError)
def _is_date_time(value: object) -> bool:
    """ISO 8601; vendors leave the time zone out, so it may be missing."""
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


class Violation(AssertionError):
    """The exchange is not what the description says."""


@dataclass(frozen=True)
class Undescribed:
    """An answer that a description forgot: why it is real, and the schema (a pointer) that holds for it, if there is any."""

    reason: str
    schema: str = ""


@dataclass(frozen=True, eq=False)
class Description:
    """One vendor's file, `file` below the folder of descriptions, for the addresses below `base` in its sandbox.

    `amend` corrects the loaded file in place where it contradicts itself; `more_fields` of answers by schema; `open_schemas` are those
    whose objects may have any field; `undescribed` answers by status.
    """

    file: str
    base: str
    amend: Callable[[Node], None] = lambda document: None
    more_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    open_schemas: frozenset[str] = frozenset()
    undescribed: Mapping[int, Undescribed] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        return path.startswith(self.base)

    def load(self, folder: Path) -> Spec:
        return _load(self, folder)


@dataclass(frozen=True)
class Operation:
    """Where in the document an exchange belongs, with the values of the path's parameters."""

    path: str
    method: str
    values: Mapping[str, str]

    @property
    def pointer(self) -> str:
        return f"#/paths/{self.path.replace('~', '~0').replace('/', '~1')}/{self.method}"


class Spec:
    def __init__(self, description: Description, document: Node) -> None:
        self.description = description
        description.amend(document)
        self.document = document
        answers = _closed(document, description.open_schemas, description.more_fields)
        requests = _closed(document, description.open_schemas, {})
        self._answers = Registry().with_resource("urn:answers", DRAFT4.create_resource(answers))
        self._requests = Registry().with_resource("urn:requests", DRAFT4.create_resource(requests))
        self._validators: dict[tuple[str, str], Any] = {}
        self._paths = [(path, re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path)), re.IGNORECASE)) for path in document["paths"]]

    def violations(self, exchange: Exchange, *, with_request: bool = True) -> list[str]:
        """Everything that the description does not allow about an exchange; without `with_request`, about its answer only."""
        operations = list(self._operations(exchange))
        if not operations:
            return [f"{exchange.request.method} {exchange.request.path} is not described"] if with_request else []
        found = [self._of(exchange, operation, with_request=with_request) for operation in operations]
        return min(found, key=len)

    def _of(self, exchange: Exchange, operation: Operation, *, with_request: bool) -> list[str]:
        node = self.document["paths"][operation.path][operation.method]
        asked = [*self._parameters(exchange, operation, node), *self._body(exchange, operation, node)] if with_request else []
        return [*asked, *self._answer(exchange, operation, node)]

    def _operations(self, exchange: Exchange) -> Iterator[Operation]:
        path, method = exchange.request.path.removeprefix(self.description.base), exchange.request.method.lower()
        for template, pattern in self._paths:
            match = pattern.fullmatch(path)
            if match and method in self.document["paths"][template]:
                yield Operation(template, method, dict(zip(re.findall(r"\{(\w+)\}", template), match.groups(), strict=True)))

    def _parameters(self, exchange: Exchange, operation: Operation, node: Node) -> Iterator[str]:
        request = exchange.request
        known: set[str] = set()
        for unresolved in [*self.document["paths"][operation.path].get("parameters", ()), *node.get("parameters", ())]:
            parameter = self._resolved(unresolved)
            name, place = parameter["name"], parameter["in"]
            values: Mapping[str, str] = {"query": request.query, "path": operation.values}.get(place, request.headers)
            key = name.lower() if place == "header" else name
            known |= {name} if place == "query" else set()
            if key in values:
                yield from self._parameter(name, values[key], parameter.get("schema", {}))
            elif parameter.get("required"):
                yield f"the {place} parameter {name} is missing"
        yield from (f"the query parameter {name} is not described" for name in request.query.keys() - known)

    def _parameter(self, name: str, text: str, unresolved: Node) -> Iterator[str]:
        schema = self._resolved(unresolved)
        try:
            value = _converted(text, schema.get("type"), self._resolved(schema.get("items", {})).get("type"))
        except ValueError:
            yield f"the parameter {name} is {text!r}, which is no {schema['type']}"
            return
        validator = OAS30WriteValidator(schema, format_checker=FORMATS)
        yield from (f"the parameter {name}: {error.message}" for error in validator.iter_errors(value))

    def _body(self, exchange: Exchange, operation: Operation, node: Node) -> Iterator[str]:
        request, described = exchange.request, self._resolved(node.get("requestBody", {}))
        if not request.body:
            if described.get("required"):
                yield "the body is missing"
            return
        content_type = request.headers.get("content-type", "").partition(";")[0]
        if not described:
            yield "a body is not described"
        elif content_type not in described["content"]:
            yield f"a body of type {content_type or 'unknown'} is not described"
        elif content_type == JSON or content_type.endswith("+json"):
            yield from self._errors("requests", f"{operation.pointer}/requestBody/content/{_escaped(content_type)}/schema", request.body)

    def _answer(self, exchange: Exchange, operation: Operation, node: Node) -> Iterator[str]:
        reply, status = exchange.reply, exchange.reply.status
        if reply.delivery is not Delivery.WHOLE or SPOILT & exchange.request.faults.keys():
            return
        if str(status) not in node["responses"]:
            undescribed = self.description.undescribed.get(status)
            if undescribed is None:
                yield f"the status {status} is not described"
            elif undescribed.schema:
                yield from self._errors("answers", undescribed.schema, reply.body)
            return
        pointer = self._pointer(f"{operation.pointer}/responses/{status}")
        content = self._at(pointer).get("content", {})
        content_type = reply.content_type.partition(";")[0]
        if content_type in content and ("json" not in content_type or "schema" not in content[content_type]):
            return  # nothing is said of what stands in it, or not in words that are understood here
        if content_type in content:
            yield from self._errors("answers", f"{pointer}/content/{_escaped(content_type)}/schema", reply.body)
        elif content and "json" in exchange.request.headers.get("accept", JSON):
            yield f"an answer of type {content_type} is not described"
        elif not content and reply.body:
            yield f"the answer has a body ({len(reply.body)} bytes), which is not described"

    def _errors(self, direction: str, pointer: str, body: bytes) -> Iterator[str]:
        try:
            value = msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            yield f"the body is no JSON: {error}"
            return
        for error in self._validator(direction, pointer).iter_errors(value):
            yield f"{direction[:-1]} {error.json_path}: {error.message[:300]}"

    def _validator(self, direction: str, pointer: str) -> Any:
        key = direction, pointer
        if key not in self._validators:
            kind, registry = (OAS30WriteValidator, self._requests) if direction == "requests" else (OAS30ReadValidator, self._answers)
            self._validators[key] = kind({"$ref": f"urn:{direction}{pointer}"}, registry=registry, format_checker=FORMATS)
        return self._validators[key]

    def _resolved(self, node: Node) -> Node:
        return self._at(node["$ref"]) if "$ref" in node else node

    def _pointer(self, pointer: str) -> str:
        node = self._at(pointer)
        return str(node.get("$ref", pointer))

    def _at(self, pointer: str) -> Node:
        node: Any = self.document
        for step in pointer.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return dict(node)


def assert_conforms(exchange: Exchange, spec: Spec, *, with_request: bool = True) -> None:
    """Raise `Violation` with everything that the description does not allow about the exchange."""
    if found := spec.violations(exchange, with_request=with_request):
        request = exchange.request
        listed = "\n  ".join(found[:10])
        raise Violation(f"{request.method} {request.path} -> {exchange.reply.status} is not as {spec.description.file} says:\n  {listed}")


@cache
def _load(description: Description, folder: Path) -> Spec:
    with (folder / description.file).open("rb") as file:
        return Spec(description, yaml.load(file, yaml.CSafeLoader))


def _closed(document: Node, open_schemas: frozenset[str], more_fields: Mapping[str, Sequence[str]]) -> Node:
    """A copy in which no object may have fields that its schema does not name."""
    closed = copy.deepcopy(document)
    for name, schema in closed.get("components", {}).get("schemas", {}).items():
        if name not in open_schemas and "properties" in schema:
            schema["additionalProperties"] = False
            schema["properties"] |= {key: {} for key in more_fields.get(name, ())}
    return closed


def _converted(text: str, kind: str | None, item_kind: str | None) -> Any:
    """The text of a parameter as the type that its schema asks for. Raises `ValueError`."""
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if kind == "array":
        return [_converted(part, item_kind, None) for part in text.split(",")]
    return text


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
