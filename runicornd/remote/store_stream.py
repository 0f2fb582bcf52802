"""Streams of a store's far end: metadata that changed, and the contents of files.

Each stream has a program of its own at the far end, which ends with it. The daemon speaks first, with the
program itself, so that a stream costs no more round trips than the channel and one for the answer.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from runicornd.errors import AgentFailed, NotConnected
from runicornd.remote import bootstrap
from runicornd.remote.handshake import STATUS_S, feed, first_line, is_closed, launch
from runicornd.remote.lines import LineTooLong
from runicornd.remote.messages import broken, ended_early, raised, read
from runicornd.remote.store_decode import FetchDecoder, SyncDecoder
from runicornd.remote.store_frames import (
    FetchFrame,
    FileBegun,
    FileData,
    FileEnded,
    FileFailed,
    MetadataFile,
    MetadataGone,
    Scanning,
    SyncBegun,
    SyncEnded,
    SyncFrame,
    SyncRequest,
    Wanted,
)
from runicornd.remote.store_messages import PROTOCOL, StoreLine, packed_list

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from runicornd.errors import RunicorndError
    from runicornd.remote.lines import LineReader
    from runicornd.ssh.transport import Connection, Process

__all__ = [
    "FetchFrame",
    "FileBegun",
    "FileData",
    "FileEnded",
    "FileFailed",
    "MetadataFile",
    "MetadataGone",
    "Scanning",
    "SyncBegun",
    "SyncEnded",
    "SyncFrame",
    "SyncRequest",
    "Wanted",
    "fetch_files",
    "sync_metadata",
]

SILENCE_S = 120.0
"""While it scans, the far end speaks every 5 s."""

STALL_S = 600.0
"""Seconds after which a scan that has found nothing more is given up, whatever it says."""

SCAN_S = 7200.0
SIGNS_LIMIT = 10_000
"""Seconds that a scan may take at most, and how often it may say that it goes on."""

SEND_S = 600.0
"""Seconds that the sending of a long list may take."""

AT_ONCE_BYTES = 64 * 1024
"""A list up to this size goes with the request."""


async def sync_metadata(
    connection: Connection,
    request: SyncRequest,
    *,
    silence_s: float = SILENCE_S,
    stall_s: float = STALL_S,
    scan_s: float = SCAN_S,
) -> AsyncGenerator[Sequence[SyncFrame], None]:
    """Yield what the mirror does not have, in batches: see ``SyncFrame``.

    Zero or more ``Scanning``, one ``SyncBegun``, files and removals in any order, one ``SyncEnded``.
    Close the generator (``contextlib.aclosing``) to cancel; nothing is left at the far end.

    Args:
        connection: What it runs over.
        request: What the mirror has.
        silence_s: Seconds without a byte after which the far end is given up.
        stall_s: Seconds in which a scan has to find at least one more file.
        scan_s: Seconds that a scan may take.

    Raises:
        NotConnected: The connection is gone, or the server refuses another channel.
        NoPython, RemoteUnsupported, AgentFailed: The far end cannot run, or breaks its protocol.
        RootNotFound, PermissionDenied: There is no root, it cannot be read, or it vanished meanwhile.
    """
    asked = {
        "do": "sync",
        "root": request.root or "",
        "token": request.token or "",
        "known": len(request.known),
        "max_file_bytes": request.max_file_bytes,
        "max_manifest_bytes": request.max_manifest_bytes,
    }
    async with _open(connection, asked, silence_s) as far:
        line = await far.line()
        patience = _Patience(stall_s, scan_s)
        while line.scanning is not None:
            patience.hear(line.scanning)
            yield [Scanning(line.scanning)]
            line = await far.line()
        if line.ask == "known":
            known = await asyncio.to_thread(_known_list, request.known)
            await far.send(b"%d\n" % len(known) + known)
            line = await far.line()
        if line.root is None:
            raise broken("it does not say where the root is")
        yield [SyncBegun(line.root, line.files, line.bytes)]
        if line.same:
            yield [SyncEnded(is_complete=True, token=line.token)]
            return
        decoder = SyncDecoder(max(request.max_file_bytes, request.max_manifest_bytes))
        while not decoder.has_ended:
            for frames in decoder.feed(await far.more()):
                yield frames


async def fetch_files(
    connection: Connection, root: str, files: Sequence[Wanted], *, silence_s: float = SILENCE_S
) -> AsyncGenerator[FetchFrame, None]:
    """Yield the contents of files in order: for each ``FileBegun``, ``FileData``…, ``FileEnded``.

    ``FileFailed`` may stand in place of any of them, and ends that file only. Cancel and raises as
    ``sync_metadata``; an end before the last file's is an error, never silence.
    """
    wanted = await asyncio.to_thread(packed_list, [(file.path, file.size, file.offset) for file in files])
    asked = {"do": "fetch", "root": root, "packed": len(wanted)}
    async with _open(connection, asked, silence_s, wanted) as far:
        if (await far.line()).root is None:
            raise broken("it does not say where the root is")
        decoder = FetchDecoder(files)
        while not decoder.has_ended:
            for frame in decoder.feed(await far.more()):
                yield frame


class _Patience:
    """With a far end that says again and again that it is still looking around."""

    def __init__(self, stall_s: float, scan_s: float) -> None:
        self._stall_s = stall_s
        self._scan_s = scan_s
        self._found = -1
        self._signs = 0
        self._began = self._moved = asyncio.get_running_loop().time()

    def hear(self, found: int) -> None:
        """It has found so many files. Raises ``AgentFailed`` when that is too little, or takes too long."""
        now = asyncio.get_running_loop().time()
        if found > self._found:
            self._found, self._moved = found, now
        self._signs += 1
        if self._signs > SIGNS_LIMIT:
            raise broken("it says too often that it looks around")
        if now - self._moved > self._stall_s:
            raise _endless(f"nothing more was found for {self._stall_s:g} s")
        if now - self._began > self._scan_s:
            raise _endless(f"that took {self._scan_s:g} s")


def _known_list(known: Mapping[str, tuple[int, int]]) -> bytes:
    return packed_list((path, size, mtime_ns) for path, (size, mtime_ns) in known.items())


class _FarEnd:
    """A running far end; every wait is bounded."""

    def __init__(
        self, connection: Connection, process: Process, reader: LineReader, silence_s: float
    ) -> None:
        self._connection = connection
        self._process = process
        self._reader = reader
        self._silence_s = silence_s

    async def line(self) -> StoreLine:
        """The next line of it. Raises what it says has gone wrong."""
        try:
            async with asyncio.timeout(self._silence_s):
                line = read(await self._reader.line(), StoreLine)
        except TimeoutError as error:
            raise _silent(self._silence_s) from error
        except LineTooLong as error:
            raise broken("a line without an end") from error
        except (EOFError, NotConnected) as error:
            raise await self._why() from error
        if line.error is not None:
            raise raised(line.error)
        return line

    async def more(self) -> bytes:
        """The next bytes of its stream."""
        try:
            async with asyncio.timeout(self._silence_s):
                return await self._reader.more()
        except TimeoutError as error:
            raise _silent(self._silence_s) from error
        except (EOFError, NotConnected) as error:
            raise await self._why() from error

    async def send(self, data: bytes) -> None:
        """Send it more."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._process.stream.write(data)
        except TimeoutError as error:
            raise _silent(SEND_S) from error
        except NotConnected as error:
            raise await self._why() from error

    async def _why(self) -> RunicorndError:
        """Whether the link was lost or the far end alone ended."""
        status: int | None = None
        try:
            async with asyncio.timeout(STATUS_S):
                status = await self._process.wait()
        except TimeoutError:
            pass
        if await is_closed(self._connection):
            return NotConnected(
                "cannot read the store: the connection was lost", hint="it is tried again by itself"
            )
        return ended_early("cannot read the store: its far end", status, self._process.complaint())


@asynccontextmanager
async def _open(
    connection: Connection, asked: Mapping[str, object], silence_s: float, more: bytes = b""
) -> AsyncIterator[_FarEnd]:
    """Start a far end and ask it; it is gone after the block."""
    request = msgspec.json.encode(asked) + b"\n"
    is_short = len(more) <= AT_ONCE_BYTES
    program = bootstrap.program("store") + request + (more if is_short else b"")
    process = await launch(connection)
    feeding = asyncio.create_task(feed(process, program), name="store: feed")
    try:
        reader, line = await first_line(connection, process)
        _check_greeting(line)
        far = _FarEnd(connection, process, reader, silence_s)
        if not is_short:
            await far.send(more)
        yield far
    finally:
        process.stream.abort()
        feeding.cancel()
        await asyncio.wait([feeding])


def _check_greeting(line: bytes) -> None:
    said = read(line, StoreLine)
    if said.error is not None:
        raise raised(said.error)
    if said.store != PROTOCOL:
        raise broken("it does not greet as a store's far end")


def _endless(why: str) -> AgentFailed:
    return AgentFailed(
        f"cannot read the store: its far end does not come to an end of looking around; {why}",
        hint="see on the server that 'ls -R' of the storage root comes to an end",
    )


def _silent(seconds: float) -> AgentFailed:
    return AgentFailed(
        f"cannot read the store: no sign of its far end for {seconds:g} s",
        hint="the server's disk may hang: try 'ls' in the storage root there",
    )
