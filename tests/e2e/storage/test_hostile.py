"""A storage root whose owner means harm: one bad entry costs one entry, and nothing gets out of its place.

The bad things stand in tables: what is written there, and what is said of it.
"""

import re
import threading
from pathlib import Path

import pytest

from tests.helpers.artifact_root import ArtifactRoot
from tests.helpers.census import memory
from tests.helpers.hostile_root import MANIFESTS, PLACES, HostileRoot, good
from tests.helpers.sshd import descendants, needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd
MEMORY_LIMIT = 200_000_000
ESCAPES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def root(server):
    """A root with one good artifact, ``fine``."""
    root = HostileRoot(server.home / "RunicornData")
    root.add("fine", [good()])
    return root


@pytest.fixture
def synced(call):
    """Sync the store; what it is then."""

    def synced():
        call("stores.add", target="gpu")
        return call("stores.sync")

    return synced


class Peak:
    """``with Peak(laptop, server) as peak:`` watches the memory of the daemon, its workers and the agents."""

    def __init__(self, laptop, server):
        self._pids = lambda: [laptop.process.pid, *descendants(laptop.process.pid), *server.processes()]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most, self.who = 0, b""

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join(10)

    def _watch(self):
        while not self._done.wait(0.02):
            for pid in self._pids():
                try:
                    if (now := memory(pid)) > self.most:
                        self.most, self.who = now, Path(f"/proc/{pid}/cmdline").read_bytes()
                except (OSError, AssertionError):
                    continue  # it has just ended


def census(laptop):
    """Every file of the laptop's home but those of the cache, the state and the daemon's log."""
    ours = (laptop.home / ".cache/runicornd", laptop.home / ".local/state/runicornd")
    return {
        str(path)
        for path in laptop.home.parent.rglob("*")
        if not any(place in (path, *path.parents) or path in place.parents for place in ours)
        and "gpu" not in path.parts
    }


def ended(call, download):
    return until(
        lambda: (one := call("downloads.get", download=download))["state"] in {"done", "failed"} and one,
        patience_s=200,
    )


def test_one_bad_entry_costs_one_entry(laptop, server, root, synced, call):
    """Whatever stands in the place of a file: the others are read, and it is said what was wrong with it."""
    before = census(laptop)
    for place in PLACES:
        root.bad(place)
    with Peak(laptop, server) as peak:
        store = synced()
    assert store["state"] == "idle"
    assert peak.most < MEMORY_LIMIT, peak.who
    found = {one["name"]: one for one in call.pages("artifacts.list", "artifacts", limit=200, deleted=True)}
    assert call("artifacts.get", ref="model/fine")["problem"] is None
    assert [file["path"] for file in call("artifacts.get", ref="model/fine")["files"]] == ["good.bin"]
    for place in PLACES:
        if place.says is None:
            assert place.name not in found, place.name
            continue
        shown = call("artifacts.get", ref=f"model/{place.name}")
        problems = f"{shown['problem']} {[each['problem'] for each in shown['versions']]}"
        assert place.says in problems, (place.name, problems)
    assert store["unreadable"] >= sum(place.says is not None for place in PLACES)
    assert census(laptop) == before
    assert call("stores.sync")["last_sync"]["changed"] <= len(PLACES)


def test_paths_in_manifests_stay_inside(laptop, server, root, synced, call, tmp_path):
    """What would be written elsewhere is not even listed; the good file beside it is had."""
    before = census(laptop)
    for number, (path, _) in enumerate(MANIFESTS):
        root.manifest(f"paths-{number}", path)
    synced()
    for number, (path, says) in enumerate(MANIFESTS):
        shown = call("artifacts.get", ref=f"paths-{number}")
        assert [file["path"] for file in shown["files"]] == ["good.bin"], path
        assert says in shown["problem"], (path, shown["problem"])
    first = call("downloads.start", ref="paths-0", to=str(tmp_path / "to"))
    assert ended(call, first["id"])["state"] == "done"
    assert [path.name for path in (tmp_path / "to").rglob("*")] == ["good.bin"]
    assert census(laptop) - before == {str(tmp_path / "to"), str(tmp_path / "to/good.bin")} - before


def test_sources_that_are_no_files(laptop, root, synced, call, tmp_path):
    """Links out of the root, pipes, devices, folders, what shrank, grew or lies: each fails by itself."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret!")
    cases = root.sources(outside)
    synced()
    root.change_sources()
    running = {name: call("downloads.start", ref=name)["id"] for name in cases}
    for name, kinds in cases.items():
        done = ended(call, running[name])
        assert done["state"] == "failed", (name, done)
        assert done["error"]["kind"] in kinds, (name, done["error"])
        kept = {path.name for path in (laptop.home / ".cache").glob(f"**/downloads/{name}/*/*")}
        assert kept <= {"good.bin"}, (name, kept)
    assert not [path for path in (laptop.home / ".cache").rglob("*.bin") if path.read_bytes() == b"secret!"]


def test_texts_are_harmless_at_the_terminal(laptop, root, synced, call):
    """Escapes, HTML, and marks that turn text around: no byte of them reaches the screen, JSON has all."""
    root.texts()
    store = synced()
    assert store["unreadable"] > 0
    again = call("stores.sync")
    assert (again["last_sync"]["changed"], again["unreadable"]) == (0, store["unreadable"])
    runs = call.pages("runs.list", "runs")
    assert len(runs) == 1
    artifacts = call.pages("artifacts.list", "artifacts", limit=200)
    nasty = next(one for one in artifacts if one["name"] != "fine" and one["description"])
    ref = f"{nasty['type']}/{nasty['name']}"
    assert "<img" in call("artifacts.get", ref=ref)["description"]
    words = [
        ["artifacts", "list"],
        ["artifacts", "show", ref],
        ["artifacts", "show", ref, "--files"],
        ["artifacts", "lineage", ref],
        ["runs", "list"],
        *(["runs", "show", run["id"]] for run in runs),
        ["artifacts", "pull", ref],
        ["artifacts", "show", f"{ref}x"],
        ["store", "status"],
        ["downloads", "list"],
        ["status"],
    ]
    for command in words:
        done = laptop.run(*command)
        shown = done.out + done.err
        assert shown.strip(), command
        assert not ESCAPES.search(shown), (command, ESCAPES.search(shown), shown)


def test_many_tiny_files(laptop, server, root, synced, call):
    """Ten thousand of them in one version, and as many in a run that nobody asked for."""
    many(laptop, server, root, synced, call, files=10_000, artifacts=1)


@pytest.fixture
def everyday(laptop):
    """The daemon as users run it: Python's development mode takes memory for itself."""
    laptop.stop_daemon()
    laptop.options = []
    laptop.start_daemon()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("everyday")
def test_a_million_tiny_files(laptop, server, root, synced, call):
    """Spread over ten versions; memory stays where it is."""
    many(laptop, server, root, synced, call, files=100_000, artifacts=10)


def many(laptop, server, root, synced, call, *, files, artifacts):
    for number in range(artifacts):
        root.tiny(f"tiny-{number}", files)
    with Peak(laptop, server) as peak:
        store = synced()
        assert (store["unreadable"], store["artifacts"]) == (0, artifacts + 1)
        assert call("artifacts.get", ref="tiny-0")["files_total"] == files
        done = ended(call, call("downloads.start", ref="tiny-0")["id"])
    assert (done["state"], done["files_done"]) == ("done", files)
    assert peak.most < MEMORY_LIMIT, peak.who


def test_a_root_that_is_a_link_or_a_file(server, call, tmp_path):
    """A file is no root; a link to a folder is one."""
    (server.home / "file").write_text("x")
    ArtifactRoot(server.home / "real")
    (server.home / "link").symlink_to(server.home / "real")
    call("stores.add", target="gpu", name="file", root=str(server.home / "file"))
    assert call.error("stores.sync", store="file")["kind"] == "root_not_found"
    call("stores.add", target="gpu", name="link", root=str(server.home / "link"))
    assert call("stores.sync", store="link")["versions"] == 3
