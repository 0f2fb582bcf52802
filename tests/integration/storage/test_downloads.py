"""Downloads with a real worker process: from this machine, and over an embedded SSH server."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from runicornd.errors import (
    ChecksumMismatch,
    FileMissing,
    InvalidParams,
    LocalDiskFull,
    PlaceUnwritable,
    RootNotFound,
    SourceChanged,
    UnknownArtifact,
    UnknownDownload,
    WrongState,
)
from runicornd.ssh.auth import Login
from runicornd.ssh.targets import Host
from runicornd.storage.downloads.interviews import PURPOSE
from runicornd.storage.downloads.model import DownloadPhase, DownloadRequest
from runicornd.storage.model import FileEntry, ReferenceEntry
from tests.helpers.downloading import Bench, MadeUpSources
from tests.helpers.embedded import USER, EmbeddedServer
from tests.helpers.waiting import eventually

LOCAL = Host(target="local", hostname="localhost", is_local=True)
LARGE = os.urandom(6_000_000)


@pytest.fixture
def sources(tmp_path):
    return MadeUpSources(tmp_path)


@pytest.fixture
async def bench(tmp_path, sources):
    async with Bench(tmp_path, sources, LOCAL) as bench:
        yield bench


def files_in(folder):
    """Every file below a folder, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fetchers_of(pid):
    """The worker processes below this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
            line = path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(words[1]) == pid and words[0] != "Z" and b"runicornd.storage.worker" in line:
            found.append(int(path.parent.name))
    return found


async def test_all_files_come(bench, sources):
    """Into the store's own folder, whole, with nothing beside them."""
    content = {"a.bin": LARGE, "sub/b.txt": b"hello", "sub/deep/empty": b"", "twin.bin": LARGE}
    sources.add("m", content)
    sources.references = (ReferenceEntry("s3://bucket/x"),)
    view = await bench.pull("m")
    totals = view.state.totals
    assert view.state.phase is DownloadPhase.DONE, view
    assert files_in(sources.cache / "downloads/m/v1") == content
    assert (totals.files_done, totals.bytes_done, totals.skipped) == (4, 12_000_005, 0)
    assert view.intent.references == ("s3://bucket/x",)


async def test_the_second_time_nothing_is_fetched(bench, sources):
    """What was verified is known, so that even a source that is gone does not matter."""
    sources.add("m", {"a.bin": LARGE, "b": b"b"})
    await bench.pull("m")
    for name in ("a.bin", "b"):
        sources.place("m", name).unlink()
    again = await bench.pull("m")
    assert (again.state.phase, again.state.totals.skipped) == (DownloadPhase.DONE, 2)


async def test_patterns_choose_files(bench, sources, tmp_path):
    """They are matched with the whole path; the folder may be chosen too."""
    sources.add("m", {"a.pth": b"1", "sub/b.pth": b"2", "c.txt": b"3"})
    view = await bench.pull("m", files=("*.pth",), to=str(tmp_path / "here"))
    assert view.state.phase is DownloadPhase.DONE
    assert set(files_in(tmp_path / "here")) == {"a.pth", "sub/b.pth"}


async def test_what_cannot_be_is_said_at_once(bench, sources, tmp_path):
    """Nothing is queued and nothing made for it."""
    sources.add("m", {"a": b"1"})
    for error, options in (
        (InvalidParams, {"ref": "m", "files": ("*.none",)}),
        (InvalidParams, {"ref": "m", "to": "relative"}),
        (UnknownArtifact, {"ref": "other"}),
        (PlaceUnwritable, {"ref": "m", "to": str(sources.place("m", "a"))}),
    ):
        with pytest.raises(error):
            await bench.downloads.start(DownloadRequest(**options))
    with pytest.raises(UnknownDownload):
        bench.downloads.get("d77")
    assert bench.downloads.list() == []
    assert not list((tmp_path / "state").glob("*.*"))


async def test_a_disk_without_room_is_noticed_before(bench, sources):
    """Both numbers are said."""
    (entry,) = sources.add("m", {"a": b"1"})
    sources.versions["m"] = [FileEntry(entry.path, 10**18, entry.digest, entry.source)]
    with pytest.raises(LocalDiskFull) as caught:
        await bench.downloads.start(DownloadRequest(ref="m"))
    assert caught.value.context["needed"] == 10**18
    assert 0 < caught.value.context["free"] < 10**18
    assert "1e+06 TB" in caught.value.message


async def test_one_bad_file_costs_one_file(bench, sources):
    """The others come, the bad ones are listed, and none of their content is left."""
    sources.add("m", {"good": b"good", "lying": b"true", "grown": b"1", "gone": b"2", "last": b"last"})
    sources.place("m", "lying").write_bytes(b"lies")
    sources.place("m", "grown").write_bytes(b"1 and more")
    sources.place("m", "gone").unlink()
    view = await bench.pull("m")
    assert view.state.phase is DownloadPhase.FAILED
    assert set(view.state.error.context["files"]) == {"lying", "grown", "gone"}
    assert "3 files failed" in view.state.error.message
    assert files_in(sources.cache / "downloads/m/v1") == {"good": b"good", "last": b"last"}


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.write_bytes(b"TRUE"), ChecksumMismatch),
        (lambda path: path.write_bytes(b"true, and more"), SourceChanged),
        (lambda path: path.write_bytes(b"tru"), SourceChanged),
        (lambda path: path.unlink(), FileMissing),
        (lambda path: (path.unlink(), os.mkfifo(path)), FileMissing),
    ],
)
async def test_what_is_wrong_with_a_file_is_said(bench, sources, spoil, error):
    """By its kind, and with its name; mended at the source, the download comes through."""
    sources.add("m", {"a": b"true"})
    spoil(sources.place("m", "a"))
    view = await bench.pull("m")
    assert isinstance(view.state.error, error)
    sources.place("m", "a").unlink(missing_ok=True)
    sources.place("m", "a").write_bytes(b"true")
    again = await bench.pull("m")
    assert (again.intent.id, again.state.phase) == (view.intent.id, DownloadPhase.DONE)


async def test_a_file_without_a_digest_is_said_to_be_unproven(bench, sources):
    """Its size is checked, and that is all that can be."""
    sources.add("m", {"a": b"1"}, with_digests=False)
    view = await bench.pull("m")
    assert view.state.phase is DownloadPhase.DONE
    assert "no digest" in view.state.detail


async def test_names_that_lead_out_are_refused(bench, sources, tmp_path):
    """Even if the index had let them through."""
    (entry,) = sources.add("m", {"a": b"1"})
    bad = ["../out", "/tmp/out", "x/../../out", ""]
    sources.versions["m"] += [FileEntry(path, entry.size, entry.digest, entry.source) for path in bad]
    view = await bench.pull("m", to=str(tmp_path / "here/there"))
    assert isinstance(view.state.error, PlaceUnwritable)
    assert list(files_in(tmp_path / "here")) == ["there/a"]


async def test_a_root_that_is_gone_ends_it(bench, sources):
    """No file of it is to blame."""
    sources.add("m", {"a": b"1"})
    sources.root.rename(sources.root.with_name("moved"))
    assert isinstance((await bench.pull("m")).state.error, RootNotFound)


async def test_no_more_than_allowed_run_at_once(tmp_path, sources):
    """The others wait for their turn, in order, and get it."""
    for name in "abc":
        sources.add(name, {"file": name.encode() * 300_000})
    async with Bench(tmp_path, sources, LOCAL, at_once=1, rate=1_000_000) as bench:
        views = [await bench.downloads.start(DownloadRequest(ref=name)) for name in "abc"]
        names = [view.intent.id for view in views]
        await bench.until(names[0], lambda view: view.state.phase is DownloadPhase.RUNNING)
        assert bench.downloads.get(names[2]).state.detail == "waiting for its turn"
        ended = [await bench.end_of(name) for name in names]
        assert {view.state.phase for view in ended} == {DownloadPhase.DONE}
        assert ended[0].state.since <= ended[1].state.since <= ended[2].state.since


async def test_the_same_twice_is_one_download(tmp_path, sources):
    """Whoever asks for what is under way gets that one."""
    sources.add("m", {"a": LARGE})
    async with Bench(tmp_path, sources, LOCAL, rate=500_000) as bench:
        first = await bench.downloads.start(DownloadRequest(ref="m"))
        second = await bench.downloads.start(DownloadRequest(ref="m"))
        assert first.intent.id == second.intent.id
        assert bench.downloads.in_use_folders() == {sources.cache / "downloads/m/v1"}


async def test_cancelling_keeps_what_is_whole(tmp_path, sources):
    """The part goes, the worker lives on, and what is done cannot be cancelled."""
    sources.add("m", {"a": b"small", "b.bin": LARGE, "c": b"c"})
    place = sources.cache / "downloads/m/v1"
    async with Bench(tmp_path, sources, LOCAL, rate=1_000_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        await bench.until(name, lambda view: view.state.active and (place / "b.bin.part").exists())
        view = await bench.downloads.cancel(name)
        assert view.state.phase is DownloadPhase.CANCELLED
        assert not list(place.rglob("*.part"))
        assert not (place / "b.bin").exists()
        bench.downloads.use_limits(2, 0)
        again = await bench.pull("m")
        assert (again.intent.id, again.state.phase) == (name, DownloadPhase.DONE)
        with pytest.raises(WrongState):
            await bench.downloads.cancel(name)


async def test_a_restart_goes_on(tmp_path, sources):
    """A daemon that ends in the middle leaves a part, and the next one uses it."""
    sources.add("m", {"b.bin": LARGE})
    part = sources.cache / "downloads/m/v1/b.bin.part"
    async with Bench(tmp_path, sources, LOCAL, rate=2_000_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        await bench.until(name, lambda view: view.state.totals.bytes_done > 1_000_000)
    assert 0 < part.stat().st_size < len(LARGE)
    async with Bench(tmp_path, sources, LOCAL) as bench:
        view = await bench.end_of(name)
        assert view.state.phase is DownloadPhase.DONE
    assert files_in(part.parent) == {"b.bin": LARGE}


async def test_a_worker_that_was_started_for_nothing_ends(bench, sources, monkeypatch):
    """It starts while the plan is made; when there is no plan, it goes, and the next download has its own."""
    monkeypatch.setenv("RUNICORND_WORKER_IDLE", "0.5")
    with pytest.raises(UnknownArtifact):
        await bench.downloads.start(DownloadRequest(ref="other"))
    await eventually(lambda: fetchers_of(os.getpid()), "a worker")
    await eventually(lambda: not fetchers_of(os.getpid()), "its end")
    sources.add("m", {"a": b"1"})
    assert (await bench.pull("m")).state.phase is DownloadPhase.DONE


async def test_a_worker_that_is_killed_is_replaced(tmp_path, sources):
    """The download goes on with what it has."""
    sources.add("m", {"b.bin": LARGE})
    async with Bench(tmp_path, sources, LOCAL, rate=2_000_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        await bench.until(name, lambda view: view.state.totals.bytes_done > 1_000_000)
        (worker,) = fetchers_of(os.getpid())
        os.kill(worker, signal.SIGKILL)
        await bench.until(name, lambda view: "ended unexpectedly" in view.state.detail)
        bench.downloads.use_limits(2, 0)
        assert (await bench.end_of(name)).state.phase is DownloadPhase.DONE
    assert files_in(sources.cache / "downloads/m/v1") == {"b.bin": LARGE}
    assert not fetchers_of(os.getpid())


async def test_a_store_that_is_disconnected_stops(tmp_path, sources):
    """Its downloads fail with that reason, and nothing of them runs on."""
    sources.add("m", {"b.bin": LARGE})
    async with Bench(tmp_path, sources, LOCAL, rate=500_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        await bench.until(name, lambda view: view.state.phase is DownloadPhase.RUNNING)
        await bench.downloads.stop_store("gpu", WrongState("cannot go on: disconnected"))
        assert isinstance(bench.downloads.get(name).state.error, WrongState)
        assert bench.downloads.in_use_folders() == set()


async def test_many_small_files_come(bench, sources):
    """Three thousand of them, in seconds, with few events."""
    content = {f"d{number % 50}/f{number}": b"%d" % number for number in range(3000)}
    sources.add("m", content)
    view = await bench.pull("m")
    assert (view.state.phase, view.state.totals.files_done) == (DownloadPhase.DONE, 3000)
    assert files_in(sources.cache / "downloads/m/v1") == content


@pytest.fixture
async def server(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    async with EmbeddedServer(password="sesame", home=home) as server:
        yield server


def host_of(server, tmp_path):
    (tmp_path / "known").write_text(server.known_hosts_line + "\n")
    return Host(
        target="gpu",
        hostname=server.address,
        port=server.port,
        user=USER,
        known_hosts_files=(tmp_path / "known",),
    )


async def test_a_password_is_asked_once_and_remembered(tmp_path, sources, server):
    """The question says what it is for; the next connection takes the answer from memory."""
    sources.add("m", {"a": b"1"})
    sources.add("n", {"a": b"2"})
    async with Bench(tmp_path, sources, host_of(server, tmp_path)) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        held = await bench.until(name, lambda view: view.state.prompt_id is not None)
        (prompt,) = bench.prompts.pending()
        assert held.state.prompt_id == prompt.id
        assert PURPOSE in prompt.question.detail
        bench.prompts.give(prompt.id, ["sesame"])
        assert (await bench.end_of(name)).state.phase is DownloadPhase.DONE
        server.drop()
        assert (await bench.pull("n")).state.phase is DownloadPhase.DONE
        assert not bench.prompts.pending()


async def test_a_login_that_came_with_the_store_is_used(tmp_path, sources, server):
    """Nobody is asked; a wrong one ends the download with the reason."""
    sources.add("m", {"a": b"1"})
    host = host_of(server, tmp_path)
    wrong = Login(password="wrong")
    async with Bench(tmp_path, sources, host, login=wrong) as bench:
        view = await bench.pull("m")
        assert view.state.error.kind == "auth_failed"
    right = Login(password="sesame")
    async with Bench(tmp_path, sources, host, login=right) as bench:
        assert (await bench.pull("m")).state.phase is DownloadPhase.DONE


async def test_a_server_that_is_away_is_waited_for(tmp_path, sources, server):
    """The download says so, and goes on when it is back; it can be cancelled meanwhile."""
    sources.add("m", {"a": b"1"})
    sources.add("n", {"a": b"2"})
    await server.stop()
    login = Login(password="sesame")
    async with Bench(tmp_path, sources, host_of(server, tmp_path), login=login) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        other = (await bench.downloads.start(DownloadRequest(ref="n"))).intent.id
        await bench.until(name, lambda view: "next try" in view.state.detail)
        assert (await bench.downloads.cancel(other)).state.phase is DownloadPhase.CANCELLED
        await server.start()
        bench.downloads.kick_all()
        assert (await bench.end_of(name)).state.phase is DownloadPhase.DONE


async def test_events_tell_every_phase(bench, sources):
    """Whoever listens sees it wait, and end."""
    sources.add("m", {"a": LARGE})
    with bench.events.subscribe() as changes:
        view = await bench.pull("m")
        seen = []
        async with asyncio.timeout(5):
            while not seen or seen[-1] is not DownloadPhase.DONE:
                _, change = await anext(changes)
                seen.append(change.view.state.phase)
    assert seen[0] is DownloadPhase.WAITING
    assert view.state.phase is DownloadPhase.DONE
