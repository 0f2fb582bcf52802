"""A connector and its connections, in memory; what happens is written down beforehand."""

import asyncio
from collections import deque

from runicornd.errors import NeedsInput


class FakeConnection:
    """A connection that lives until ``drop`` or ``close``."""

    def __init__(self):
        self.closed = False
        self.probes = 0
        self._gone = asyncio.Event()

    def drop(self):
        """Lose the connection, as a network does."""
        self._gone.set()

    async def probe(self, timeout_s):
        self.probes += 1
        await self._gone.wait()

    async def wait_closed(self):
        await self._gone.wait()

    async def close(self):
        self.closed = True
        self._gone.set()


class FakeConnector:
    """Each try takes the next of ``outcomes``: an error to raise, or an async function of the interview
    to call first. With none left, tries succeed."""

    def __init__(self, *outcomes):
        self.outcomes = deque(outcomes)
        self.tries = 0
        self.connections = []

    async def connect(self, host, interviewer):
        self.tries += 1
        outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is not None:
            await outcome(interviewer)
        connection = FakeConnection()
        self.connections.append(connection)
        return connection


class FakeInterview:
    """Leaves a question open, and remembers what was answered later."""

    def __init__(self, host=None, login=None, on_waiting=None):
        self.host = host
        self.login = login
        self.on_waiting = on_waiting
        self.leftover = None
        self.remembered = []
        self.refuses = None

    def explained(self, failure):
        return NeedsInput("cannot go on: nobody has answered") if self.leftover else failure

    async def remember(self, question, values):
        if self.refuses:
            raise self.refuses
        self.remembered.append((question, values))
