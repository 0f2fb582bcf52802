"""Changes of a storage root in the layout of Runicorn 0.4 and 0.5, as Runicorn itself makes them.

Every change is made under Runicorn's own lock; doing it again changes nothing.
"""

import errno
import os
from contextlib import ExitStack
from typing import Callable, Dict

from .failures import Failure, from_os
from .params import Params
from .store_artifact import Artifact
from .store_deletion import delete, restore
from .store_labels import remove_alias, set_alias, tag

VERSION_LIMIT = 2**31
NAME_BYTES = 255
REMEMBERED = 256

Answer = Dict[str, object]

_CHANGES: Dict[str, Callable[[Artifact, int, Params], Answer]] = {
    "delete": delete,
    "restore": restore,
    "alias": set_alias,
    "unalias": remove_alias,
    "tag": tag,
}


def change(params: Params, answered: Dict[str, Answer]) -> Answer:
    """Make one change; ``docs/agent-protocol.md`` has the parameters and the answer.

    Args:
        params: What to change.
        answered: The last answers by key, for those who ask again because they have not heard it.

    Raises:
        Failure: Why it was not made.
    """
    key = params.text("key")
    answer = answered.get(key)
    if answer is None:
        answer = answered[key] = _make(params)
        for old in list(answered)[:-REMEMBERED]:
            answered.pop(old, None)
    return answer


def _make(params: Params) -> Answer:
    if params.text("layout") != "artifacts":
        raise Failure("remote_unsupported", "cannot change it: Runicorn 0.6 and later has no such notion")
    wanted = params.inner("change")
    do = _CHANGES.get(wanted.text("do"))
    if do is None:
        raise Failure("invalid_params", f"cannot do {wanted.text('do')[:80]!r}: no such change")
    type_, name = _component(params.text("type"), "type"), _component(params.text("name"), "name")
    if type_.startswith("."):
        raise Failure("invalid_params", f"cannot use {type_[:80]!r} as a type")
    number = params.whole("version", 1, VERSION_LIMIT)
    with ExitStack() as opened:
        try:
            return do(Artifact(opened, params.text("root"), type_, name), number, wanted)
        except OSError as error:
            failure = from_os(error, f"change {type_}/{name}:v{number}")
            failure.kind = "read_only" if error.errno == errno.EROFS else failure.kind
            raise failure


def _component(text: str, what: str) -> str:
    """Return a text that is one part of a path. Raises ``invalid_params``."""
    is_one = text not in ("", ".", "..") and "/" not in text and "\0" not in text
    if not is_one or len(os.fsencode(text)) > NAME_BYTES:
        raise Failure("invalid_params", f"cannot use {text[:80]!r} as a {what}")
    return text
