"""What all parameters and results are made of."""

from __future__ import annotations

from typing import Annotated

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of all parameters."""


class Result(msgspec.Struct):
    """Base of all results."""


class Empty(Params):
    """No parameters."""


class Done(Result):
    """Nothing to say but that it is done."""

    done: bool = True


class Document(Result):
    """An OpenRPC document (https://spec.open-rpc.org)."""

    openrpc: str
    info: dict[str, object]
    methods: list[dict[str, object]]
    components: dict[str, object] = {}


class ErrorData(Result):
    """The ``data`` of a JSON-RPC error, and the reason in a session's or host's state."""

    kind: str
    message: str
    hint: str = ""
    retryable: bool = False
    context: dict[str, object] = {}


class TargetParams(Params):
    """Name a target."""

    target: Text
