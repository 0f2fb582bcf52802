"""A connection whose commands are answered by a script instead of a shell."""

import asyncio

from runicornd.errors import NotConnected


class ScriptedConnection:
    """Every ``execute`` makes a process that ``behave(stream, command)`` plays."""

    def __init__(self, behave):
        self.connection = self
        self.processes = []
        self._behave = behave
        self._closed = asyncio.Event()

    async def execute(self, command):
        process = ScriptedProcess()
        process.playing = asyncio.create_task(self._behave(process, command))
        self.processes.append(process)
        return process

    async def wait_closed(self):
        await self._closed.wait()

    def lose(self):
        """The link goes down."""
        self.connection = None
        self._closed.set()

    async def close(self):
        self._closed.set()
        for process in self.processes:
            process.playing.cancel()
            await asyncio.wait([process.playing])


class ScriptedProcess:
    """Both a ``Process`` and its stream; the script calls ``say``, ``hear`` and ``end``."""

    def __init__(self, window=4 * 1024 * 1024):
        self.stream = self
        self.heard = asyncio.Queue()
        self.is_aborted = False
        self._said = bytearray()
        self._status = None
        self._has_ended = False
        self._window = window
        self._errors = ""
        self._changed = asyncio.Condition()

    # For the script

    async def say(self, data):
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._said) < self._window or self.is_aborted)
            if self.is_aborted:
                raise NotConnected("aborted")
            self._said += data
            self._changed.notify_all()

    async def end(self, status, errors=""):
        async with self._changed:
            self._status = status
            self._has_ended = True
            self._errors = errors
            self._changed.notify_all()

    # For the product

    async def read(self, limit):
        async with self._changed:
            await self._changed.wait_for(lambda: self._said or self._has_ended or self.is_aborted)
            data = bytes(self._said[:limit])
            del self._said[:limit]
            self._changed.notify_all()
            return data

    async def write(self, data):
        if self._has_ended or self.is_aborted:
            raise NotConnected("ended")
        self.heard.put_nowait(data)

    async def finish(self):
        await self.end(0)

    def abort(self):
        self.is_aborted = True

    async def close(self):
        self.abort()

    async def wait(self):
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_ended)
        return self._status

    def complaint(self):
        return self._errors
