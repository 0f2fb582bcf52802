"""The keeper: a detached process that owns one viewer, from its socket to its last file.

It reads one line of JSON on descriptor 0, starts the viewer, answers, and from then on speaks with
every agent that attaches: the one that started it on that same connection, later ones on a socket in
the viewer's folder. It ends the viewer when it is told to, when nobody renews the lease, or when it is
terminated; when the viewer ends, it tells, removes the folder, and ends too.

    keeper -> agent    {"record": Record, "exit": Exit or null} first, then {"exit": Exit},
                       {"lines": [line]} in answer to "log", {"more": [line]} while followed,
                       {"error": Error} instead of everything when the start failed
    agent -> keeper    {"op": "renew"}, {"op": "stop", "grace_s": S}, {"op": "log", "lines": N, "follow": B},
                       {"op": "unfollow"}
"""

import contextlib
import os
import signal
import socket
import time
from typing import Dict, List, Optional

from . import folders, identity
from .control import UNREAD_LIMIT, Client, Control, Message, wakeup_pipe
from .failures import Failure, from_os
from .orders import Order, read_order
from .spawn import listen, signal_group, spawn, variables
from .viewerlog import ViewerLog

GRACE_S = 5.0
READ_SIZE = 65536
DRAIN_READS = 16
"""How often the output is read when the viewer has ended: a child of it may print for ever."""

TAIL_LINES = 50


def run(_sources: Dict[str, str]) -> None:
    """Be the keeper. The first process ends at once, so that the second is nobody's child."""
    starter = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=os.dup(0))
    if os.fork():
        os._exit(0)
    _detach()
    order = read_order(starter)
    control = Control()
    client = control.adopt(starter)
    try:
        keeper = Keeper(order, control)
    except Failure as failure:
        control.tell(client, {"error": failure.as_json()})
    except Exception as error:  # Whatever it is, somebody waits for an answer.
        control.tell(client, {"error": Failure("agent_failed", f"cannot start: {error!r}").as_json()})
    else:
        keeper.keep(client)
    control.close()


def _detach() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


class Keeper:
    """One viewer, from start to end.

    Raises:
        Failure: It cannot be started; nothing is left.
    """

    def __init__(self, order: Order, control: Control) -> None:
        self._order = order
        self._control = control
        self._exit: Optional[Message] = None
        self._kill_at: Optional[float] = None
        self._is_done = False
        self._is_terminated = False
        self._lease_until = time.monotonic() + order.lease_s
        self._waker = self._heed_signals()
        self._folder = folders.make(order.instance)
        try:
            self._start()
        except BaseException:
            folders.remove(self._folder)
            raise

    def _heed_signals(self) -> int:
        reader, writer = wakeup_pipe()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminated)
        signal.set_wakeup_fd(writer)
        self._control.watch(reader)
        return reader

    def _terminated(self, *_: object) -> None:
        self._is_terminated = True

    def _start(self) -> None:
        order = self._order
        listener, endpoint = listen(self._folder, order.transport)
        with listener:
            try:
                self._log = ViewerLog(self._folder)
                self._control.listen(folders.socket_path(self._folder, folders.CONTROL_SOCKET))
            except OSError as error:
                raise from_os(error, "prepare the viewer's folder")
            self._pid, self._output = spawn(order.argv, variables(order.env, self._folder), listener)
        self._record = self._describe(endpoint)
        try:
            folders.write_record(self._folder, self._record)
        except OSError as error:
            signal_group(self._pid, signal.SIGKILL)
            raise from_os(error, "write the viewer's record")
        self._control.watch(self._output)

    def _describe(self, endpoint: str) -> Message:
        me = os.getpid()
        return {
            "instance": self._order.instance,
            "session": self._order.session,
            "pid": self._pid,
            "start_time": identity.start_time(self._pid) or "",
            "boot_id": identity.boot_id(),
            "keeper_pid": me,
            "keeper_start_time": identity.start_time(me) or "",
            "endpoint": endpoint,
            "transport": self._order.transport,
            "log": os.path.join(self._folder, folders.LOG),
            "root": self._order.root,
            "started": time.time(),
        }

    def keep(self, starter: Client) -> None:
        """Stay until the viewer has ended and that was told, or nobody asked for too long."""
        try:
            if not self._control.tell(starter, self._hello()):
                self._stop(0)  # Nobody knows of the viewer, and nobody ever will.
            while not self._is_done:
                self._turn()
        finally:
            if self._exit is None:
                signal_group(self._pid, signal.SIGKILL)
            folders.remove(self._folder)

    def _turn(self) -> None:
        for client, what in self._control.poll(self._pause()):
            if client is not None and isinstance(what, dict):
                self._obey(client, what)
            elif what == self._output:
                self._read_output()
            elif what == self._waker:
                os.read(self._waker, READ_SIZE)
        self._greet()
        self._reap()
        self._heed_clocks()

    def _hello(self) -> Message:
        return {"record": self._record, "exit": self._exit}

    def _greet(self) -> None:
        while self._control.joined:
            self._lease_until = time.monotonic() + self._order.lease_s
            client = self._control.joined.pop()
            if self._exit is not None:
                folders.remove(self._folder)
                self._is_done = True
            self._control.tell(client, self._hello())

    def _obey(self, client: Client, request: Message) -> None:
        op = request.get("op")
        if op == "renew":
            self._lease_until = time.monotonic() + self._order.lease_s
        elif op == "stop":
            grace_s = request.get("grace_s")
            self._stop(grace_s if isinstance(grace_s, (int, float)) else GRACE_S)
        elif op == "log":
            count = request.get("lines")
            client.follows = client.follows or request.get("follow") is True
            lines = self._log.tail(count if isinstance(count, int) else TAIL_LINES)
            self._control.tell(client, {"lines": lines})
        elif op == "unfollow":
            client.follows = False

    def _stop(self, grace_s: float) -> None:
        if self._exit is not None:
            self._is_done = True
            return
        signal_group(self._pid, signal.SIGTERM)
        signal_group(self._pid, signal.SIGCONT)  # A stopped process does not see the first one.
        kill_at = time.monotonic() + grace_s
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)

    def _read_output(self) -> bool:
        data = os.read(self._output, READ_SIZE)
        if not data:
            self._control.unwatch(self._output)
            return False
        self._spread(self._log.write(data))
        return True

    def _spread(self, lines: List[str]) -> None:
        for client in tuple(self._control.clients):
            if client.follows and lines:
                left_out = [f"[{client.missed} lines left out]"] if client.missed else []
                sent = self._control.tell(client, {"more": left_out + lines}, limit=UNREAD_LIMIT)
                client.missed = 0 if sent else client.missed + len(lines)

    def _reap(self) -> None:
        """Notice the viewer's end. What else is in its process group goes before the pid is free."""
        if self._exit is not None or not self._has_ended():
            return
        signal_group(self._pid, signal.SIGKILL)
        status = os.waitpid(self._pid, 0)[1]
        self._drain()
        self._exit = {
            "instance": self._order.instance,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "log_tail": self._log.tail(TAIL_LINES),
        }
        with contextlib.suppress(OSError):
            os.unlink(str(self._record["endpoint"]))
        if self._control.clients or self._kill_at is not None:
            folders.remove(self._folder)
            self._control.tell_all({"exit": self._exit})
            self._is_done = True

    def _has_ended(self) -> bool:
        if not hasattr(os, "waitid"):
            return identity.start_time(self._pid) != self._record["start_time"]
        return os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _drain(self) -> None:
        os.set_blocking(self._output, False)
        with contextlib.suppress(OSError, KeyError):
            for _ in range(DRAIN_READS):
                if not self._read_output():
                    return

    def _pause(self) -> float:
        until = self._lease_until if self._kill_at is None else self._kill_at
        return max(0.0, until - time.monotonic())

    def _heed_clocks(self) -> None:
        now = time.monotonic()
        if self._is_terminated:
            self._is_terminated = False
            self._stop(GRACE_S)
        if self._kill_at is not None and now >= self._kill_at:
            signal_group(self._pid, signal.SIGKILL)
            self._kill_at = now + GRACE_S
        elif self._kill_at is None and now >= self._lease_until:
            self._stop(GRACE_S)
