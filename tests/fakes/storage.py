"""Stores and downloads as the control plane sees them, without machines, files or an index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import NotConfirmed, UnknownArtifact, UnknownDownload, UnknownStore
from runicornd.storage.cache import CacheInfo, CacheShare, Freed, Left
from runicornd.storage.downloads.model import (
    DownloadChanged,
    DownloadIntent,
    DownloadPhase,
    DownloadState,
    DownloadView,
    FileProgress,
    Totals,
)
from runicornd.storage.index import results
from runicornd.storage.index.problems import Problem, ProblemPage
from runicornd.storage.model import (
    Counts,
    FileEntry,
    Layout,
    ReferenceEntry,
    Run,
    StoreChanged,
    StoreIntent,
    StorePhase,
    StoreRemoved,
    StoreView,
    SyncProgress,
    SyncReport,
    Version,
    VersionKey,
)
from runicornd.storage.operations import ChangeReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.events import EventHub
    from runicornd.ssh.auth import Login
    from runicornd.storage.downloads.model import DownloadRequest
    from runicornd.storage.requests import StoreRequest

NOW = 1_700_000_000.0
KEY = VersionKey("model", "resnet50", 3)


def store_view(name: str = "gpu", phase: StorePhase = StorePhase.SYNCING, **changes: object) -> StoreView:
    """A store with every field filled in."""
    view = StoreView(
        intent=StoreIntent(name=name, target=f"{name}-server", folder=f"{name}_ada", root="~/runs"),
        phase=phase,
        since=NOW,
        in_use=True,
        is_local=False,
        root="/home/ada/runs",
        counts=Counts(50, 120, 7, 1, 180_000_000, 8_000_000_000),
        last_sync=SyncReport(NOW, 1.5, 3, 1, 12_345, 1),
        next_sync=NOW + 600,
        progress=SyncProgress("receiving", NOW, 150, 200, 1500, 2000, "artifacts/x", 10.5),
        detail="",
        prompt_id="p1",
    )
    return replace(view, **changes)


def version_detail() -> results.VersionDetail:
    """A version with every field filled in."""
    version = Version(
        key=KEY,
        layout=Layout.ARTIFACTS,
        path="artifacts/model/resnet50/v3",
        created=NOW,
        updated=NOW + 1,
        size_bytes=8,
        description="best",
        user="ada",
        run="r1",
        tags=("good",),
        aliases=("latest",),
        metadata={"accuracy": 0.95},
        files=(FileEntry("model.pth", 8, "ab" * 32, "artifacts/model/resnet50/v3/files/model.pth"),),
        references=(ReferenceEntry("s3://b/x", 5, "md5:1"),),
    )
    history = results.VersionSummary(
        version=3, created=NOW, size_bytes=8, files=1, status="ready", aliases=("latest",), run="r1",
        is_downloaded=True,
    )  # fmt: skip
    return results.VersionDetail(
        version=version,
        files=(a_file(),),
        files_total=1,
        versions=(history,),
        made_by="r1",
        used_by=("r2",),
        downloaded_to=Path("/cache/resnet50/v3"),
        synced=NOW,
    )


def a_file() -> results.ArtifactFile:
    """A file whose digest is known."""
    return results.ArtifactFile("model.pth", 8, "ab" * 32, "artifacts/x", NOW, is_local=True)


class FakeStores:
    """Stores in a dict; every call is noted in ``calls``."""

    def __init__(self, events: EventHub) -> None:
        self.views: dict[str, StoreView] = {}
        self.events = events
        self.calls: list[tuple[object, ...]] = []
        self.requests: list[StoreRequest] = []
        self.logins: list[Login | None] = []
        self.in_use: str | None = None

    def show(self, view: StoreView) -> StoreView:
        self.views[view.intent.name] = view
        self.events.publish(StoreChanged(view))
        return view

    def list(self) -> Sequence[StoreView]:
        return tuple(self.views.values())

    def get(self, name: str | None) -> StoreView:
        wanted = name or self.in_use
        if wanted not in self.views:
            raise UnknownStore(f"cannot find store {wanted!r}", hint="runicornctl store list")
        return self.views[wanted]

    async def add(self, request: StoreRequest) -> StoreView:
        self.requests.append(request)
        self.in_use = request.name or request.target
        return self.show(store_view(self.in_use))

    async def remove(self, name: str, *, keep_files: bool) -> Left:
        self.calls.append(("remove", name, keep_files))
        del self.views[self.get(name).intent.name]
        self.events.publish(StoreRemoved(name))
        return Left(Path("/cache/gpu/downloads"), 2, 30) if keep_files else Left(Path("/cache/gpu/downloads"))

    async def change(self, name: str, interval_s: float | None) -> StoreView:
        view = self.get(name)
        return self.show(replace(view, intent=replace(view.intent, interval_s=interval_s)))

    async def use(self, name: str) -> StoreView:
        self.in_use = self.get(name).intent.name
        return self.get(name)

    async def sync(self, name: str | None, *, wait: bool, login: Login | None = None) -> StoreView:
        self.calls.append(("sync", name, wait))
        self.logins.append(login)
        return self.get(name)

    async def cancel(self, name: str | None) -> StoreView:
        return self.show(replace(self.get(name), phase=StorePhase.IDLE))

    async def connect(self, name: str | None) -> StoreView:
        return self.show(replace(self.get(name), phase=StorePhase.SYNCING))

    async def disconnect(self, name: str | None) -> StoreView:
        return self.show(replace(self.get(name), phase=StorePhase.DISCONNECTED))

    async def artifacts(self, store: str | None, query: results.ArtifactQuery) -> results.ArtifactPage:
        self.calls.append(("artifacts", store, query))
        summary = results.ArtifactSummary(
            type="model", name="resnet50", version=3, versions=3, size_bytes=8, files=1, created=NOW,
            updated=NOW, tags=("good",), aliases=("latest",), problem="broken",
        )  # fmt: skip
        return results.ArtifactPage((summary,), 9, (results.TypeCount("model", 9),), "more", NOW)

    async def version(self, store: str | None, ref: str) -> results.VersionDetail:
        self.calls.append(("version", store, ref))
        if ref == "none":
            raise UnknownArtifact("cannot find 'none'")
        return version_detail()

    async def files(self, store: str | None, ref: str, limit: int, cursor: str | None) -> results.FilePage:
        self.calls.append(("files", store, ref, limit, cursor))
        return results.FilePage((a_file(), replace(a_file(), digest="", modified=None)), 2, "more")

    async def lineage(
        self, store: str | None, ref: str, direction: results.Direction, depth: int
    ) -> results.LineageGraph:
        self.calls.append(("lineage", store, ref, direction, depth))
        node = results.LineageNode(id="run:r1", kind="run", label="vision/r")
        edge = results.LineageEdge("run:r1", str(KEY), "made")
        return results.LineageGraph(str(KEY), (node,), (edge,), is_cut=True)

    async def runs(self, store: str | None, query: results.RunQuery) -> results.RunPage:
        self.calls.append(("runs", store, query))
        return results.RunPage((results.RunSummary(id="r1", path="v/r", status="done", created=None),), 1)

    async def run(self, store: str | None, name: str) -> results.RunDetail:
        self.calls.append(("run", store, name))
        run = Run(id="r1", path="v/r", folder="v/r/runs/r1", meta={"a": 1}, summary={"b": 2})
        return results.RunDetail(run, (str(KEY),), ())

    async def problems(self, store: str | None, limit: int, cursor: str | None) -> ProblemPage:
        self.calls.append(("problems", store, limit, cursor))
        return ProblemPage((Problem("run", "r1", "v/r/runs/r1", "cut short"),), 2, "next")

    async def delete(
        self, store: str | None, ref: str, *, permanently: bool, confirm: str | None
    ) -> ChangeReport:
        if permanently and confirm != KEY.name:
            raise NotConfirmed("cannot delete it for good")
        return self._changed("delete", store, ref, permanently)

    async def restore_version(self, store: str | None, ref: str) -> ChangeReport:
        return self._changed("restore", store, ref)

    async def set_alias(self, store: str | None, ref: str, alias: str, *, remove: bool) -> ChangeReport:
        return self._changed("alias", store, ref, alias, remove)

    async def tag(
        self, store: str | None, ref: str, add: Sequence[str], remove: Sequence[str]
    ) -> ChangeReport:
        return self._changed("tag", store, ref, tuple(add), tuple(remove))

    def _changed(self, *call: object) -> ChangeReport:
        self.calls.append(call)
        return ChangeReport("gpu", "gpu-server", KEY, "Did it on gpu-server", changed=True, freed_bytes=5)

    async def cache_info(self) -> CacheInfo:
        share = CacheShare("gpu", Path("/cache/gpu"), 1, 2, 3, 4)
        gone = CacheShare("old", Path("/cache/old"), 0, 0, 5, 1, removed=NOW)
        return CacheInfo(Path("/cache"), 10, 11, (share,), (gone,))

    async def cache_cleanup(self, limit_bytes: int | None, *, removed: bool) -> Freed:
        self.calls.append(("cleanup", limit_bytes, removed))
        return Freed(1, 2, 3)

    async def cache_clear_removed(self, name: str | None) -> Freed:
        self.calls.append(("clear removed", name))
        return Freed(4, 5)

    async def cache_clear(self, name: str | None, *, downloads: bool) -> Freed:
        self.calls.append(("clear", name, downloads))
        return Freed()


def download_view(name: str = "d1", phase: DownloadPhase = DownloadPhase.RUNNING) -> DownloadView:
    """A download with every field filled in."""
    intent = DownloadIntent(
        id=name, store="gpu", target="gpu-server", ref=str(KEY), root="/home/ada/runs", to="/here",
        is_kept=True, patterns=("*.pth",), files_total=2, bytes_total=10, references=("s3://b/x",),
        created=NOW,
    )  # fmt: skip
    state = DownloadState(
        phase=phase,
        since=NOW,
        totals=Totals(files_done=1, files_total=2, bytes_done=5, bytes_total=10, skipped=1),
        rate=2.0,
        left_s=2.5,
        active=(FileProgress("model.pth", 3, 8),),
        detail="",
        prompt_id="p1",
    )
    return DownloadView(intent, state)


class FakeDownloads:
    """Downloads in a dict."""

    def __init__(self, events: EventHub) -> None:
        self.views: dict[str, DownloadView] = {}
        self.events = events
        self.requests: list[DownloadRequest] = []

    def show(self, view: DownloadView) -> DownloadView:
        self.views[view.intent.id] = view
        self.events.publish(DownloadChanged(view))
        return view

    async def start(self, request: DownloadRequest) -> DownloadView:
        self.requests.append(request)
        return self.show(download_view())

    def list(self) -> Sequence[DownloadView]:
        return tuple(self.views.values())

    def get(self, download_id: str) -> DownloadView:
        if download_id not in self.views:
            raise UnknownDownload(f"cannot find download {download_id!r}")
        return self.views[download_id]

    async def cancel(self, download_id: str) -> DownloadView:
        view = self.get(download_id)
        return self.show(replace(view, state=replace(view.state, phase=DownloadPhase.CANCELLED)))
