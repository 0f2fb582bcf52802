"""Errors as data, for the record of a download and for the pipe between daemon and worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERNAL_HINT = "this should not happen; the daemon's log says more: 'runicornctl daemon logs'"


class Failure(msgspec.Struct, frozen=True):
    """An error of the tree in ``runicornd.errors``. The context is made of JSON values."""

    kind: str
    message: str
    hint: str = ""
    context: dict[str, Any] = {}


def failure_of(error: Exception) -> Failure:
    """Return an error as data; one that is none of ours says its type only, and is of kind ``internal``."""
    if isinstance(error, RunicorndError):
        return Failure(error.kind, error.message, error.hint, dict(error.context))
    return Failure(
        RunicorndError.kind, f"cannot go on: something unexpected ({type(error).__name__})", INTERNAL_HINT
    )


def error_of(failure: Failure) -> RunicorndError:
    """Return the error that was meant; one of a later version's kinds is the root of the tree."""
    kind = _KINDS.get(failure.kind, RunicorndError)
    context = {name: value for name, value in failure.context.items() if name not in {"message", "hint"}}
    return kind(failure.message, hint=failure.hint, **context)


def _tree(parent: type[RunicorndError]) -> Iterator[type[RunicorndError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _tree(child)


_KINDS = {known.kind: known for known in _tree(RunicorndError) if "kind" in vars(known)}
