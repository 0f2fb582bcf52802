"""``rpc.discover``: this contract as an OpenRPC document (https://spec.open-rpc.org, 1.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runicornd.protocol import PROTOCOL_MAX, PROTOCOL_MIN, models
from runicornd.protocol.errors import CODES
from runicornd.protocol.methods import METHODS

if TYPE_CHECKING:
    from runicornd.protocol.methods import Method
    from runicornd.rpc.registry import Call, Handlers

OPENRPC_VERSION = "1.3.2"


async def discover(call: Call, _params: models.Empty) -> models.Document:
    """Answer with the document."""
    return document(call.services.daemon.version)


def document(version: str) -> models.Document:
    """Make the document of a daemon of that version."""
    kinds = [kind for method in METHODS.values() for kind in (method.params, method.result)]
    kinds += [models.Event, models.LogLines, models.ErrorData]
    _, schemas = msgspec.json.schema_components(
        kinds,
        schema_hook=lambda _kind: {"description": "any JSON value"},
        ref_template="#/components/schemas/{name}",
    )
    errors = {kind: {"code": code, "message": kind} for kind, code in CODES.items()}
    return models.Document(
        openrpc=OPENRPC_VERSION,
        info={"title": "runicornd", "version": version, "x-protocol": [PROTOCOL_MIN, PROTOCOL_MAX]},
        methods=[_describe(method, schemas) for method in METHODS.values()],
        components={"schemas": schemas, "errors": errors},
    )


def _describe(method: Method, schemas: dict[str, dict[str, object]]) -> dict[str, object]:
    properties = schemas[method.params.__name__].get("properties", {})
    assert isinstance(properties, dict)
    fields = msgspec.structs.fields(method.params)
    return {
        "name": method.name,
        "summary": method.summary,
        "paramStructure": "by-name",
        "params": [
            {"name": field.encode_name, "required": field.required, "schema": properties[field.encode_name]}
            for field in fields
        ],
        "result": {"name": "result", "schema": {"$ref": f"#/components/schemas/{method.result.__name__}"}},
    }


HANDLERS: Handlers = {"rpc.discover": discover}
