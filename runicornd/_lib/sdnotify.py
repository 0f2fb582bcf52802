"""The two small protocols of systemd: readiness over ``NOTIFY_SOCKET``, and sockets passed in.

Both are plain environment variables and a datagram (sd_notify(3), sd_listen_fds(3)), so nothing is
needed beside the standard library; where no systemd started us, everything here does nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

FIRST_FD = 3
MAX_FDS = 16


class Notifier:
    """Tells the service manager how we are. Takes its variables out of ``environ``.

    Programs that we start must not inherit them: they could speak for us.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        self.watchdog_interval_s = _watchdog_interval(environ)

    @property
    def is_listened_to(self) -> bool:
        """Whether a service manager waits for what we say."""
        return self._address is not None

    def ready(self, status: str = "") -> None:
        """Say that the daemon serves requests now."""
        self._send("READY=1", status)

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._send("", text)

    def reloading(self) -> None:
        """Say that the configuration is read again; ``ready`` says that this is over."""
        # The time is what newer managers want to hear with it (sd_notify(3), Type=notify-reload).
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}", "")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1", "")

    def alive(self) -> None:
        """Feed the watchdog; call at least every ``watchdog_interval_s`` seconds."""
        self._send("WATCHDOG=1", "")

    async def keep_alive(self) -> None:
        """Feed the watchdog until cancelled; return at once where there is none.

        From the event loop itself: one that hangs feeds nobody, and is started anew.
        """
        while self.watchdog_interval_s is not None:
            self.alive()
            await asyncio.sleep(self.watchdog_interval_s)

    def _send(self, state: str, status: str) -> None:
        if self._address is None:
            return
        lines = [state] if state else []
        if status:
            lines.append("STATUS=" + " ".join(status.split()))
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            # A manager that does not listen must not hurt the service; it notices silence itself.
            return


def passed_sockets(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """The listening sockets that systemd opened for us; takes its variables out of ``environ``."""
    pid = environ.pop("LISTEN_PID", "")
    count = environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    sockets = []
    for fd in range(FIRST_FD, FIRST_FD + min(int(count), MAX_FDS)):
        os.set_inheritable(fd, False)
        sockets.append(socket.socket(fileno=fd))
    return sockets


def _address(name: str) -> str | None:
    if name.startswith("@"):
        return "\0" + name[1:]  # an abstract socket
    return name if name.startswith("/") else None


def _watchdog_interval(environ: MutableMapping[str, str]) -> float | None:
    """Half the time after which systemd gives up on us, in seconds; None without a watchdog."""
    microseconds = environ.pop("WATCHDOG_USEC", "")
    pid = environ.pop("WATCHDOG_PID", str(os.getpid()))
    if pid != str(os.getpid()) or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 2_000_000
