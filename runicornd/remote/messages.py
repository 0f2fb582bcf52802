"""What may come from the agent, checked: the server may be hostile, or not what we think it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from runicornd import errors
from runicornd.errors import AgentFailed, RunicorndError
from runicornd.remote import models

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL = 1
PATH_LIMIT = 4096
NAME_LIMIT = 1024
MESSAGE_LIMIT = 4000
"""Characters of an error's message that are kept."""

T = TypeVar("T")
_Pid = Annotated[int, Meta(ge=1, le=2**31)]
_Path = Annotated[str, Meta(max_length=PATH_LIMIT)]
_Line = Annotated[str, Meta(max_length=8192)]


class WireError(Struct):
    """An error as the agent sends it."""

    kind: str
    message: str
    context: dict[str, Any] = {}


class Message(Struct):
    """One line of the agent: an answer or an event."""

    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: WireError | None = None
    event: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")


class _Greeting(Struct):
    agent: int
    python: str
    platform: str
    user: str
    uid: int
    home: str
    boot_id: str
    pid: _Pid


class WireEnvironment(Struct):
    """An environment as the agent sends it."""

    name: str
    kind: str
    prefix: str
    python: str
    python_version: str | None
    packages: dict[str, str]

    def checked(self) -> models.Environment:
        """The environment as others see it."""
        return models.Environment(
            self.name, self.kind, self.prefix, self.python, self.python_version, dict(self.packages)
        )


class WireRoot(Struct):
    """A storage root as the agent sends it."""

    path: str
    source: str
    exists: bool
    readable: bool


class EnvironmentList(Struct):
    """The answer to ``environments.list``."""

    environments: list[WireEnvironment]
    storage_root: WireRoot

    def root(self) -> models.StorageRoot:
        """The storage root as others see it."""
        found = self.storage_root
        return models.StorageRoot(found.path, found.source, found.exists, found.readable)


class WireRecord(Struct):
    """A viewer's record as the agent sends it."""

    instance: str
    session: str
    pid: _Pid
    start_time: str
    boot_id: str
    keeper_pid: _Pid
    endpoint: str
    transport: str
    log: str
    root: str
    started: float

    def checked(self) -> models.ViewerRecord:
        """The record as others see it."""
        identity = models.ViewerIdentity(self.instance, self.pid, self.start_time, self.boot_id)
        return models.ViewerRecord(
            identity=identity,
            session=self.session,
            keeper_pid=self.keeper_pid,
            endpoint=self.endpoint,
            transport=self.transport,
            log=self.log,
            root=self.root,
            started=self.started,
        )


class WireExit(Struct):
    """A viewer's end as the agent sends it."""

    instance: str
    code: int | None
    signal: int | None
    log_tail: Annotated[list[_Line], Meta(max_length=1000)]

    def checked(self) -> models.ViewerExit:
        """The end as others see it."""
        return models.ViewerExit(self.instance, self.code, self.signal, tuple(self.log_tail))


class Attached(Struct):
    """The answer to ``viewer.attach``."""

    alive: bool
    record: WireRecord | None = None
    exit: WireExit | None = None


class Stopped(Struct):
    """The answer to ``viewer.stop``."""

    stopped: bool


class RecordList(Struct):
    """The answer to ``viewer.list``."""

    viewers: list[WireRecord]


class Lines(Struct):
    """The answer to ``viewer.log``, and with ``instance`` the event of that name."""

    lines: Annotated[list[_Line], Meta(max_length=100_000)]
    instance: str = ""


class Clock(Struct):
    """The answer to ``diagnose.clock``: seconds since the epoch."""

    time: float


class AccountFound(Struct):
    """The answer to ``diagnose.account``."""

    shell: str
    system: str
    umask: int
    places: Annotated[list[models.Place], Meta(max_length=16)]

    def checked(self) -> models.Account:
        """The account as others see it."""
        places = tuple(replace(place, path=place.path[:PATH_LIMIT]) for place in self.places)
        return models.Account(self.shell[:PATH_LIMIT], self.system[:PATH_LIMIT], self.umask, places)


class Listening(Struct):
    """The answer to ``diagnose.listen``."""

    endpoint: str


class FoldersFound(Struct):
    """The answer to ``folders.list``."""

    path: _Path
    parent: _Path | None
    folders: Annotated[list[models.Folder], Meta(max_length=2000)]
    is_root: bool
    is_cut: bool

    def checked(self) -> models.FolderList:
        """The folders as others see them; what is no folder of that one is left out."""
        folders = tuple(each for each in self.folders if _is_in(each, self.path))
        return models.FolderList(self.path, self.parent, folders, self.is_root, self.is_cut)


class ChangeMade(Struct):
    """The answer to ``store.change``."""

    changed: bool
    freed_bytes: Annotated[int, Meta(ge=0)] = 0
    was_at: int | None = None
    left: str | None = None

    def checked(self) -> models.ChangeMade:
        """The answer as others see it."""
        left = self.left[:MESSAGE_LIMIT] if self.left else None
        return models.ChangeMade(self.changed, self.freed_bytes, self.was_at, left)


class Nothing(Struct):
    """An empty answer."""


def read(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Return a text of the agent as a value of that type.

    Raises:
        AgentFailed: It is none.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise broken(str(error)) from error


def read_greeting(line: bytes) -> models.Greeting:
    """Return the agent's first line.

    Raises:
        AgentFailed: It is no greeting.
        RunicorndError: What the agent says instead.
    """
    instead = read(line, Message)
    if instead.error is not None:
        raise raised(instead.error)
    said = read(line, _Greeting)
    if said.agent != PROTOCOL:
        raise broken(f"it speaks version {said.agent}")
    return models.Greeting(
        python=said.python,
        platform=said.platform,
        user=said.user,
        uid=said.uid,
        home=said.home,
        boot_id=said.boot_id,
        pid=said.pid,
    )


def _is_in(folder: models.Folder, path: str) -> bool:
    name = folder.name
    is_name = 0 < len(name) <= NAME_LIMIT and "/" not in name and "\0" not in name and name not in {".", ".."}
    return is_name and folder.path == f"{path.rstrip('/')}/{name}"


def broken(how: str) -> AgentFailed:
    """The error for an agent that does not keep to the protocol."""
    return AgentFailed(
        f"cannot understand the agent: {how[:MESSAGE_LIMIT]}",
        hint="something on the server writes into it: look at the start-up files of the login shell",
    )


def ended_early(what: str, status: int | None, complaint: str) -> AgentFailed:
    """The error for a far end that is gone while the connection lives.

    Args:
        what: What cannot be done, and who has ended: "cannot ask the agent: it".
        status: Its exit status; None when there is none.
        complaint: What it wrote to its standard error.
    """
    said = complaint.strip()
    how = "was ended" if status is None else f"ended with status {status}"
    return AgentFailed(
        f"{what} {how}{f': {said}' if said else ''}",
        hint="try again; if it lasts, 'runicornctl doctor TARGET' looks at the server",
    )


def raised(error: WireError) -> RunicorndError:
    """The agent's error as one of ours; a kind that it has no business with is ``AgentFailed``."""
    context = {name: value for name, value in error.context.items() if name not in {"message", "hint"}}
    kind = _REMOTE_KINDS.get(error.kind, AgentFailed)
    return kind(error.message[:MESSAGE_LIMIT], hint=_HINTS.get(error.kind, ""), **context)


def _tree(parent: type[RunicorndError]) -> Iterator[type[RunicorndError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _tree(child)


_REMOTE_KINDS = {known.kind: known for known in _tree(errors.RemoteError)}
_REMOTE_KINDS[errors.InvalidParams.kind] = errors.InvalidParams
_REMOTE_KINDS[errors.UnknownArtifact.kind] = errors.UnknownArtifact

_HINTS = {
    "root_not_found": "make the folder on the server, or name another one with --root",
    "permission_denied": "check the folder's owner and mode on the server (ls -ld), or name another one",
    "disk_full": "free space on the server: /tmp, the home folder, and the storage root matter",
    "no_environment": "'runicornctl envs TARGET' lists what there is",
    "viewer_crashed": "run that Python on the server to see what is wrong, or name another one with --env",
    "unknown_artifact": "'runicornctl store sync' brings the mirror up to date",
    "read_only": "the folder is mounted read-only: change it where it can be written",
    "store_locked": "try again when Runicorn has saved what it saves there",
    "metadata_broken": "look at the file on the server: nothing is changed before it can be read",
    "source_changed": "'runicornctl store sync' brings the mirror up to date; then look again",
    "file_missing": "it was removed or replaced on the server: 'runicornctl store sync' looks again",
    "remote_unsupported": "Linux and macOS servers are supported",
}
