"""All downloads: starts, queues, remembers and ends them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import RunicorndError, UnknownDownload, WrongState
from runicornd.storage.downloads.download import Download
from runicornd.storage.downloads.failures import error_of
from runicornd.storage.downloads.lifecycle import Cancelled, Finished, GaveUp, Held, Moved, Queued
from runicornd.storage.downloads.model import (
    AT_REST,
    DownloadChanged,
    DownloadIntent,
    DownloadPhase,
    DownloadRemoved,
    DownloadState,
    DownloadView,
    Totals,
)
from runicornd.storage.downloads.planning import prepare, target_folder, write_plan
from runicornd.storage.downloads.turns import Turns
from runicornd.storage.worker.job import discard_parts
from runicornd.storage.worker.messages import Fetch
from runicornd.storage.worker.plan import PlanUnreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.storage.downloads.fetcher import Fetcher
    from runicornd.storage.downloads.fetchers import Fetchers
    from runicornd.storage.downloads.model import DownloadRequest, Selection, Source, Sources
    from runicornd.storage.downloads.records import DownloadRecords
    from runicornd.storage.worker.messages import Ended, Progress

KEPT = 100
KEPT_S = 7 * 86400.0
DROP_S = 30.0
_log = structlog.get_logger("storage.downloads")


class Downloads:
    """The registry of downloads.

    Args:
        sources: The stores.
        fetchers: The workers.
        records: The download files.
        at_once: How many run at the same time.
    """

    def __init__(
        self,
        *,
        sources: Sources,
        fetchers: Fetchers,
        records: DownloadRecords,
        events: EventHub,
        clock: Clock,
        at_once: int = 2,
    ) -> None:
        self._sources = sources
        self._fetchers = fetchers
        self._records = records
        self._events = events
        self._clock = clock
        self._turns = Turns(at_once)
        self._downloads: dict[str, Download] = {}
        self._drops: dict[str, asyncio.Future[None]] = {}
        self._starting = asyncio.Lock()
        self._next = 1
        self._tasks = Tasks("downloads")
        fetchers.listener = self

    async def restore(self) -> None:
        """Load the saved downloads; those that were not at rest go on."""
        for view in await asyncio.to_thread(self._records.load):
            download = self._new(view)
            self._next = max(self._next, int(view.intent.id[1:]) + 1)
            if not download.is_at_rest:
                download.apply(Queued("waiting for its turn"))
        self._forget_old()
        self._schedule()

    async def close(self) -> None:
        """End the workers; what is not at rest goes on when the daemon is there again."""
        await self._tasks.close()
        await self._fetchers.close()

    def list(self) -> Sequence[DownloadView]:
        """Return all downloads, the newest first."""
        return [download.view() for download in reversed(self._downloads.values())]

    def get(self, name: str) -> DownloadView:
        """Return one download. Raises ``UnknownDownload``."""
        return self._find(name).view()

    async def start(self, request: DownloadRequest) -> DownloadView:
        """Queue a download, or return the one that is under way; one that failed goes on where it was.

        Raises:
            UnknownStore, UnknownArtifact, AmbiguousName, WrongState, NotConnected: See ``Sources``.
            InvalidParams: No file matches, or the folder is no absolute path.
            LocalDiskFull, PlaceUnwritable, StateUnwritable: It cannot be here; nothing has begun.
        """
        async with self._starting:
            source = await self._sources.source(request.store)
            self._fetchers.of(source.name, source.target).expect()
            selection = await self._sources.select(source.name, request.ref)
            download = await self._prepared(request, source, selection)
        download.apply(Queued("waiting for its turn"))
        self._forget_old()
        self._schedule()
        return download.view()

    async def cancel(self, name: str) -> DownloadView:
        """End a download: files that are whole stay, what is there only in part is removed.

        Raises:
            UnknownDownload: There is none of that id.
            WrongState: It is done.
        """
        download = self._find(name)
        if download.state.phase is DownloadPhase.DONE:
            raise WrongState(
                f"cannot cancel download {name}: it is done",
                hint="'runicornctl cache cleanup' removes what was downloaded",
            )
        if download.state.phase is not DownloadPhase.CANCELLED:
            await asyncio.shield(self._tasks.start(f"cancel {name}", self._cancel(download)))
        return download.view()

    async def stop_store(self, store: str, error: RunicorndError) -> None:
        """Let what is under way from a store fail with this error: it was disconnected or removed."""
        for download in list(self._downloads.values()):
            if download.intent.store == store and not download.is_at_rest:
                await self._halt(download, discard=False)
                download.apply(GaveUp(error))
        self._schedule()

    def in_use_folders(self) -> set[Path]:
        """The folders that files come into at the moment, or will."""
        return {Path(each.intent.to) for each in self._downloads.values() if not each.is_at_rest}

    def use_limits(self, at_once: int, rate: float) -> None:
        """Let these hold from now on; ``rate`` is in bytes a second, 0 for no limit."""
        self._turns.at_once = at_once
        self._fetchers.use_rate(rate)
        self._schedule()

    def kick_all(self) -> None:
        """Conditions changed: whatever waits for another try has it now."""
        self._fetchers.kick_all()

    # What the fetchers tell

    def held(self, name: str, detail: str, prompt_id: str | None = None) -> None:
        """It waits for the link."""
        download = self._downloads.get(name)
        if download is not None and not download.is_at_rest:
            download.apply(Held(detail, prompt_id))
            self._schedule()

    def moved(self, progress: Progress) -> None:
        """It came further."""
        download = self._downloads.get(progress.id)
        if download is not None and not download.is_at_rest and download.has_turn:
            download.apply(
                Moved(progress.totals, progress.rate, progress.active, is_verifying=progress.is_verifying)
            )

    def ended(self, ended: Ended) -> None:
        """It is over."""
        dropped = self._drops.get(ended.id)
        if dropped is not None and not dropped.done():
            dropped.set_result(None)
        download = self._downloads.get(ended.id)
        if download is None or download.is_at_rest or ended.is_dropped or dropped is not None:
            return
        if ended.error is None:
            download.apply(Finished(ended.totals, ended.detail))
        else:
            download.apply(GaveUp(error_of(ended.error), ended.totals))
        download.has_turn = False
        self._schedule()

    def gave_up(self, name: str, error: RunicorndError) -> None:
        """It cannot go on."""
        download = self._downloads.get(name)
        if download is not None and not download.is_at_rest:
            download.has_turn = False
            download.apply(GaveUp(error))
            self._schedule()

    # Inside

    async def _prepared(self, request: DownloadRequest, source: Source, selection: Selection) -> Download:
        """The download of this request, ready to be queued."""
        to = self._place(request, source, selection)
        found = self._same(request, source, selection, to)
        if found is not None and not found.is_at_rest:
            return found
        name = found.intent.id if found else f"d{self._next}"
        try:
            files, size = await write_plan(self._records.plan(name), selection, request.files)
            await asyncio.to_thread(prepare, to, self._records.plan(name))
        except BaseException:
            if found is None:
                self._records.delete(name)
            raise
        intent = DownloadIntent(
            id=name,
            store=source.name,
            target=source.target,
            ref=str(selection.key),
            root=source.root,
            to=str(to),
            is_kept=request.to is None,
            patterns=request.files,
            files_total=files,
            bytes_total=size,
            references=tuple(reference.uri for reference in selection.references),
            created=found.intent.created if found else self._clock.wall(),
        )
        return await self._written(intent, found)

    async def _written(self, intent: DownloadIntent, found: Download | None) -> Download:
        totals = Totals(files_total=intent.files_total, bytes_total=intent.bytes_total)
        state = DownloadState(phase=DownloadPhase.WAITING, since=self._clock.wall(), totals=totals)
        view = DownloadView(intent, state)
        await asyncio.to_thread(self._records.save, view)
        if found is not None:
            found.intent = intent
            found.state = replace(state, phase=found.state.phase)
            return found
        self._next += 1
        download = self._new(view)
        self._events.publish(DownloadChanged(view))
        return download

    def _place(self, request: DownloadRequest, source: Source, selection: Selection) -> Path:
        to = target_folder(request, source, selection)
        others = {each.intent.ref for each in self._downloads.values() if each.intent.to == str(to)}
        if request.to is None and others and str(selection.key) not in others:
            # Another type has an artifact of this name.
            return to.parent.with_name(f"{to.parent.name}@{selection.key.type}") / to.name
        return to

    def _same(
        self, request: DownloadRequest, source: Source, selection: Selection, to: Path
    ) -> Download | None:
        wanted = (source.name, str(selection.key), str(to), request.files)
        for download in reversed(self._downloads.values()):
            intent = download.intent
            if (intent.store, intent.ref, intent.to, intent.patterns) == wanted:
                return download
        return None

    def _new(self, view: DownloadView) -> Download:
        download = Download(view, records=self._records, events=self._events, clock=self._clock)
        self._downloads[view.intent.id] = download
        return download

    def _find(self, name: str) -> Download:
        if name not in self._downloads:
            raise UnknownDownload(
                f"cannot find download {name!r}: there is none of that id",
                hint="'runicornctl downloads list' lists them",
            )
        return self._downloads[name]

    def _schedule(self) -> None:
        """Give turns to those that are next."""
        for download in self._turns.next_of(list(self._downloads.values())):
            intent = download.intent
            download.has_turn = True
            download.apply(Held("starting"))
            self._fetcher(intent).begin(
                Fetch(
                    id=intent.id,
                    plan=str(self._records.plan(intent.id)),
                    known=str(self._records.known(intent.to)),
                    root=intent.root,
                    to=intent.to,
                )
            )

    def _fetcher(self, intent: DownloadIntent) -> Fetcher:
        return self._fetchers.of(intent.store, intent.target)

    async def _cancel(self, download: Download) -> None:
        await self._halt(download, discard=True)
        if download.state.phase not in {DownloadPhase.DONE, DownloadPhase.CANCELLED}:
            download.apply(Cancelled())
        self._schedule()

    async def _halt(self, download: Download, *, discard: bool) -> None:
        """Let the worker drop it, and wait until it has."""
        intent = download.intent
        gone = self._drops[intent.id] = asyncio.get_running_loop().create_future()
        try:
            is_told = download.has_turn and self._fetcher(intent).drop(intent.id, discard=discard)
            if is_told:
                await asyncio.wait({gone}, timeout=DROP_S)
            if discard and not gone.done():
                await self._discard(intent)
        finally:
            del self._drops[intent.id]
            download.has_turn = False

    async def _discard(self, intent: DownloadIntent) -> None:
        try:
            await asyncio.to_thread(
                discard_parts,
                self._records.plan(intent.id),
                self._records.known(intent.to),
                Path(intent.to),
            )
        except (OSError, PlanUnreadable, RunicorndError) as error:
            _log.warning("parts not removed", download=intent.id, reason=str(error))

    def _forget_old(self) -> None:
        """Those that ended are kept for a while, and not too many of them."""
        ended = [each for each in self._downloads.values() if each.state.phase in AT_REST]
        oldest = self._clock.wall() - KEPT_S
        for position, download in enumerate(reversed(ended)):
            if position >= KEPT or download.state.since < oldest:
                name = download.intent.id
                del self._downloads[name]
                self._records.delete(name)
                self._events.publish(DownloadRemoved(name))
