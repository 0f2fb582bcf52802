"""Stores, artifacts, runs, downloads and the cache: what reaches the parts, and how answers look."""

import pytest

from runicornd.errors import RootNotFound
from runicornd.storage.downloads.model import DownloadPhase, DownloadRemoved
from runicornd.storage.index.results import ArtifactQuery, ArtifactSort, RunQuery
from runicornd.storage.model import StorePhase
from tests.fakes.storage import NOW, download_view, store_view
from tests.helpers.wire import WireClient


@pytest.fixture
async def client(daemon, server):
    async with WireClient(daemon.socket) as client:
        yield client


STORE = {
    "name": "gpu", "target": "gpu-server", "is_local": False, "root": "/home/ada/runs", "interval_s": 600.0,
    "state": "syncing", "in_use": True, "since": NOW, "artifacts": 50, "versions": 120, "runs": 7,
    "unreadable": 1, "metadata_bytes": 180_000_000, "downloads_bytes": 8_000_000_000,
    "last_sync": {"at": NOW, "seconds": 1.5, "changed": 3, "removed": 1, "received_bytes": 12_345,
                  "problems": 1},
    "next_sync": NOW + 600,
    "progress": {"phase": "receiving", "files_done": 150, "files_total": 200, "bytes_done": 1500,
                 "bytes_total": 2000, "current": "artifacts/x", "rate": 10.5, "since": NOW},
    "detail": "", "prompt": "p1", "error": None,
}  # fmt: skip
DOWNLOAD = {
    "id": "d1", "store": "gpu", "ref": "model/resnet50:v3", "to": "/here", "state": "running",
    "files_done": 1, "files_total": 2, "bytes_done": 5, "bytes_total": 10, "rate": 2.0, "created": NOW,
    "since": NOW, "left_s": 2.5, "active": [{"path": "model.pth", "done": 3, "size": 8}], "skipped": 1,
    "references": ["s3://b/x"], "detail": "", "prompt": "p1", "error": None, "files": ["*.pth"],
    "is_kept": True,
}  # fmt: skip


async def test_a_store_from_add_to_remove(daemon, client):
    """The request reaches the registry whole; every field of the store is told."""
    params = {"target": "gpu-server", "name": "gpu", "root": "~/runs", "interval_s": 60.0,
              "auth": {"password": "pw"}}  # fmt: skip
    assert await client.result("stores.add", params) == STORE
    (request,) = daemon.stores.requests
    assert (request.target, request.name, request.root) == ("gpu-server", "gpu", "~/runs")
    assert (request.interval_s, request.is_automatic, request.login.password) == (60.0, True, "pw")
    assert await client.result("stores.list") == {"stores": [STORE], "in_use": "gpu"}
    assert await client.result("stores.status") == STORE
    assert (await client.result("stores.use", {"store": "gpu"})) == STORE
    assert (await client.result("stores.cancel"))["state"] == "idle"
    assert (await client.result("stores.disconnect"))["state"] == "disconnected"
    assert (await client.result("stores.connect"))["state"] == "syncing"
    changed = await client.result("stores.change", {"store": "gpu", "interval_s": None})
    assert changed["interval_s"] is None
    await client.result("stores.sync", {"wait": False, "auth": {"password": "pw"}})
    assert daemon.stores.calls == [("sync", None, False)]
    assert daemon.stores.logins[0].password == "pw"
    assert await client.result("stores.remove", {"store": "gpu"}) == {
        "store": "gpu", "path": "/cache/gpu/downloads", "downloads": 2, "downloads_bytes": 30,
    }  # fmt: skip
    assert daemon.stores.calls[-1] == ("remove", "gpu", True)
    assert (await client.error("stores.status"))["data"]["kind"] == "unknown_store"


async def test_a_store_says_why_it_failed(daemon, client):
    """With the kind, the message and the hint of the error."""
    error = RootNotFound("cannot sync gpu: it is gone", hint="give another root")
    daemon.stores.show(store_view(phase=StorePhase.FAILED, error=error))
    told = (await client.result("stores.list"))["stores"][0]
    assert (told["state"], told["error"]["kind"]) == ("failed", "root_not_found")
    assert told["error"]["hint"] == "give another root"


@pytest.mark.parametrize("interval", [0, 9, 7 * 86400 + 1, "10m", True])
async def test_intervals_have_bounds(client, interval):
    """A server is not asked every second, nor once a year."""
    error = await client.error("stores.add", {"target": "gpu", "interval_s": interval})
    assert list(error["data"]["context"]["fields"]) == ["interval_s"]


async def test_status_has_stores_and_downloads(daemon, client):
    """One snapshot has everything that lives."""
    daemon.stores.show(store_view())
    daemon.downloads.show(download_view())
    status = await client.result("daemon.status")
    assert status["stores"] == [STORE]
    assert status["downloads"] == [DOWNLOAD]


async def test_status_of_one_store(daemon, client):
    """By its name or its target: the store and its downloads, and nothing of others."""
    daemon.stores.show(store_view())
    daemon.stores.show(store_view("other"))
    daemon.downloads.show(download_view())
    for subject in ("gpu", "gpu-server"):
        status = await client.result("daemon.status", {"subject": subject})
        assert [store["name"] for store in status["stores"]] == ["gpu"]
        assert [download["id"] for download in status["downloads"]] == ["d1"]
    assert (await client.result("daemon.status", {"subject": "other"}))["downloads"] == []
    assert (await client.error("daemon.status", {"subject": "none"}))["data"]["kind"] == "unknown_session"


async def test_changes_are_told(daemon, client):
    """Stores and downloads that change or go are events, in order."""
    await client.result("events.subscribe")
    daemon.stores.show(store_view())
    daemon.downloads.show(download_view())
    await daemon.stores.remove("gpu", keep_files=True)
    daemon.events.publish(DownloadRemoved("d1"))
    events = [await client.event() for _ in range(4)]
    assert [(each["topic"], each["data"]) for each in events] == [
        ("store", STORE),
        ("download", DOWNLOAD),
        ("store.removed", {"name": "gpu"}),
        ("download.removed", {"id": "d1"}),
    ]


@pytest.fixture
def store(daemon):
    daemon.stores.show(store_view())
    daemon.stores.in_use = "gpu"
    return daemon.stores


async def test_artifacts(store, client):
    """The query reaches the index; the page names its store."""
    params = {"type": "model", "search": "res", "sort": "name", "order": "down", "deleted": True, "limit": 7,
              "cursor": "c"}  # fmt: skip
    page = await client.result("artifacts.list", params)
    query = ArtifactQuery(
        type="model", search="res", sort=ArtifactSort.NAME, order="down", deleted=True, limit=7, cursor="c"
    )
    assert store.calls == [("artifacts", "gpu", query)]
    (artifact,) = page.pop("artifacts")
    assert page == {
        "store": "gpu", "total": 9, "types": [{"type": "model", "artifacts": 9}], "next": "more",
        "synced": NOW,
    }  # fmt: skip
    assert (artifact["name"], artifact["tags"], artifact["problem"]) == ("resnet50", ["good"], "broken")


@pytest.mark.parametrize(
    ("field", "value"), [("limit", 0), ("limit", 501), ("sort", "colour"), ("search", "x" * 501)]
)
async def test_queries_have_bounds(store, client, field, value):
    """What is out of range never reaches the index."""
    error = await client.error("artifacts.list", {field: value})
    assert list(error["data"]["context"]["fields"]) == [field]
    assert not store.calls


async def test_an_artifact(store, client):
    """Everything that is known of a version, digests with their algorithm."""
    shown = await client.result("artifacts.get", {"ref": "resnet50"})
    file = {"path": "model.pth", "size": 8, "digest": "sha256:" + "ab" * 32, "modified": NOW,
            "is_local": True}  # fmt: skip
    assert shown["files"] == [file]
    assert (shown["where"], shown["is_local"], shown["layout"]) == ("gpu-server", False, "artifacts")
    assert shown["references"] == [{"uri": "s3://b/x", "size": 5, "checksum": "md5:1"}]
    assert (shown["metadata"], shown["made_by"], shown["used_by"]) == ({"accuracy": 0.95}, "r1", ["r2"])
    assert (shown["downloaded_to"], shown["is_deleted"], shown["user"]) == (
        "/cache/resnet50/v3",
        False,
        "ada",
    )
    assert shown["versions"][0]["is_downloaded"] is True
    page = await client.result("artifacts.files", {"ref": "x", "limit": 5, "cursor": "c"})
    assert page == {"files": [file, file | {"digest": "", "modified": None}], "total": 2, "next": "more"}
    assert (await client.error("artifacts.get", {"ref": "none"}))["data"]["kind"] == "unknown_artifact"


async def test_lineage(store, client):
    """Nodes and edges, and whether it is all."""
    graph = await client.result("artifacts.lineage", {"ref": "x", "direction": "up", "depth": 9})
    assert store.calls == [("lineage", None, "x", "up", 9)]
    assert graph["edges"] == [{"source": "run:r1", "target": "model/resnet50:v3", "kind": "made"}]
    assert (graph["root"], graph["is_cut"], graph["nodes"][0]["label"]) == (
        "model/resnet50:v3",
        True,
        "vision/r",
    )


async def test_runs(store, client):
    """A page, and one of them."""
    page = await client.result("runs.list", {"search": "x", "status": "done", "limit": 3})
    assert store.calls == [("runs", "gpu", RunQuery(search="x", status="done", limit=3))]
    assert (page["store"], page["total"], page["runs"][0]["id"]) == ("gpu", 1, "r1")
    run = await client.result("runs.get", {"run": "r"})
    assert (run["store"], run["meta"], run["made"]) == ("gpu", {"a": 1}, ["model/resnet50:v3"])


async def test_changes_at_the_source(store, client):
    """Each reaches the store with its words, and says where it happened."""
    done = await client.result("artifacts.delete", {"ref": "x"})
    assert done == {
        "store": "gpu", "where": "gpu-server", "ref": "model/resnet50:v3", "message": "Did it on gpu-server",
        "changed": True, "freed_bytes": 5, "hint": "",
    }  # fmt: skip
    permanently = {"ref": "x", "permanently": True}
    assert (await client.error("artifacts.delete", permanently))["data"]["kind"] == "not_confirmed"
    await client.result("artifacts.delete", permanently | {"confirm": "resnet50"})
    await client.result("artifacts.restore", {"ref": "x", "store": "gpu"})
    await client.result("artifacts.alias", {"ref": "x", "alias": "prod", "remove": True})
    await client.result("artifacts.tag", {"ref": "x", "add": ["a"], "remove": ["b"]})
    assert store.calls == [
        ("delete", None, "x", False),
        ("delete", None, "x", True),
        ("restore", "gpu", "x"),
        ("alias", None, "x", "prod", True),
        ("tag", None, "x", ("a",), ("b",)),
    ]


async def test_downloads(daemon, client):
    """Start, list, get, cancel."""
    params = {"ref": "x", "store": "gpu", "files": ["*.pth"], "to": "/here"}
    assert await client.result("downloads.start", params) == DOWNLOAD
    (request,) = daemon.downloads.requests
    assert (request.ref, request.store, request.files, request.to) == ("x", "gpu", ("*.pth",), "/here")
    assert await client.result("downloads.list") == {"downloads": [DOWNLOAD]}
    assert await client.result("downloads.get", {"download": "d1"}) == DOWNLOAD
    assert (await client.result("downloads.cancel", {"download": "d1"}))["state"] == "cancelled"
    assert (await client.error("downloads.get", {"download": "d9"}))["data"]["kind"] == "unknown_download"


@pytest.mark.parametrize(
    ("field", "value"), [("to", "here"), ("to", "~nobody-of-that-name/x"), ("files", ["x"] * 101)]
)
async def test_where_to_has_to_be_clear(daemon, client, field, value):
    """The daemon's working folder is not the client's."""
    error = await client.error("downloads.start", {"ref": "x", field: value})
    assert error["data"]["kind"] == "invalid_params"
    assert not daemon.downloads.requests


async def test_references_without_end_do_not_fill_every_event(daemon, client):
    """A version may have a million of them; an event has some."""
    view = download_view(phase=DownloadPhase.DONE)
    many = view.intent.__class__(**{
        name: getattr(view.intent, name) for name in view.intent.__slots__
    } | {"references": tuple(f"s3://{n}" for n in range(10_000))})  # fmt: skip
    daemon.downloads.views["d1"] = view.__class__(many, view.state)
    told = await client.result("downloads.get", {"download": "d1"})
    assert len(told["references"]) == 100


async def test_the_cache(daemon, client):
    """Sizes by store; limits and names reach the stores."""
    info = await client.result("cache.info")
    assert info == {
        "path": "/cache", "limit_bytes": 10, "total_bytes": 11,
        "stores": [{"store": "gpu", "path": "/cache/gpu", "index_bytes": 1, "metadata_bytes": 2,
                    "downloads_bytes": 3, "downloads": 4, "removed": None}],
        "removed": [{"store": "old", "path": "/cache/old", "index_bytes": 0, "metadata_bytes": 0,
                     "downloads_bytes": 5, "downloads": 1, "removed": NOW}],
    }  # fmt: skip
    assert await client.result("cache.cleanup", {"limit_bytes": 0}) == {
        "freed_bytes": 1, "removed": 2, "kept": 3,
    }  # fmt: skip
    await client.result("cache.clear", {"store": "gpu", "downloads": True})
    freed = await client.result("cache.clear", {"store": "old", "removed": True})
    assert freed == {"freed_bytes": 4, "removed": 5, "kept": 0}
    assert daemon.stores.calls == [
        ("cleanup", 0, False), ("clear", "gpu", True), ("clear removed", "old"),
    ]  # fmt: skip


async def test_what_cannot_be_read(daemon, client):
    """A page of it, with the reasons; pages have bounds."""
    daemon.stores.show(store_view())
    assert await client.result("stores.problems", {"store": "gpu", "limit": 1, "cursor": "c"}) == {
        "store": "gpu", "total": 2, "next": "next",
        "problems": [{"kind": "run", "label": "r1", "path": "v/r/runs/r1", "reason": "cut short"}],
    }  # fmt: skip
    assert daemon.stores.calls == [("problems", "gpu", 1, "c")]
    assert (await client.error("stores.problems", {"limit": 501}))["data"]["kind"] == "invalid_params"
