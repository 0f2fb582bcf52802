"""Checks the parameters of a request, and says everything that is wrong with them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from runicornd.errors import InvalidParams
from runicornd.rpc.failures import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runicornd.protocol.models import Params

P = TypeVar("P", bound="Params")


def checked(kind: type[P], given: Mapping[str, object]) -> P:
    """The parameters as their struct.

    Raises:
        InvalidParams: The context's ``fields`` says for each bad field what is wrong. Values are not
            repeated: they may be secret.
    """
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as exc:
        problems = dict(_problems(kind, given)) or {"": str(exc)}
    listed = "; ".join(f"{name}: {problem}" if name else problem for name, problem in problems.items())
    raise InvalidParams(
        f"cannot take the parameters: {listed}",
        hint="'runicornctl rpc rpc.discover' prints what each method takes",
        fields=dict(problems),
    )


def _problems(kind: type[Params], given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in given.keys() - fields.keys():
        yield name[:100], " ".join(["no such parameter", did_you_mean(name[:100], fields)]).strip()
    for name, field in fields.items():
        if name not in given:
            if field.required:
                yield name, "missing"
            continue
        try:
            msgspec.convert(given[name], field.type)
        except msgspec.ValidationError as exc:
            yield name, str(exc)
