"""``artifacts``, ``runs``, ``downloads`` and ``cache``, against a daemon on a real socket."""

import json

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import an_error
from tests.fakes.stores import a_download, a_run, a_store, a_summary, an_artifact


def pages(*names, per_page=2):
    """A handler that answers the artifacts some at a time."""

    def answer(params):
        start = int(params["cursor"] or 0)
        end = start + per_page
        shown = [a_summary(name) for name in names[start:end]]
        more = str(end) if end < len(names) else None
        return models.ArtifactsResult("gpu", shown, len(names), [], more, synced=1.0)

    return answer


def test_the_list_is_a_table(ctl, daemon):
    """Type, name, latest version, sizes for people; what is left is told."""
    daemon.handlers["artifacts.list"] = pages("resnet50", "bert", "vit")
    done = ctl.run("artifacts", "list")
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[1][:6] == ["model", "resnet50", "v3", "3", "8.00", "GB"]
    assert len(rows) == 3
    assert "1 more artifact" in done.err


def test_all_pages(ctl, daemon):
    """--all follows the cursor to the end; JSON is one value."""
    daemon.handlers["artifacts.list"] = pages("a", "b", "c", "d", "e")
    shown = json.loads(ctl.run("artifacts", "list", "--all", "--json").out)
    assert [each["name"] for each in shown["artifacts"]] == ["a", "b", "c", "d", "e"]
    assert (shown["schema"], shown["next"]) == (1, None)
    assert [each["cursor"] for each in daemon.asked("artifacts.list")] == [None, "2", "4"]


def test_the_list_asks_for_what_is_wanted(ctl, daemon):
    """Every option reaches the daemon."""
    daemon.handlers["artifacts.list"] = pages("a")
    ctl.run("artifacts", "list", "res", "--search", "net", "--type", "model", "--sort", "name", "--reverse",
            "--deleted", "--limit", "7", "--store", "lab")  # fmt: skip
    assert daemon.asked("artifacts.list") == [
        {"store": "lab", "type": "model", "search": "res net", "sort": "name", "order": "down",
         "deleted": True, "limit": 7, "cursor": None}
    ]  # fmt: skip


def test_hostile_text_steers_no_terminal(ctl, daemon):
    """Names, problems, metadata, files and references are spelled out."""
    evil = "x\x1b[31m\u202e\r\n<b>"
    page = models.ArtifactsResult("gpu", [a_summary(evil, problem=evil, tags=[evil])], 1, [], synced=1.0)
    daemon.handlers["artifacts.list"] = lambda _params: page
    daemon.handlers["artifacts.get"] = lambda _params: an_artifact(
        name=evil, description=evil, metadata={evil: evil}, tags=[evil], problem=evil, path=evil,
        files=[models.ArtifactFile(evil, 1, evil)], references=[models.Reference(evil)], user=evil,
    )  # fmt: skip
    for words in (["list"], ["show", "x"]):
        done = ctl.run("artifacts", *words)
        assert done.code == 0
        assert not {"\x1b", "\u202e", "\r"} & set(done.out + done.err)


def test_show(ctl, daemon):
    """Metadata, files with digests, references, history, runs."""
    daemon.handlers["artifacts.get"] = lambda _params: an_artifact()
    out = ctl.run("artifacts", "show", "resnet50").out
    for text in ("model/resnet50:v3 (latest, prod)", "the best one", "store       gpu", "8.00 GB in 1 file",
                 "accuracy", "0.95", "model.pth", "abababababab", "s3://bucket/data", "run3", "run4",
                 "not downloaded", "deleted"):  # fmt: skip
        assert text in out
    assert json.loads(ctl.run("artifacts", "show", "resnet50", "--json").out)["metadata"]["accuracy"] == 0.95


def test_a_deleted_version_says_how_to_bring_it_back(ctl, daemon):
    """With its type, so that the name is clear; and metadata without end are cut."""
    many = {f"k{number}": number for number in range(80)}
    daemon.handlers["artifacts.get"] = lambda _params: an_artifact(
        is_deleted=True, deleted=1.0, metadata=many
    )
    out = ctl.run("artifacts", "show", "resnet50").out
    assert "runicornctl artifacts restore model/resnet50:v3" in out
    assert "… and 30 more; --json has all" in out


def test_show_lists_all_files(ctl, daemon):
    """With their whole digests, over all pages."""

    def files(params):
        if params["cursor"] is None:
            return models.FilesResult([models.ArtifactFile("a", 1, "sha256:aa")], 2, "more")
        return models.FilesResult([models.ArtifactFile("b", 2, "")], 2)

    daemon.handlers["artifacts.files"] = files
    rows = ctl.run("artifacts", "show", "x", "--files").out.splitlines()[1:]
    assert [row.split() for row in rows] == [["a", "1", "aa"], ["b", "2", "-"]]


def a_lineage():
    """A graph with a circle: a dataset, the run that used it, and what it made, which the run also used."""
    nodes = [
        models.LineageNode("model/m:v1", "artifact", "m", size_bytes=1000),
        models.LineageNode("run:r1", "run", "vision/r", status="finished"),
        models.LineageNode("dataset/d:v1", "artifact", "d", is_known=False),
        models.LineageNode("run:r2", "run", "vision/s"),
    ]
    edges = [
        models.LineageEdge("run:r1", "model/m:v1", "made"),
        models.LineageEdge("dataset/d:v1", "run:r1", "used"),
        models.LineageEdge("model/m:v1", "run:r1", "used"),
        models.LineageEdge("model/m:v1", "run:r2", "used"),
    ]
    return models.Lineage("model/m:v1", nodes, edges)


def test_lineage_is_a_tree(ctl, daemon):
    """Upwards and downwards; a circle ends where it closes."""
    daemon.handlers["artifacts.lineage"] = lambda _params: a_lineage()
    assert ctl.run("artifacts", "lineage", "m").out.splitlines() == [
        "model/m:v1  (1.00 kB)",
        "",
        "comes from",
        "└─ made by run r1  (vision/r, finished)",
        "   ├─ from dataset/d:v1  (not in this store)",
        "   └─ from model/m:v1  (1.00 kB) (see above)",
        "",
        "led to",
        "├─ used by run r1  (vision/r, finished)",
        "│  └─ made model/m:v1  (1.00 kB) (see above)",
        "└─ used by run r2  (vision/s)",
    ]


def test_lineage_in_one_direction(ctl, daemon):
    """The daemon is asked for that one only; JSON has nodes and edges."""
    daemon.handlers["artifacts.lineage"] = lambda _params: a_lineage()
    assert "led to" not in ctl.run("artifacts", "lineage", "m", "--up", "--depth", "9").out
    asked = daemon.asked("artifacts.lineage")[-1]
    assert (asked["direction"], asked["depth"]) == ("up", 9)
    assert len(json.loads(ctl.run("artifacts", "lineage", "m", "--json").out)["edges"]) == 4


def pulls(daemon, first, *later):
    def start(_params):
        return daemon.show_download(first), lambda: [daemon.show_download(each) for each in later]

    daemon.handlers["downloads.start"] = start


def test_pull_shows_progress_and_the_place(ctl, daemon):
    """Share, sizes, rate, time left, the files that run; in the end where it is."""
    pulls(daemon, a_download())
    with ctl.at_terminal("artifacts", "pull", "resnet50", columns=120) as terminal:
        terminal.expect("Downloading model/resnet50:v3")
        terminal.expect("75%  1/2 files  6.00 GB / 8.00 GB  20.0 MB/s  1m 40s left")
        terminal.expect("model.pth  71%")
        daemon.show_download(a_download("done", files_done=2, bytes_done=8_000_000_000, active=[]))
        assert terminal.end() == 0
    assert "sizes and SHA-256 checked" in terminal.text
    assert "/cache/downloads/resnet50/v3" in terminal.text


def test_pull_takes_patterns_and_a_folder(ctl, daemon):
    """The folder is made absolute: the daemon has another working folder."""
    pulls(daemon, a_download("done", files_done=2, skipped=2))
    done = ctl.run("artifacts", "pull", "m:v1", "--file", "*.pth", "--file", "*.json", "--to", "here")
    assert done.code == 0
    assert "was here already: 2 files" in done.out
    asked = daemon.asked("downloads.start")[0]
    assert asked == {"ref": "m:v1", "store": None, "files": ["*.pth", "*.json"], "to": str(ctl.home / "here")}


def test_pull_without_waiting(ctl, daemon):
    """It says what it is called, and returns."""
    pulls(daemon, a_download())
    assert (
        "as d1; see it with: runicornctl downloads list" in ctl.run("artifacts", "pull", "m", "--no-wait").out
    )


def test_a_pull_that_fails(ctl, daemon):
    """The daemon's words and kind."""
    failed = a_download("failed", since=3000.0, error=an_error("checksum_mismatch", "cannot fetch m: bad"))
    pulls(daemon, a_download(), failed)
    done = ctl.run("artifacts", "pull", "m", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["kind"] == "checksum_mismatch"
    pulls(daemon, a_download(), a_download("cancelled", since=3000.0))
    assert "was cancelled" in ctl.run("artifacts", "pull", "m").err


def test_ctrl_c_leaves_the_download_to_the_daemon(ctl, daemon):
    """It says how to see it and how to end it."""
    pulls(daemon, a_download())
    with ctl.at_terminal("artifacts", "pull", "m") as terminal:
        terminal.expect("75%")
        terminal.interrupt()
        assert terminal.end() == 130
    assert "runicornctl downloads cancel d1" in terminal.text
    assert not daemon.asked("downloads.cancel")


def test_downloads(ctl, daemon):
    """The list, with why one failed; and the end of one."""
    several = [
        a_download(),
        a_download("failed", id="d2", error=an_error("disk_full", "no room", "make some")),
    ]
    daemon.handlers["downloads.list"] = lambda _params: models.DownloadsResult(several)
    daemon.handlers["downloads.cancel"] = lambda _params: a_download("cancelled")
    out = ctl.run("downloads", "list").out
    for text in ("d1", "75%", "20.0 MB/s", "✗ failed", "no room", "make some"):
        assert text in out
    assert len(json.loads(ctl.run("downloads", "list", "--json").out)["downloads"]) == 2
    assert ctl.run("downloads", "cancel", "d1").out == "The download d1 of model/resnet50:v3 is cancelled.\n"


@pytest.fixture
def changing(daemon):
    """A daemon that does every change."""
    daemon.handlers["artifacts.get"] = lambda _params: an_artifact()
    daemon.handlers["stores.status"] = lambda _params: a_store()
    for name in ("delete", "restore", "alias", "tag"):
        done = models.Changed("gpu", "gpu", "model/resnet50:v3", f"Did {name} on gpu", changed=True)
        daemon.handlers[f"artifacts.{name}"] = lambda _params, done=done: done
    return daemon


def test_delete_asks_and_says_where(ctl, changing):
    """Soft by default; after a yes exactly the version that was shown is deleted."""
    with ctl.at_terminal("artifacts", "delete", "resnet50") as terminal:
        terminal.expect("softly deleted on gpu, not on this machine")
        terminal.expect("[yes/no]: ")
        terminal.type("yes")
        assert terminal.end() == 0
    assert "artifacts restore model/resnet50:v3" in terminal.text
    assert changing.asked("artifacts.delete") == [
        {"ref": "model/resnet50:v3", "store": "gpu", "permanently": False, "confirm": None}
    ]


def test_delete_for_good_wants_the_name(ctl, changing):
    """Another name, or none, deletes nothing."""
    for typed, code in (("resnet", 1), ("resnet50", 0)):
        with ctl.at_terminal("artifacts", "delete", "resnet50", "--permanently", "--yes") as terminal:
            terminal.expect("deleted for good on gpu, not on this machine")
            terminal.expect("Name: ")
            terminal.type(typed)
            assert terminal.end() == code
    (asked,) = changing.asked("artifacts.delete")
    assert (asked["permanently"], asked["confirm"]) == (True, "resnet50")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 5),
        (["--yes"], 0),
        (["--permanently"], 5),
        (["--permanently", "--yes"], 5),
        (["--permanently", "--confirm", "resnet50"], 0),
        (["--permanently", "--confirm", "other"], 1),
        (["--confirm", "other"], 1),
    ],
)
def test_delete_without_a_terminal(ctl, changing, words, code):
    """It has to be said beforehand; nothing is deleted otherwise."""
    done = ctl.run("artifacts", "delete", "resnet50", *words, "--json")
    assert done.code == code
    assert len(changing.asked("artifacts.delete")) == (code == 0)


def test_other_changes(ctl, changing):
    """Restore, alias and tag: what they ask for, and what they say."""
    assert ctl.run("artifacts", "restore", "m:v1").out == "Did restore on gpu.\n"
    assert ctl.run("artifacts", "alias", "m:v1", "prod", "--remove").out == "Did alias on gpu.\n"
    assert ctl.run("artifacts", "tag", "m:v1", "+good", "fast", "--remove", "slow").code == 0
    assert changing.asked("artifacts.restore") == [{"ref": "m:v1", "store": None}]
    assert changing.asked("artifacts.alias") == [
        {"ref": "m:v1", "alias": "prod", "store": None, "remove": True}
    ]
    assert changing.asked("artifacts.tag") == [
        {"ref": "m:v1", "store": None, "add": ["good", "fast"], "remove": ["slow"]}
    ]
    assert ctl.run("artifacts", "tag", "m:v1").code == 2


def test_runs(ctl, daemon):
    """The list and one of them."""
    summary = models.RunSummary("r1", "vision/r", "finished", 1.0, made=2, used=1)
    daemon.handlers["runs.list"] = lambda _params: models.RunsResult("gpu", [summary], 1)
    daemon.handlers["runs.get"] = lambda _params: a_run()
    assert ctl.run("runs", "list").out.splitlines()[1].split()[:3] == ["r1", "vision/r", "finished"]
    out = ctl.run("runs", "show", "r1").out
    for text in ("vision/r", "model/m:v1", "accuracy", "0.9"):
        assert text in out
    assert json.loads(ctl.run("runs", "show", "r1", "--json").out)["made"] == ["model/m:v1"]


def test_the_cache(ctl, daemon):
    """Sizes by store; a cleanup to a limit; a clear only after a yes."""
    share = models.CacheStore("gpu", "/cache/gpu", 1_000_000, 2_000_000, 3_000_000_000, 4)
    daemon.handlers["cache.info"] = lambda _params: models.CacheInfo("/cache", 10**10, 3_003_000_000, [share])
    daemon.handlers["cache.cleanup"] = lambda _params: models.CacheFreed(10**9, 1, 2)
    daemon.handlers["cache.clear"] = lambda _params: models.CacheFreed(10**9, 0, 0)
    out = ctl.run("cache", "info").out
    for text in ("1.00 MB", "3.00 GB", "10.0 GB", "/cache/gpu"):
        assert text in out
    done = ctl.run("cache", "cleanup", "--limit", "500MB")
    assert done.out == "Freed 1.00 GB: removed 1 download, kept 2 in use or only here.\n"
    assert daemon.asked("cache.cleanup") == [{"limit_bytes": 500_000_000, "removed": False}]
    assert ctl.run("cache", "clear").code == 5
    with ctl.at_terminal("cache", "clear", "--store", "gpu") as terminal:
        terminal.expect("the mirror of gpu from this machine")
        terminal.type("no")
        assert terminal.end() == 1
    assert not daemon.asked("cache.clear")
    assert ctl.run("cache", "clear", "--yes", "--downloads").code == 0
    assert daemon.asked("cache.clear") == [{"store": None, "downloads": True, "removed": False}]
    assert ctl.run("cache", "cleanup", "--limit", "lots").code == 2


def test_what_removed_stores_have_left(ctl, daemon):
    """It is listed and marked, with the way to clear it; nothing goes unasked."""
    gone = models.CacheStore("old", "/cache/old_ada", 0, 0, 3_000_000_000, 4, removed=1000.0)
    daemon.handlers["cache.info"] = lambda _params: models.CacheInfo("/cache", 10, 3 * 10**9, [], [gone])
    daemon.handlers["cache.clear"] = lambda _params: models.CacheFreed(3 * 10**9, 4, 0)
    daemon.handlers["cache.cleanup"] = lambda _params: models.CacheFreed(0, 0, 0)
    out = ctl.run("cache", "info").out
    for text in ("old (removed)", "3.00 GB", "/cache/old_ada", "'runicornctl cache clear --removed'"):
        assert text in out
    refused = ctl.run("cache", "clear", "--removed", "--store", "old")
    assert (refused.code, daemon.asked("cache.clear")) == (5, [])
    assert "cannot clear what the removed store old has left unasked" in refused.err
    done = ctl.run("cache", "clear", "--removed", "--store", "old", "--yes")
    assert done.out == "Freed 3.00 GB: removed 4 downloads.\n"
    assert daemon.asked("cache.clear") == [{"store": "old", "downloads": False, "removed": True}]
    ctl.run("cache", "cleanup", "--removed")
    assert daemon.asked("cache.cleanup") == [{"limit_bytes": None, "removed": True}]
