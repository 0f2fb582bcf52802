"""Learns how large files are of which the metadata does not say it: a fetch of none of their bytes."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from runicornd.remote.store_stream import FileBegun, FileFailed, Wanted, fetch_files
from runicornd.storage.worker.receiving import Refused, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.ssh.transport import Connection
    from runicornd.storage.worker.plan import PlannedFile


async def with_sizes(
    connection: Connection, root: str, files: Sequence[PlannedFile]
) -> list[PlannedFile | Refused]:
    """Ask the far end; return the files with their sizes, or why one cannot be had.

    Raises:
        RunicorndError: The connection broke, or the far end cannot be.
    """
    found: list[PlannedFile | Refused] = []
    wanted = [Wanted(file.source, 0) for file in files]
    async with aclosing(fetch_files(connection, root, wanted)) as frames:
        async for frame in frames:
            if isinstance(frame, FileBegun):
                found.append(msgspec.structs.replace(files[frame.index], size=frame.size))
            elif isinstance(frame, FileFailed):
                del found[frame.index :]  # it may have begun
                found.append(Refused(Work(files[frame.index], ""), frame.error))
    return found
