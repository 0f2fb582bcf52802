"""A store's index, opened when it is first needed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from runicornd.storage.index import Index


class IndexDoor:
    """Opens the index once for everyone, and closes it.

    Args:
        folder: The store's folder in the cache.
        open_index: Opens the index of a folder.
    """

    def __init__(self, folder: Path, open_index: Callable[[Path], Awaitable[Index]]) -> None:
        self.folder = folder
        self._open_index = open_index
        self._index: Index | None = None
        self._turn = asyncio.Lock()

    async def index(self) -> Index:
        """Return the index, opened.

        Raises:
            LocalError: This machine's disk is in the way.
        """
        async with self._turn:
            if self._index is None:
                self._index = await self._open_index(self.folder)
            return self._index

    async def close(self) -> None:
        """Close it; the next ``index`` opens it again."""
        async with self.closed():
            pass

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Keep it closed for the length of the block; whoever needs it waits."""
        async with self._turn:
            index, self._index = self._index, None
            if index is not None:
                await index.close()
            yield
