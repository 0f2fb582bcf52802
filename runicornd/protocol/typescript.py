"""The wire contract as TypeScript, for the dashboard: ``python -m runicornd.protocol.typescript``.

Writes one interface for each struct, the table of methods, and the kinds of errors and findings. The
result is kept in ``web/src/lib/rpc/contract.ts``; a test sees that it is up to date.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from runicornd.protocol import PROTOCOL_MAX, PROTOCOL_MIN
from runicornd.protocol.errors import CODES
from runicornd.protocol.findings import FINDINGS
from runicornd.protocol.methods import METHODS
from runicornd.protocol.models import (
    DoctorTick,
    DownloadRemoved,
    ErrorData,
    Event,
    ForwardRemoved,
    LogLines,
    StoreRemoved,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = "// Made by `make web-types` from runicornd/protocol. Do not edit.\n"
_WORDS: dict[type[inspect.Type], str] = {
    inspect.NoneType: "null",
    inspect.BoolType: "boolean",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.StrType: "string",
}


def contract() -> str:
    """Return the text of the TypeScript module."""
    structs = _structs()
    methods = "\n".join(
        f'  "{name}": {{ params: {method.params.__name__}; result: {method.result.__name__} }};'
        for name, method in METHODS.items()
    )
    kinds, findings = ("\n".join(f'  "{word}",' for word in words) for words in (CODES, FINDINGS))
    return "\n".join(
        [
            _HEAD,
            f"export const PROTOCOLS: [number, number] = [{PROTOCOL_MIN}, {PROTOCOL_MAX}];\n",
            f"export const ERROR_KINDS = [\n{kinds}\n] as const;\n",
            "export type ErrorKind = (typeof ERROR_KINDS)[number];\n",
            f"export const FINDINGS = [\n{findings}\n] as const;\n",
            "export type FindingKind = (typeof FINDINGS)[number];\n",
            f"export interface Methods {{\n{methods}\n}}\n",
            *(_interface(each) for each in structs),
        ]
    )


def _structs() -> Iterable[inspect.StructType]:
    """Every struct that the table reaches, by name."""
    roots: list[Any] = [ErrorData, Event, LogLines, StoreRemoved, DownloadRemoved, ForwardRemoved, DoctorTick]
    for method in METHODS.values():
        roots += [method.params, method.result]
    found: dict[str, inspect.StructType] = {}
    for each in inspect.multi_type_info(roots):
        _collect(each, found)
    return [found[name] for name in sorted(found)]


def _collect(kind: object, found: dict[str, inspect.StructType]) -> None:
    if isinstance(kind, inspect.Metadata):
        _collect(kind.type, found)
    elif isinstance(kind, inspect.StructType):
        if kind.cls.__name__ not in found:
            found[kind.cls.__name__] = kind
            for field in kind.fields:
                _collect(field.type, found)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            _collect(each, found)
    elif isinstance(kind, inspect.ListType):
        _collect(kind.item_type, found)
    elif isinstance(kind, inspect.DictType):
        _collect(kind.value_type, found)


def _interface(struct: inspect.StructType) -> str:
    is_sent = struct.forbid_unknown_fields  # parameters: what has a default may be left out
    lines = [
        f"  {field.encode_name}{'' if field.required or not is_sent else '?'}: {_type(field.type)};"
        for field in struct.fields
    ]
    body = "{\n" + "\n".join(lines) + "\n}" if lines else "{}"
    if not lines:
        return f"export type {struct.cls.__name__} = Record<string, never>;\n"
    return f"export interface {struct.cls.__name__} {body}\n"


def _type(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            word = _type(inner)
        case inspect.StructType(cls=cls):
            word = cls.__name__
        case inspect.LiteralType(values=values):
            word = " | ".join(msgspec.json.encode(value).decode() for value in values)
        case inspect.UnionType(types=types):
            word = " | ".join(_type(each) for each in types)
        case inspect.ListType(item_type=item):
            word = f"({_type(item)})[]" if isinstance(item, inspect.UnionType) else f"{_type(item)}[]"
        case inspect.TupleType(item_types=items):
            word = f"[{', '.join(_type(each) for each in items)}]"
        case inspect.DictType(value_type=value):
            word = f"Record<string, {_type(value)}>"
        case _:
            word = _WORDS.get(type(kind), "unknown")
    return word


if __name__ == "__main__":
    sys.stdout.write(contract())
