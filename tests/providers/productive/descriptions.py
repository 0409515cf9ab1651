"""Productive's own schema of its API, turned into operations; and the short list of what it leaves out, each with its reason.

The schema says of every resource which attributes and relationships it has, which of them may be written, and by what its list is
narrowed and sorted. The rest of an operation (pages, documents, errors) is that of the guides.
"""

from __future__ import annotations

from typing import Any

from integrations.providers.productive.sandbox.tables import READ_ONLY, TABLES
from tests.contract.specs import Description, Undescribed

Node = dict[str, Any]

MEDIA_TYPE = "application/vnd.api+json"
EXPORTED = "The reference of the API has it; the schema, which is that of a command line, leaves out what exporters write."
MORE_ATTRIBUTES = {
    "invoices": {
        "exported_at": ("string", False),
        "export_integration_type_id": ("number", False),
        "export_id": ("string", True),
        "export_invoice_url": ("string", True),
    },
    "expenses": {
        "exported": ("boolean", True),
        "exported_at": ("string", False),
        "export_integration_type_id": ("number", False),
        "export_id": ("string", True),
        "export_url": ("string", True),
    },
}
MORE_ACTIONS = {"people": ("activate", "deactivate")}
"""The reference has them, without a body; the schema, which is that of a command line, names inviting alone."""
MORE_FILTERS = {
    "id": "Every list of the reference has it.",
    "updated_at": "The guide to filters speaks of it as the example of a time; the reference has it for few lists.",
}
ERRORS: Node = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["status", "title", "detail"],
                "properties": {
                    "status": {"type": "integer"},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "source": {"type": "object", "properties": {"pointer": {"type": "string"}}},
                },
            },
        }
    },
}


def amend(document: Node) -> None:
    resources, enums = dict(document["resources"]), dict(document["enums"])
    document.clear()
    document |= {"openapi": "3.0.0", "paths": {}, "components": {"schemas": {"Errors": ERRORS}}}
    for path in TABLES:
        _describe(document, path, resources[path]["fields"].values(), enums)


def _describe(document: Node, path: str, fields: Any, enums: Node) -> None:
    schemas, paths = document["components"]["schemas"], document["paths"]
    named = [field for field in fields if "attribute" in field]
    attributes = {field["attribute"]: _schema(field, enums) for field in named}
    writable = {field["attribute"] for field in named if not field.get("readonly")}
    for name, (kind, may_write) in MORE_ATTRIBUTES.get(path, {}).items():
        attributes[name] = {"type": kind, "nullable": True}
        writable |= {name} if may_write else set()
    linked = [field for field in fields if "relationship" in field]
    relationships = {field["relationship"]: _relationship(field) for field in linked}
    link_writable = {field["relationship"] for field in linked if not field.get("readonly")}
    schemas[f"{path}_attributes"] = {"type": "object", "properties": attributes}
    schemas[f"{path}_relationships"] = {"type": "object", "properties": relationships}
    schemas[path] = {
        "type": "object",
        "required": ["id", "type", "attributes", "relationships"],
        "properties": {
            "id": {"type": "string"},
            "type": {"type": "string", "enum": [path]},
            "attributes": {"$ref": f"#/components/schemas/{path}_attributes"},
            "relationships": {"$ref": f"#/components/schemas/{path}_relationships"},
        },
    }
    schemas[f"{path}_written_attributes"] = _only(attributes, writable)
    schemas[f"{path}_written_relationships"] = _only(relationships, link_writable)
    schemas[f"{path}_written"] = {
        "type": "object",
        "required": ["type", "attributes"],
        "properties": {
            "id": {"type": "string"},
            "type": {"type": "string", "enum": [path]},
            "attributes": {"$ref": f"#/components/schemas/{path}_written_attributes"},
            "relationships": {"$ref": f"#/components/schemas/{path}_written_relationships"},
        },
    }
    required = [field["attribute"] for field in named if field.get("required") and not field.get("readonly")]
    required_links = [field["relationship"] for field in linked if field.get("required") and not field.get("readonly")]
    schemas[f"{path}_new"] = _new(path, required, required_links)
    schemas[f"{path}_document"] = _document({"$ref": f"#/components/schemas/{path}"})
    schemas[f"{path}_list"] = _document({"type": "array", "items": {"$ref": f"#/components/schemas/{path}"}})
    includes = [field["relationship"] for field in linked if not field.get("notIncludable")]
    filters = [*(field["filter"] for field in fields if "filter" in field), *MORE_FILTERS]
    sorts = [field["sort"] for field in fields if "sort" in field]
    include = _parameter("include", {"type": "array", "items": {"type": "string", "enum": includes}})
    listed = [include, _parameter("sort", {"type": "string", "enum": [*sorts, *(f"-{name}" for name in sorts)]})]
    listed += [_parameter(f"filter[{name}]{op}", {"type": "string"}) for name in filters for op in ("", "[gt_eq]", "[lt]")]
    listed += [_parameter(f"page[{name}]", {"type": "integer", "minimum": 1}) for name in ("number", "size")]
    listed.append(_parameter("page[after]", {"type": "string"}))
    paths[f"/{path}"] = {"get": {"parameters": listed, "responses": _answers(f"{path}_list")}}
    paths[f"/{path}/{{id}}"] = {"get": {"parameters": [include], "responses": _answers(f"{path}_document")}}
    if path not in READ_ONLY:
        made, changed = ({"requestBody": _body(f"{path}_{what}"), "parameters": [include]} for what in ("new", "written"))
        paths[f"/{path}"]["post"] = {**made, "responses": _answers(f"{path}_document", "201")}
        paths[f"/{path}/{{id}}"]["patch"] = {**changed, "responses": _answers(f"{path}_document")}
        paths[f"/{path}/{{id}}"]["delete"] = {"responses": {"204": {}, **_refusals()}}
    for action in MORE_ACTIONS.get(path, ()):
        paths[f"/{path}/{{id}}/{action}"] = {"patch": {"responses": _answers(f"{path}_document")}}


def _new(path: str, required: list[str], required_links: list[str]) -> Node:
    """What is written, with everything that has to be said of something new."""
    parts = {"attributes": {"required": required}} if required else {}
    parts |= {"relationships": {"required": required_links}} if required_links else {}
    demanded = {"type": "object", "required": list(parts), "properties": parts} if parts else {}
    return {"allOf": [{"$ref": f"#/components/schemas/{path}_written"}, demanded]}


def _body(schema: str) -> Node:
    body = {"required": ["data"], "properties": {"data": {"$ref": f"#/components/schemas/{schema}"}}, "type": "object"}
    return {"required": True, "content": {MEDIA_TYPE: {"schema": body}}}


def _only(properties: Node, names: set[str]) -> Node:
    return {"type": "object", "properties": {name: schema for name, schema in properties.items() if name in names}}


def _document(data: Node) -> Node:
    beside = {"included": {"type": "array"}, "links": {"type": "object"}, "meta": {"type": "object"}}
    return {"type": "object", "required": ["data"], "properties": {"data": data, **beside}}


def _parameter(name: str, schema: Node) -> Node:
    return {"in": "query", "name": name, "schema": schema}


def _refusals() -> Node:
    error = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Errors"}}}}
    return {str(status): error for status in (400, 401, 402, 403, 404, 405, 406, 409, 410, 415, 422, 429, 500, 502, 503, 504)}


def _answers(schema: str, status: str = "200") -> Node:
    return {status: {"content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}, **_refusals()}


def _schema(field: Node, enums: Node) -> Node:
    if field["typeCategory"] == "enum":
        values = list(enums[field["type"]]["values"])
        return {"enum": [None, *values, *(int(value) for value in values if value.isdigit())]} if values else {"nullable": True}
    kind = {"string": "string", "number": "number", "boolean": "boolean", "date": "string"}.get(field["type"])
    if field.get("array") or kind is None:
        return {}
    if kind == "number":  # quantities and rates come as texts
        return {"anyOf": [{"type": "number", "nullable": True}, {"type": "string", "nullable": True, "pattern": r"^-?\d+(\.\d+)?$"}]}
    return {"type": kind, "nullable": True}


def _relationship(field: Node) -> Node:
    """With its data where it was included, else with the word that it was not."""
    one = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"type": "string", "enum": [field["type"]]}, "id": {"type": "string"}},
    }
    data = {"type": "array", "items": one} if field.get("array") else {**one, "nullable": True}
    return {"type": "object", "properties": {"data": data, "meta": {"type": "object"}}, "additionalProperties": False}


API = Description(
    file="productive/schema.json",
    base="/api/v2",
    amend=amend,
    undescribed={204: Undescribed("JSON:API: nothing is said of what was deleted.")},
)
DESCRIPTIONS = [API]
