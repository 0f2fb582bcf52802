"""What a store is made of, scripted: an index in memory, a stream of frames, links over a fake connector."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

from runicornd._lib.backoff import delays
from runicornd.errors import InvalidTarget, UnknownArtifact
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.remote.store_stream import MetadataFile, SyncBegun, SyncEnded
from runicornd.ssh.link import Link
from runicornd.ssh.pool import Pool
from runicornd.ssh.targets import Host
from runicornd.storage.factory import StoreFactory
from runicornd.storage.index.results import Applied, DownloadMark, Known
from runicornd.storage.intents import Intents
from runicornd.storage.model import Counts, Layout, StoreChanged, StorePhase, SyncReport, Version, VersionKey
from runicornd.storage.registry import StoreRegistry
from runicornd.storage.requests import StoreOptions
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, FakeInterview

ROOT = "/data/runicorn"


class FakeBatch:
    """Collects what a sync puts and removes; nothing counts before ``commit``."""

    def __init__(self, index):
        self._index = index
        self._files = dict(index.files)

    def expect(self, files):
        """Hear how many will come."""

    async def put(self, files):
        for file in files:
            self._files[file.path] = (file.size, file.mtime_ns)

    async def remove(self, paths):
        for path in paths:
            self._files.pop(path, None)

    async def commit(self, *, root, token, outcome):
        changed = len(set(self._files.items()) - set(self._index.files.items()))
        removed = len(set(self._index.files) - set(self._files))
        self._index.files = self._files
        self._index.resolved = root
        self._index.token = token
        self._index.report = SyncReport(outcome.started, 0.1, changed, removed, outcome.received_bytes, 0)
        return Applied(changed, removed, 0)


class FakeIndex:
    """An index in memory. ``gone`` and ``deleted`` name versions as ``NAME:vN``."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}
        self.resolved = None
        self.token = None
        self.report = None
        self.marks = []
        self.mirrored_bytes = 0
        self.gone = set()
        self.deleted = set()
        self.is_open = True
        self.syncs = 0

    async def close(self):
        self.is_open = False

    async def known(self):
        return Known(dict(self.files), self.token, self.resolved)

    @asynccontextmanager
    async def sync(self):
        assert self.syncs == 0, "two syncs at once"
        self.syncs += 1
        try:
            yield FakeBatch(self)
        finally:
            self.syncs -= 1

    async def counts(self):
        return Counts(versions=len(self.files), metadata_bytes=self.mirrored_bytes)

    async def last_sync(self):
        return self.report

    async def known_root(self):
        return self.resolved

    async def downloads(self):
        return tuple(self.marks)

    async def mark_downloaded(self, key, folder, size_bytes=0):
        self.marks.append(DownloadMark(key=key, folder=folder, size_bytes=size_bytes, last_used=0.0))

    async def mark_all(self, marks):
        self.marks.extend(marks)

    async def unmark(self, key):
        self.marks = [mark for mark in self.marks if mark.key != key]

    async def version(self, ref):
        name = f"{ref.name}:v{ref.version}"
        if name in self.gone:
            raise UnknownArtifact(f"cannot find {name}")
        deleted = 1.0 if name in self.deleted else None
        key = VersionKey(ref.type or "model", ref.name, ref.version)
        version = Version(key=key, layout=Layout.ARTIFACTS, path="", created=0, updated=0, deleted=deleted)
        return SimpleNamespace(version=version)


class ScriptedStream:
    """Each sync takes the next of ``outcomes``: an error, a list of batches, or an event to wait for first.

    With none left, a sync brings one file.
    """

    def __init__(self):
        self.outcomes = []
        self.requests = []
        self.running = 0

    async def __call__(self, _connection, request):
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        self.running += 1
        try:
            if isinstance(outcome, asyncio.Event):
                await outcome.wait()
                outcome = None
            if isinstance(outcome, Exception):
                raise outcome
            for group in good_sync() if outcome is None else outcome:
                yield group
        finally:
            self.running -= 1


def file_frame(path="artifacts/model/a/versions.json", data=b"{}", mtime_ns=1):
    """A file that has come."""
    return MetadataFile(path, len(data), mtime_ns, data)


def good_sync(*frames, root=ROOT, token="t1"):
    """The batches of a sync that brings these."""
    frames = frames or (file_frame(),)
    return [[SyncBegun(root, len(frames), 2)], list(frames), [SyncEnded(True, token)]]


class FakeTargets:
    """Every target is the host of its name; ``aliases`` gives some another one, ``unknown`` are refused."""

    def __init__(self):
        self.aliases = {}
        self.unknown = set()

    async def resolve(self, target):
        if target.startswith("-") or target in self.unknown:
            raise InvalidTarget(f"cannot use {target!r}: there is no such thing")
        if target == "local":
            return Host(target, "localhost", is_local=True)
        return Host(target, self.aliases.get(target, target), user="ada")


class StoreBench:
    """A registry of stores on real links over a fake connector, and a clock that is moved by hand."""

    def __init__(self, folder):
        self.folder = folder
        self.cache = folder / "cache"
        self.clock = FakeClock()
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.connector = FakeConnector()
        self.targets = FakeTargets()
        self.stream = ScriptedStream()
        self.indexes = {}
        self.interview = None
        self.options = StoreOptions()
        self.pool = Pool(self._link)
        self.registry = self.fresh_registry()

    def fresh_registry(self, kind=StoreRegistry, *parts):
        """What the next daemon would have."""
        factory = StoreFactory(
            targets=self.targets,
            pool=self.pool,
            events=self.events,
            clock=self.clock,
            cache_folder=self.cache,
            options=self.options,
            own_link=self._link,
            stream=self.stream,
            open_index=self._open,
            rng=random.Random(1),
        )
        self.registry = kind(factory, Intents(self.folder / "state"), *parts)
        return self.registry

    def configure(self, **changes):
        """Change the options of the next registry."""
        self.options = replace(self.options, **changes)

    async def close(self):
        """End everything."""
        await self.registry.close()
        await self.pool.close()

    def index(self, name):
        """The index of a store."""
        return self.indexes[self.registry.get(name).intent.folder]

    async def synced(self, name):
        """Wait until a store has been synced and has nothing to do."""
        return await self.until(lambda view: view.last_sync and view.phase is StorePhase.IDLE, name)

    async def until(self, condition, name):
        """Wait until the store's view meets the condition, and return that view."""
        with self.events.subscribe() as changes:
            if condition(view := self.registry.get(name)):
                return view
            async with asyncio.timeout(5):
                async for _, change in changes:
                    of_it = isinstance(change, StoreChanged) and change.view.intent.name == name
                    if of_it and condition(change.view):
                        return change.view
        raise AssertionError

    async def _open(self, folder):
        index = self.indexes.setdefault(folder.name, FakeIndex(folder))
        index.is_open = True
        return index

    def _link(self, host, events=None):
        return Link(
            host,
            connector=self.connector,
            interviews=self._interview,
            prompts=self.prompts,
            events=events or self.events,
            clock=self.clock,
            backoff=lambda: delays(random.Random(1)),
            linger_s=1.0,
        )

    def _interview(self, host, login, on_waiting):
        interview = FakeInterview(host, login, on_waiting)
        if self.interview is not None:
            self.interview(interview)
        return interview
