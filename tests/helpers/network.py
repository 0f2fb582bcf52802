"""A bad network between a laptop's real daemon and a server: the proxy for tests without an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from tests.helpers.proxy import Proxy

PATIENCE_S = 20.0


class Network:
    """``with Network(server) as network:`` leads ``network.port`` to the server. Its methods are the proxy's.

    Args:
        server: The ``Sshd`` behind it.
        delay_s: How long every byte travels in each direction.
    """

    def __init__(self, server, *, delay_s=0.0):
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._proxy = Proxy(server.port, server.address, delay_s=delay_s)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._proxy.__aenter__())
        with self._server.known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{self.port} {self._server.public_host_key}\n")
        return self

    def __exit__(self, *_):
        try:
            self._run(self._proxy.__aexit__(None, None, None))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE_S)
            self._loop.close()

    @property
    def port(self):
        """Where to connect to."""
        return self._proxy.port

    @property
    def accepted(self):
        """How many connections there were so far."""
        return self._proxy.accepted

    @property
    def way(self):
        """Lines of the OpenSSH configuration that lead through here, for ``laptop.know(extra=…)``."""
        return ("HostName 127.0.0.1", f"Port {self.port}")

    def pause(self):
        """Hold all bytes back."""
        self._call(self._proxy.pause)

    def resume(self):
        """Let the bytes go on."""
        self._call(self._proxy.resume)

    def blackhole(self, active=True):
        """Throw all bytes away without a word."""
        self._call(lambda: self._proxy.blackhole(active))

    def reset(self):
        """Cut every connection with a TCP reset; return how many there were."""
        return self._call(self._proxy.reset)

    def lead_to(self, port):
        """Lead new connections to another port of this machine."""
        self._call(lambda: self._proxy.lead_to(port))

    def refuse(self):
        """Close the port; connections that exist live on."""
        self._run(self._proxy.refuse())

    def accept(self):
        """Listen again."""
        self._run(self._proxy.accept())

    def _call(self, function):
        async def call():
            return function()

        return self._run(call())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)
