"""The REST operations as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from runicornd.gateway.rest.bodies import Nothing
from runicornd.protocol.models import ErrorData

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runicornd.gateway.rest.table import Operation

OPENAPI_VERSION = "3.1.0"
_WORD = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")

Json = dict[str, object]


class Failure(msgspec.Struct):
    """What every error looks like."""

    error: ErrorData


def document(operations: Sequence[Operation], version: str) -> Json:
    """Return the document of a daemon of that version."""
    kinds = {each.body for each in operations} | {each.query for each in operations} | {Failure}
    _, schemas = msgspec.json.schema_components(
        sorted(kinds - {Nothing}, key=lambda kind: kind.__name__),
        schema_hook=lambda _kind: {"description": "any JSON value"},
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(_WORD.sub(r"{\1}", each.path), {})[each.verb.lower()] = _describe(each, schemas)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "runicornd",
            "version": version,
            "description": "Runicorn's remote API over this machine's daemon. Everything else it can do is on"
            " its control plane: 'runicornctl rpc rpc.discover' describes that.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "'runicornctl dashboard --token' prints one",
                }
            },
        },
    }


def _describe(operation: Operation, schemas: Mapping[str, Json]) -> Json:
    described: Json = {
        "operationId": f"{operation.does.__module__.rpartition('.')[2]}_{operation.does.__name__}",
        "summary": operation.summary,
        "description": "Does " + ", ".join(f"`{name}`" for name in operation.methods) + ".",
        "parameters": [*_words(operation.path), *_queries(operation, schemas)],
        "responses": {
            "200": {"description": "Done.", "content": _json({"type": "object"})},
            "default": {
                "description": "Why it cannot be done.",
                "content": _json({"$ref": "#/components/schemas/Failure"}),
            },
        },
    }
    if operation.body is not Nothing:
        name = operation.body.__name__
        is_required = any(field.required for field in msgspec.structs.fields(operation.body))
        content = _json({"$ref": f"#/components/schemas/{name}"})
        described["requestBody"] = {"required": is_required, "content": content}
    return described


def _words(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _WORD.findall(path)
    ]


def _queries(operation: Operation, schemas: Mapping[str, Json]) -> list[Json]:
    if operation.query is Nothing:
        return []
    properties = schemas[operation.query.__name__]["properties"]
    assert isinstance(properties, dict)
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": properties[field.encode_name],
        }
        for field in msgspec.structs.fields(operation.query)
    ]


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}
