"""The agent: greets, then answers requests until its standard input ends or falls silent."""

import os
import pwd
import select
import signal
import sys
import threading
from typing import Dict, Optional

from . import identity
from .failures import Failure, from_os
from .login_shell import LoginShell
from .outbox import Outbox
from .params import Params
from .wire import Splitter, decode

PROTOCOL = 1
SILENCE_S = 300.0
"""A daemon that lives asks for a sign of life every minute."""

FINISH_S = 2.0
BUSY_LIMIT = 64
"""Requests that are worked on at a time; more are refused."""


def run(sources: Dict[str, str]) -> None:
    """Be the agent."""
    sys.stdout = sys.stderr  # A stray print must not break the protocol.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    shell = LoginShell()
    outbox = Outbox(1, give_up=lambda: _leave(shell))
    outbox.send(_greeting())
    try:
        Agent(sources, shell, outbox).serve()
        outbox.finish(FINISH_S)
    finally:
        _leave(shell)


def _leave(shell: LoginShell) -> None:
    """End at once: threads may hang in a dead file system. Keepers live on."""
    from . import folders  # noqa: PLC0415 - loaded by now, but not before the greeting

    shell.stop()
    folders.remove_passing()
    os._exit(0)


def _greeting() -> Dict[str, object]:
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = os.environ.get("USER", "")
    return {
        "agent": PROTOCOL,
        "python": "{}.{}.{}".format(*sys.version_info),
        "platform": sys.platform,
        "user": user,
        "uid": os.geteuid(),
        "home": os.path.expanduser("~"),
        "boot_id": identity.boot_id(),
        "pid": os.getpid(),
    }


class Agent:
    """Requests in, answers out. Only ``serve`` reads; every request but a ping has its own thread."""

    def __init__(self, sources: Dict[str, str], shell: LoginShell, outbox: Outbox) -> None:
        # Imported late: the greeting is on its way while these are compiled.
        from .environments import Environments  # noqa: PLC0415
        from .methods import Methods  # noqa: PLC0415
        from .viewers import Viewers  # noqa: PLC0415

        self._outbox = outbox
        self._viewers = Viewers(sources, push=self._push)
        self._methods = Methods(Environments(shell), self._viewers).table
        self._busy = threading.BoundedSemaphore(BUSY_LIMIT)

    def serve(self) -> None:
        """Answer until the input ends, or nothing was heard for five minutes."""
        threading.Thread(target=self._viewers.sweep, daemon=True).start()
        splitter = Splitter()
        while select.select([0], [], [], SILENCE_S)[0]:
            data = os.read(0, 65536)
            if not data:
                return
            for line in splitter.feed(data):
                self._take(line)

    def _push(self, event: str, params: Dict[str, object]) -> None:
        self._outbox.send({"event": event, "params": params})

    def _take(self, line: Optional[bytes]) -> None:
        try:
            request = decode(line or b"")
        except ValueError:
            self._refuse(None, Failure("invalid_params", "cannot read the request: no object, or too long"))
            return
        number, method, params = request.get("id"), request.get("method"), request.get("params", {})
        if not isinstance(number, (int, str)) or not isinstance(method, str) or not isinstance(params, dict):
            self._refuse(None, Failure("invalid_params", "cannot read the request: id, method, params"))
        elif method == "ping":
            self._viewers.renew()
            self._outbox.send({"id": number, "result": {}})
        elif method not in self._methods:
            self._refuse(number, Failure("unknown_method", f"cannot do {method[:80]!r}: no such method"))
        elif not self._busy.acquire(blocking=False):
            self._refuse(number, Failure("agent_failed", "cannot take the request: too many at a time"))
        else:
            threading.Thread(target=self._work, args=(number, method, params), daemon=True).start()

    def _work(self, number: object, method: str, params: Dict[str, object]) -> None:
        try:
            self._outbox.send({"id": number, "result": self._methods[method](Params(params))})
        except Failure as failure:
            self._refuse(number, failure)
        except OSError as error:
            self._refuse(number, from_os(error, f"do {method}"))
        except Exception as error:  # Whatever it is, somebody waits for an answer.
            self._refuse(number, Failure("agent_failed", f"cannot do {method}: {error!r}"))
        finally:
            self._busy.release()

    def _refuse(self, number: object, failure: Failure) -> None:
        self._outbox.send({"id": number, "error": failure.as_json()})
