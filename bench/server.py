"""The GPU server's stand-in: a real OpenSSH server on loopback, near and, through a delaying proxy, far."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from tests.helpers.proxy import Proxy
from tests.helpers.sshd import SSHD, Sshd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEAR = "gpu"
FAR = "gpu-far"
START_S = 10


@dataclass(frozen=True)
class Server:
    """A running server that one key may log in to.

    Args:
        sshd: The server itself.
        ssh_config: An OpenSSH configuration with the aliases ``near`` and ``far``.
        proxy: What stands before ``far``, if there is such a thing.
    """

    sshd: Sshd
    ssh_config: Path
    proxy: Proxy | None
    near: str = NEAR
    far: str = FAR

    @property
    def far_round_trips(self) -> int:
        """How often the far connection has turned from sending to receiving, since it was last counted."""
        if self.proxy is None:
            raise CannotMeasure("this server has no proxy")
        turned = self.proxy.round_trips
        self.proxy.reset_counters()
        return turned


@contextlib.contextmanager
def server(folder: Path, home: Path, *, round_trip_s: float | None = None) -> Iterator[Server]:
    """Run the server for the length of the block.

    Args:
        folder: Where a folder ``sshd`` can be made.
        home: The home that logins see.
        round_trip_s: The delay of ``far``, there and back; None leaves that alias out.

    Raises:
        CannotMeasure: OpenSSH's server is not installed.
    """
    with contextlib.ExitStack() as stack:
        try:
            sshd = stack.enter_context(Sshd(folder / "sshd", home=home))
        except FileNotFoundError as error:
            raise CannotMeasure(f"cannot run {SSHD}: it is not installed") from error
        blocks = [sshd.ssh_config(NEAR)]
        proxy = None
        if round_trip_s is not None:
            proxy = stack.enter_context(_proxy_before(sshd.port, round_trip_s / 2))
            blocks.append(sshd.ssh_config(FAR, extra=[f"Port {proxy.port}"]))
            with sshd.known_hosts.open("a") as known_hosts:
                known_hosts.write(f"[{sshd.address}]:{proxy.port} {sshd.public_host_key}\n")
        config = folder / "ssh_config"
        config.write_text("\n".join(blocks))
        yield Server(sshd, config, proxy)


@contextlib.contextmanager
def _proxy_before(port: int, delay_s: float) -> Iterator[Proxy]:
    """A proxy in a thread with an event loop of its own, as rows block."""
    proxy = Proxy(port, delay_s=delay_s)
    is_up = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with proxy:
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="proxy")
    thread.start()
    try:
        if not is_up.wait(START_S):
            raise CannotMeasure("the proxy does not start")
        yield proxy
    finally:
        for loop, stop in loops:
            loop.call_soon_threadsafe(stop.set)
        thread.join(START_S)
