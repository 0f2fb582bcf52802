"""Changes at the source: what they mean, what may be changed, and how it is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runicornd.errors import AgentFailed, NotConfirmed, RemoteUnsupported
from runicornd.remote.models import StoreChange
from runicornd.storage.model import Layout
from runicornd.storage.names import check_alias, check_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.remote.models import ChangeMade
    from runicornd.storage.model import Version, VersionKey

CHANGE_S = 60.0
REMOVAL_S = 1800.0
"""Seconds that a change may take; removing a million files is slow."""


class Changer(Protocol):
    """What is needed of a ``RemoteHost``."""

    async def change_store(self, change: StoreChange, *, timeout_s: float) -> ChangeMade:
        """Change a version where it is; safe to ask again."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """A store's machine, while its link is up.

    Args:
        store: The store's name.
        where: The machine's name for people, such as ``gpu-server``.
        is_local: Whether it is this machine; ``where`` does not matter then.
        root: The storage root, as it was resolved there.
        host: Its agent.
    """

    store: str
    where: str
    is_local: bool
    root: str
    host: Changer


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """What a change did.

    Args:
        where: The machine, ``this machine`` for a local store.
        message: One sentence for people, with where it happened.
        changed: False when it was so already.
        freed_bytes: What the disk there got back.
        hint: What else there is to know, or empty.
    """

    store: str
    where: str
    key: VersionKey
    message: str
    changed: bool
    freed_bytes: int = 0
    hint: str = ""


class Operations:
    """Makes changes on the machines of stores.

    All raise, with nothing changed: ``RemoteUnsupported`` for a layout that has no such notion,
    ``InvalidParams``, ``UnknownArtifact``, ``MetadataBroken``, ``FileMissing``, ``StoreLocked``,
    ``PermissionDenied``, ``ReadOnly``, ``DiskFull``, ``RootNotFound``, and what the link and the agent
    raise. Asking again after a cut is safe.
    """

    async def delete(
        self, machine: Machine, version: Version, *, permanently: bool = False, confirm: str | None = None
    ) -> ChangeReport:
        """Delete a version softly, or with its files for good.

        Raises:
            NotConfirmed: It is for good, and ``confirm`` is not the artifact's name.
            SourceChanged: Another version has that number now.
        """
        if not permanently:
            made = await _change(machine, version, {"do": "delete"})
            return _report(machine, version, made, "Soft deleted {}", "{} was soft deleted already")
        if confirm != version.key.name:
            raise NotConfirmed(
                f"cannot delete {_label(version)} for good: it was not confirmed",
                hint=f"give its name, {version.key.name}, to confirm it",
            )
        change: dict[str, object] = {"do": "delete", "permanently": True}
        if version.created and not version.problem:
            change["created"] = version.created
        made = await _change(machine, version, change, REMOVAL_S)
        return _report(
            machine, version, made, "Permanently deleted {}", "{} was deleted already", _rest(made)
        )

    async def restore(self, machine: Machine, version: Version) -> ChangeReport:
        """Undo a soft delete."""
        made = await _change(machine, version, {"do": "restore"})
        return _report(machine, version, made, "Restored {}", "{} was not deleted")

    async def set_alias(
        self, machine: Machine, version: Version, alias: str, *, remove: bool = False
    ) -> ChangeReport:
        """Give an alias to a version, from whichever had it; or take it from this one."""
        if remove:
            made = await _change(machine, version, {"do": "unalias", "alias": alias})
            hint = "" if made.was_at is None else f"v{made.was_at} has that alias"
            return _report(
                machine, version, made, f"Removed alias {alias} from {{}}", f"{{}} has no alias {alias}", hint
            )
        made = await _change(machine, version, {"do": "alias", "alias": check_alias(alias)})
        hint = "" if made.was_at is None else f"it was at v{made.was_at} before"
        return _report(machine, version, made, f"Set alias {alias} to {{}}", f"{{}} has alias {alias}", hint)

    async def tag(
        self, machine: Machine, version: Version, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> ChangeReport:
        """Add and remove tags."""
        added = [check_tag(tag) for tag in add]
        made = await _change(machine, version, {"do": "tag", "add": added, "remove": list(remove)})
        idle = "{} is tagged so already" if add else "{} has no such tag"
        return _report(machine, version, made, "Tagged {}" if add else "Removed tags from {}", idle)


async def _change(
    machine: Machine, version: Version, change: dict[str, object], timeout_s: float = CHANGE_S
) -> ChangeMade:
    if version.layout is not Layout.ARTIFACTS:
        raise RemoteUnsupported(
            f"cannot change {_label(version)}: Runicorn 0.6 and later cannot delete, name or tag assets",
            hint="its runs own it: delete or change it there, with Runicorn itself",
        )
    key = version.key
    wanted = StoreChange(
        root=machine.root,
        layout=str(version.layout),
        type=key.type,
        name=key.name,
        version=key.version,
        change=change,
        key=secrets.token_hex(12),
    )
    try:
        return await machine.host.change_store(wanted, timeout_s=timeout_s)
    except AgentFailed:  # It may have died with the answer, and is started again.
        return await machine.host.change_store(wanted, timeout_s=timeout_s)


def _report(
    machine: Machine, version: Version, made: ChangeMade, done: str, idle: str, hint: str = ""
) -> ChangeReport:
    where = "this machine" if machine.is_local else machine.where
    place = "on this machine" if machine.is_local else f"on {where}, not on this machine"
    text = (done if made.changed else idle).format(_label(version))
    tail = place if made.changed else f"on {where}; nothing was changed"
    return ChangeReport(
        store=machine.store,
        where=where,
        key=version.key,
        message=f"{text} {tail}",
        changed=made.changed,
        freed_bytes=made.freed_bytes,
        hint=hint,
    )


def _rest(made: ChangeMade) -> str:
    return f"some of its files are still there: {made.left}" if made.left else ""


def _label(version: Version) -> str:
    return f"{version.key.name}:v{version.key.version}"
