"""Stores, what they have, and downloads, as handlers see them. A store of None is the one in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.ssh.auth import Login
    from runicornd.storage.cache import CacheInfo, Freed, Left
    from runicornd.storage.downloads.model import DownloadRequest, DownloadView
    from runicornd.storage.index.problems import ProblemPage
    from runicornd.storage.index.results import (
        ArtifactPage,
        ArtifactQuery,
        Direction,
        FilePage,
        LineageGraph,
        RunDetail,
        RunPage,
        RunQuery,
        VersionDetail,
    )
    from runicornd.storage.model import StoreView
    from runicornd.storage.operations import ChangeReport
    from runicornd.storage.requests import StoreRequest


class StoreRegistry(Protocol):
    """The stores themselves."""

    @property
    def in_use(self) -> str | None:
        """The store that is meant when none is named."""
        ...

    def list(self) -> Sequence[StoreView]:
        """All stores, by name."""
        ...

    def get(self, name: str | None) -> StoreView:
        """One store.

        Raises:
            UnknownStore: None is called that, or none is in use.
        """
        ...

    async def add(self, request: StoreRequest) -> StoreView:
        """Begin to mirror a root, or find the store that does."""
        ...

    async def remove(self, name: str, *, keep_files: bool) -> Left:
        """Forget a store; return what is left of it on this machine."""
        ...

    async def change(self, name: str, interval_s: float | None) -> StoreView:
        """Sync it so often; None only when asked."""
        ...

    async def use(self, name: str) -> StoreView:
        """Make it the one that is meant when none is named."""
        ...

    async def sync(self, name: str | None, *, wait: bool, login: Login | None = None) -> StoreView:
        """Bring the mirror up to date."""
        ...

    async def cancel(self, name: str | None) -> StoreView:
        """End the sync that runs."""
        ...

    async def connect(self, name: str | None) -> StoreView:
        """Talk to its machine again."""
        ...

    async def disconnect(self, name: str | None) -> StoreView:
        """Leave its machine alone."""
        ...


class StoreQuestions(Protocol):
    """What the mirrors answer, also without a connection."""

    async def artifacts(self, store: str | None, query: ArtifactQuery) -> ArtifactPage:
        """A page of artifacts."""
        ...

    async def version(self, store: str | None, ref: str) -> VersionDetail:
        """A version in full."""
        ...

    async def files(self, store: str | None, ref: str, limit: int, cursor: str | None) -> FilePage:
        """A page of a version's files."""
        ...

    async def lineage(self, store: str | None, ref: str, direction: Direction, depth: int) -> LineageGraph:
        """What came from what."""
        ...

    async def runs(self, store: str | None, query: RunQuery) -> RunPage:
        """A page of runs."""
        ...

    async def run(self, store: str | None, name: str) -> RunDetail:
        """A run in full."""
        ...

    async def problems(self, store: str | None, limit: int, cursor: str | None) -> ProblemPage:
        """A page of what cannot be read."""
        ...


class StoreChanges(Protocol):
    """What is changed at the source itself."""

    async def delete(
        self, store: str | None, ref: str, *, permanently: bool, confirm: str | None
    ) -> ChangeReport:
        """Delete a version.

        Raises:
            NotConfirmed: It is for good, and ``confirm`` is not the artifact's name.
        """
        ...

    async def restore_version(self, store: str | None, ref: str) -> ChangeReport:
        """Undo a soft delete."""
        ...

    async def set_alias(self, store: str | None, ref: str, alias: str, *, remove: bool) -> ChangeReport:
        """Set or remove an alias."""
        ...

    async def tag(
        self, store: str | None, ref: str, add: Sequence[str], remove: Sequence[str]
    ) -> ChangeReport:
        """Add and remove tags."""
        ...


class Cache(Protocol):
    """What the mirrors and the downloads take of this machine."""

    async def cache_info(self) -> CacheInfo:
        """How much, and of what."""
        ...

    async def cache_cleanup(self, limit_bytes: int | None, *, removed: bool) -> Freed:
        """Remove old downloads, with ``removed`` also what forgotten stores have left."""
        ...

    async def cache_clear(self, name: str | None, *, downloads: bool) -> Freed:
        """Remove cached files."""
        ...

    async def cache_clear_removed(self, name: str | None) -> Freed:
        """Remove what forgotten stores have left."""
        ...


class Stores(StoreRegistry, StoreQuestions, StoreChanges, Cache, Protocol):
    """All of it."""


class Downloads(Protocol):
    """Files on their way to this machine."""

    async def start(self, request: DownloadRequest) -> DownloadView:
        """Begin to fetch a version's files, or find the download that does."""
        ...

    def list(self) -> Sequence[DownloadView]:
        """All downloads."""
        ...

    def get(self, download_id: str) -> DownloadView:
        """One download.

        Raises:
            UnknownDownload: There is none of that id.
        """
        ...

    async def cancel(self, download_id: str) -> DownloadView:
        """End a download."""
        ...
