"""All viewers of this account: starting, finding again, ending."""

import contextlib
import os
import signal
import socket
import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional

from . import folders, identity
from .attachment import Attachment, Message
from .failures import Failure
from .launch import launch
from .orders import Order, check
from .viewerlog import tail_of_file

MARGIN_S = 5.0
"""Seconds beyond the viewer's grace in which its keeper must have ended it."""

YOUNG_S = 120.0
"""A folder without a record may belong to a keeper that is just starting, for so many seconds."""

TAIL_LINES = 50


class Identity(NamedTuple):
    """What makes a process exactly the one that is meant."""

    instance: str
    pid: int
    start_time: str
    boot_id: str


class Viewers:
    """The viewers that this agent has started or attached, and the folders of the others.

    Args:
        sources: The agent's own modules, to be given to keepers.
        push: Sends an event to the daemon; never waits.
    """

    def __init__(self, sources: Dict[str, str], push: Callable[[str, Message], None]) -> None:
        self._sources = sources
        self._push = push
        self._attached: Dict[str, Attachment] = {}
        self._lock = threading.Lock()

    def start(self, order: Order) -> Message:
        """Start a viewer and return its record.

        Raises:
            Failure: Nothing was started, and nothing is left.
        """
        order = check(order)
        return _public(self._attach_to(order.instance, launch(order, self._sources)).record)

    def attach(self, wanted: Identity) -> Message:
        """Find a viewer again and renew its lease; what is not exactly it counts as not alive."""
        if self._record_of(wanted) is None:
            return {"alive": False}
        try:
            attachment = self._reach(wanted.instance)
        except OSError:
            self._clear(wanted.instance)
            return {"alive": False}
        if attachment.exit is not None:
            return {"alive": False, "exit": attachment.exit}
        return {"alive": True, "record": _public(attachment.record)}

    def stop(self, wanted: Identity, grace_s: float) -> bool:
        """End a viewer and whatever is left of it; False when it was not running."""
        if self._record_of(wanted) is None:
            return False
        was_running = identity.is_running(wanted.pid, wanted.start_time, wanted.boot_id)
        with contextlib.suppress(OSError, Failure):
            attachment = self._reach(wanted.instance)
            attachment.stop(grace_s)
            attachment.ended.wait(grace_s + MARGIN_S)
        self._clear(wanted.instance)
        return was_running

    def list(self) -> "List[Message]":
        """Return the records of all viewers that run."""
        records = (folders.read_record(folder) for folder in folders.instances())
        return [
            _public(record) for record in records if record and _runs(record, "") and _runs(record, "keeper_")
        ]

    def log(self, instance: str, count: int, follow: bool) -> "List[str]":
        """Return the last lines of a viewer's log, and let the later ones flow from then on.

        Raises:
            Failure: ``unknown_viewer``, ``agent_failed``.
        """
        try:
            attachment = self._reach(instance)
        except OSError:
            raise Failure("agent_failed", f"cannot read the log of {instance}: it does not run")
        return attachment.tail(count, follow)

    def unfollow(self, instance: str) -> None:
        """Stop the flow of a viewer's log."""
        attachment = self._attached.get(instance)
        if attachment is not None:
            attachment.unfollow()

    def renew(self) -> None:
        """Renew the leases of all attached viewers; never waits."""
        for attachment in tuple(self._attached.values()):
            attachment.renew()

    def sweep(self) -> None:
        """Remove what keepers left that could not clean up: they were killed, or the machine restarted."""
        for folder in folders.instances():
            record = folders.read_record(folder)
            if record is None and folders.age_s(folder) > YOUNG_S:
                folders.remove(folder)
            elif record is not None and not _runs(record, "keeper_"):
                _end(folder, record)

    def _record_of(self, wanted: Identity) -> Optional[Message]:
        folder = folders.find(wanted.instance)
        record = folders.read_record(folder) if folder else None
        if record is None or wanted.boot_id != identity.boot_id():
            return None
        found = Identity(*(record.get(name) for name in Identity._fields))  # type: ignore[arg-type]  # compared only
        return record if found == wanted else None

    def _reach(self, instance: str) -> Attachment:
        """Return the conversation with a viewer's keeper. Raises OSError when there is no keeper."""
        attachment = self._attached.get(instance)
        if attachment is not None and not attachment.ended.is_set():
            attachment.renew()
            return attachment
        folder = folders.find(instance)
        if folder is None:
            raise FileNotFoundError(instance)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(MARGIN_S)
        try:
            connection.connect(os.path.join(folder, folders.CONTROL_SOCKET))
        except OSError:
            connection.close()
            raise
        return self._attach_to(instance, connection)

    def _attach_to(self, instance: str, connection: socket.socket) -> Attachment:
        attachment = Attachment(
            connection,
            on_exit=lambda exit_: self._exited(instance, exit_),
            on_lines=lambda lines: self._push("viewer.log", {"instance": instance, "lines": lines}),
        )
        attachment.begin()
        with self._lock:
            known = self._attached.get(instance)
            if known is None or known.ended.is_set():
                self._attached[instance] = known = attachment
        if known is not attachment:
            attachment.leave()
        return known

    def _exited(self, instance: str, exit_: Optional[Message]) -> None:
        with self._lock:
            self._attached.pop(instance, None)
        if exit_ is None:
            folder = folders.find(instance)
            tail = tail_of_file(folder, TAIL_LINES) if folder else []
            self._clear(instance)
            exit_ = {"instance": instance, "code": None, "signal": None, "log_tail": tail}
        self._push("viewer.exited", exit_)

    def _clear(self, instance: str) -> None:
        """End what is left of a viewer whose keeper is gone or did not do its work."""
        folder = folders.find(instance)
        record = folders.read_record(folder) if folder else None
        if folder and record:
            _end(folder, record)


def _end(folder: str, record: Message) -> None:
    """Kill the processes of a record, each only if it is exactly the recorded one; remove the folder."""
    deadline = time.monotonic() + MARGIN_S
    for who in ("keeper_", ""):
        if _runs(record, who):
            with contextlib.suppress(OSError):
                pid = int(str(record[who + "pid"]))
                kill = os.kill if who else os.killpg
                kill(pid, signal.SIGKILL)
    while (_runs(record, "") or _runs(record, "keeper_")) and time.monotonic() < deadline:
        time.sleep(0.02)
    folders.remove(folder)


def _runs(record: Message, who: str) -> bool:
    pid = record.get(who + "pid")
    started, boot = record.get(who + "start_time"), record.get("boot_id")
    return isinstance(pid, int) and identity.is_running(pid, str(started), str(boot))


def _public(record: Message) -> Message:
    return {name: value for name, value in record.items() if name != "keeper_start_time"}
