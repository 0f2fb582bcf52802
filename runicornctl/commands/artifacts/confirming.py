"""Asking before something is deleted: what, where, and for how long."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runicornctl.failure import Failure, NeedsInput
from runicornctl.quantities import counted, size
from runicornctl.questions import agrees
from runicornctl.render import clean

if TYPE_CHECKING:
    from runicornctl.terminal import Terminal
    from runicornd.protocol.models import Artifact


def confirm_deletion(
    found: Artifact, terminal: Terminal | None, *, permanently: bool, is_sure: bool, confirm: str | None
) -> str | None:
    """Ask, unless the person has said enough, and return the name that confirms a permanent deletion.

    Raises:
        Failure: The person said no, or another name.
        NeedsInput: Nobody is there to ask.
    """
    if confirm is not None and confirm != found.name:
        raise Failure(
            f"cannot delete {_named(found)} for good: --confirm says {confirm!r}",
            hint=f"confirm it with --confirm {shlex.quote(found.name)}",
            kind="not_confirmed",
        )
    if confirm is not None or (is_sure and not permanently):
        return confirm
    if terminal is None:
        option = f"--confirm {found.name}" if permanently else "--yes"
        raise NeedsInput(
            f"cannot delete {_named(found)} unasked: it would be {_how(permanently)} {_place(found)}",
            hint=f"confirm it with {option}",
            context={"name": found.name, "where": found.where},
        )
    terminal.show(
        f"{clean(_named(found))} ({size(found.size_bytes)}, {counted(found.files_total, 'file')}) will be"
        f" {_how(permanently)} {clean(_place(found))}."
    )
    if permanently:
        return _typed_name(found, terminal)
    if not agrees(terminal):
        raise _refused(found, "you said no")
    return None


def _typed_name(found: Artifact, terminal: Terminal) -> str:
    terminal.show("It cannot be brought back. Type the artifact's name to go on.")
    try:
        typed = terminal.ask("Name: ", echo=True).strip()
    except EOFError:
        typed = ""
    if typed != found.name:
        raise _refused(found, f"{typed!r} is not its name")
    return found.name


def _refused(found: Artifact, why: str) -> Failure:
    return Failure(f"did not delete {_named(found)}: {why}", kind="not_confirmed")


def _how(permanently: bool) -> str:
    return "deleted for good" if permanently else "softly deleted"


def _place(found: Artifact) -> str:
    return "on this machine" if found.is_local else f"on {found.where}, not on this machine"


def _named(found: Artifact) -> str:
    return f"{found.type}/{found.name}:v{found.version}"
