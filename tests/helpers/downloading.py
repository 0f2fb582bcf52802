"""Downloads from a storage root that a test makes up, without stores and index."""

import asyncio
import hashlib
import time
from pathlib import Path

from runicornd._lib.clock import SystemClock
from runicornd.errors import UnknownArtifact
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.ssh.auth import Interview, Login, Secrets
from runicornd.ssh.hostkeys import HostKeys
from runicornd.storage.downloads.fetchers import Fetchers
from runicornd.storage.downloads.interviews import DownloadPrompts
from runicornd.storage.downloads.manager import Downloads
from runicornd.storage.downloads.model import AT_REST, DownloadRequest, Selection, Source
from runicornd.storage.downloads.records import DownloadRecords
from runicornd.storage.model import FileEntry, VersionKey

PATIENCE_S = 60.0


class MadeUpSources:
    """A store called ``gpu`` whose artifacts are what ``add`` has put into its root."""

    def __init__(self, folder, target="local"):
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.cache = folder / "cache"
        self.target = target
        self.versions = {}
        self.references = ()

    def add(self, name, files, *, with_digests=True):
        """Put a version's files (path to bytes) into the root; return its entries, to be changed at will."""
        entries = []
        for path, content in files.items():
            source = f"artifacts/model/{name}/v1/files/{path}"
            place = self.root / source
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest() if with_digests else ""
            entries.append(FileEntry(path=path, size=len(content), digest=digest, source=source))
        self.versions[name] = entries
        return entries

    def place(self, name, path):
        """Where a file of a version is in the root."""
        return self.root / f"artifacts/model/{name}/v1/files/{path}"

    async def source(self, store):
        return Source(name="gpu", target=self.target, downloads=self.cache / "downloads", root=str(self.root))

    async def select(self, store, ref):
        if ref not in self.versions:
            raise UnknownArtifact(f"cannot find {ref!r}")

        async def pages():
            entries = self.versions[ref]
            for start in range(0, len(entries), 1000):
                yield entries[start : start + 1000]

        return Selection(key=VersionKey("model", ref, 1), pages=pages(), references=self.references)


class Bench:
    """``async with Bench(folder, sources, host) as bench:`` has ``bench.downloads``, restored."""

    def __init__(self, folder, sources, host, *, at_once=2, rate=0.0, login=None):
        self.folder = folder
        self.sources = sources
        self.host = host
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.secrets = Secrets()
        self.login = login
        self.at_once = at_once
        self.rate = rate

    async def __aenter__(self):
        asks = DownloadPrompts(self.prompts)
        keys = HostKeys(self.folder / "known_hosts")

        async def resolve(store, target):
            return self.host, self.login

        def interview(host, login, on_waiting):
            return Interview(
                host,
                prompts=asks,
                secrets=self.secrets,
                host_keys=keys,
                login=login,
                on_waiting=on_waiting,
            )

        clock = SystemClock()
        self.fetchers = Fetchers(
            resolve=resolve, new_interview=interview, prompts=asks, clock=clock, rate=self.rate
        )
        self.downloads = Downloads(
            sources=self.sources,
            fetchers=self.fetchers,
            records=DownloadRecords(self.folder / "state"),
            events=self.events,
            clock=clock,
            at_once=self.at_once,
        )
        await self.downloads.restore()
        return self

    async def __aexit__(self, *_):
        await self.downloads.close()

    async def pull(self, ref, **options):
        """Download and wait for the end; the view."""
        view = await self.downloads.start(DownloadRequest(ref=ref, **options))
        return await self.end_of(view.intent.id)

    async def end_of(self, name, patience_s=PATIENCE_S):
        """Wait until a download is at rest; its view."""
        return await self.until(name, lambda view: view.state.phase in AT_REST, patience_s)

    async def until(self, name, is_so, patience_s=PATIENCE_S):
        """Wait until something holds for a download's view; the view."""
        with self.events.subscribe() as changes:
            try:
                async with asyncio.timeout(patience_s):
                    while not is_so(view := self.downloads.get(name)):
                        await anext(changes)
            except TimeoutError:
                raise AssertionError(f"it does not come to that: {self.downloads.get(name)}") from None
        return view


def digest_of(path):
    """The SHA-256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def elapsed(since):
    """Seconds since ``time.monotonic()`` was this."""
    return time.monotonic() - since


def login_with(key):
    """A login with this private key file only."""
    return Login(identity_file=key)
