"""``store``: adding, syncing and the rest, against a daemon on a real socket."""

import json

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import Refusal, an_error
from tests.fakes.stores import a_report, a_store, syncing


def answers(daemon, method, first, *later):
    """Let the method answer the first store, and show the later ones afterwards."""

    def answer(_params):
        return daemon.show_store(first), lambda: [daemon.show_store(each) for each in later]

    daemon.handlers[method] = answer


def test_add_shows_the_sync_and_its_result(ctl, daemon):
    """The daemon gets what was said; the end tells what is there now."""
    new = a_store(state="syncing", last_sync=None, since=1500.0)
    answers(daemon, "stores.add", new, syncing(last_sync=None), a_store(since=3000.0))
    done = ctl.run("store", "add", "gpu", "--root", "/data/runs", "--interval", "10m", "--name", "lab")
    assert done.code == 0, done.err
    assert done.out == (
        "Synced gpu in 1.5s: 3 files changed, 1 removed (12.3 kB received)."
        " It has 50 artifacts in 120 versions, 7 runs.\n"
    )
    assert "Syncing gpu" in done.err
    (asked,) = daemon.asked("stores.add")
    assert (asked["target"], asked["root"], asked["name"]) == ("gpu", "/data/runs", "lab")
    assert (asked["interval_s"], asked["is_automatic"]) == (600.0, True)


def test_add_by_hand_syncs_once(ctl, daemon):
    """With --no-auto the first sync is asked for, if the daemon does not begin it by itself."""
    answers(daemon, "stores.add", a_store(last_sync=None, interval_s=None))
    answers(daemon, "stores.sync", a_store(last_sync=None, interval_s=None), syncing(), a_store(since=3000.0))
    assert ctl.run("store", "add", "gpu", "--no-auto").code == 0
    assert daemon.asked("stores.add")[0]["is_automatic"] is False
    assert daemon.asked("stores.sync")[0]["wait"] is False


def test_the_bar_at_a_terminal(ctl, daemon):
    """Share, counts and the file of the moment, as the guide shows it."""
    daemon.stores["gpu"] = a_store()
    answers(daemon, "stores.sync", syncing())
    with ctl.at_terminal("store", "sync", "gpu") as terminal:
        terminal.expect("[███████████████░░░░░] 75% (150/200 files)")
        terminal.expect("current: artifacts/model/resnet50/metadata.json")
        daemon.show_store(a_store(since=3000.0, last_sync=a_report(2e9)))
        assert terminal.end() == 0
        assert "Synced gpu" in terminal.text


def test_a_sync_that_has_not_begun_yet_is_waited_for(ctl, daemon):
    """The daemon may answer before it begins: the store is idle then as it was."""
    daemon.stores["gpu"] = a_store()
    later = a_store(since=3000.0, last_sync=a_report(changed=0, removed=0))
    answers(daemon, "stores.sync", daemon.stores["gpu"], syncing(), later)
    done = ctl.run("store", "sync")
    assert done.code == 0
    assert "nothing has changed" in done.out


def test_connecting_again_waits_for_the_sync(ctl, daemon):
    """The store is idle for a moment before its sync begins; the report of the one before is not told."""
    daemon.stores["gpu"] = a_store(state="disconnected")
    later = a_store(since=4000.0, last_sync=a_report(changed=9, removed=0))
    answers(daemon, "stores.connect", a_store(since=3000.0), syncing(), later)
    done = ctl.run("store", "connect")
    assert done.code == 0
    assert "9 files changed" in done.out


def test_a_sync_that_is_ended_by_somebody_else(ctl, daemon):
    """The command ends as well, and does not tell of the sync before."""
    daemon.stores["gpu"] = a_store()
    answers(daemon, "stores.sync", syncing(), a_store(since=3000.0))
    done = ctl.run("store", "sync")
    assert (done.code, done.out) == (1, "")
    assert "ended by another command" in done.err


def test_a_sync_that_fails(ctl, daemon):
    """The daemon's words, its kind in JSON, and exit code 1."""
    daemon.stores["gpu"] = a_store()
    broken = a_store(
        state="failed",
        since=3000.0,
        error=an_error("root_not_found", "cannot sync gpu: /data is missing", "give another root"),
    )
    answers(daemon, "stores.sync", syncing(), broken)
    done = ctl.run("store", "sync", "gpu")
    assert done.code == 1
    assert "cannot sync gpu: /data is missing" in done.err
    assert "give another root" in done.err
    daemon.stores["gpu"] = a_store()
    done = ctl.run("store", "sync", "gpu", "--json")
    assert json.loads(done.out)["error"]["kind"] == "root_not_found"


def test_a_new_store_that_fails_can_be_forgotten(ctl, daemon):
    """It stays, for it may work later; who mistyped its target is told how to get rid of it."""
    broken = a_store(
        "gup", "failed", since=3000.0, last_sync=None, error=an_error("host_unreachable", "no host", "look")
    )
    answers(daemon, "stores.add", a_store("gup", "syncing", since=2000.0, last_sync=None), broken)
    done = ctl.run("store", "add", "gup")
    assert done.code == 1
    assert "hint:  look; it is tried again; to forget it: runicornctl store remove gup" in done.err


def test_a_root_that_is_mirrored_already(ctl, daemon):
    """A second name for it is not taken, and that is said."""
    daemon.stores["gpu"] = a_store()
    answers(daemon, "stores.add", syncing(), a_store(since=4000.0, last_sync=a_report(2e9)))
    done = ctl.run("store", "add", "gpu", "--name", "other")
    assert done.code == 0
    assert "that root is mirrored already, as the store gpu" in done.err


def test_a_link_that_stays_away_is_told(ctl, daemon):
    """Nobody waits in front of a host that cannot be reached."""
    daemon.stores["gpu"] = a_store()
    away = a_store(
        state="waiting", since=3000.0, error=an_error("host_unreachable", "cannot reach gpu: no route")
    )
    answers(daemon, "stores.sync", away)
    done = ctl.run("store", "sync", "gpu")
    assert done.code == 1
    assert "no route" in done.err


def test_a_question_is_asked_at_the_terminal(ctl, daemon):
    """The answer goes to the daemon, and the sync goes on."""
    prompt = models.PromptInfo("p1", "password", "gpu", "Password for ada@gpu", [models.PromptField("Password", echo=False)])  # fmt: skip  # noqa: E501
    daemon.stores["gpu"] = a_store()
    daemon.ask(prompt)
    answers(daemon, "stores.sync", a_store(state="waiting", since=3000.0, prompt="p1"))
    with ctl.at_terminal("store", "sync", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.await_silence()
        terminal.type("secret")
        terminal.expect("\n")
        daemon.show_store(a_store(since=4000.0, last_sync=a_report(2e9)))
        assert terminal.end() == 0
    assert daemon.answers == [["secret"]]
    assert "secret" not in terminal.shown


def test_a_question_without_a_terminal(ctl, daemon):
    """Exit code 5, and the command that asks it."""
    daemon.stores["gpu"] = a_store()
    daemon.ask(models.PromptInfo("p1", "password", "gpu", "Password for ada@gpu"))
    answers(daemon, "stores.sync", a_store(state="waiting", since=3000.0, prompt="p1"))
    done = ctl.run("store", "sync", "gpu")
    assert done.code == 5
    assert "runicornctl store sync gpu" in done.err


def test_ctrl_c_leaves_the_sync_to_the_daemon(ctl, daemon):
    """It says so, and how to end it."""
    daemon.stores["gpu"] = a_store()
    answers(daemon, "stores.sync", syncing())
    with ctl.at_terminal("store", "sync", "gpu") as terminal:
        terminal.expect("75%")
        terminal.interrupt()
        assert terminal.end() == 130
    assert "goes on in the background" in terminal.text
    assert "runicornctl store sync gpu --cancel" in terminal.text
    assert not daemon.asked("stores.cancel")


def test_cancel(ctl, daemon):
    """The daemon ends the sync."""
    daemon.handlers["stores.cancel"] = lambda _params: a_store()
    assert ctl.run("store", "sync", "--cancel").out == "No sync of gpu runs.\n"
    assert daemon.asked("stores.cancel") == [{"store": None}]


def test_the_list(ctl, daemon):
    """The store in use is marked; text of the server steers no terminal."""
    stores = [a_store(), a_store("lo\x1b[2J", in_use=False, interval_s=None, last_sync=None, is_local=True)]
    daemon.handlers["stores.list"] = lambda _params: models.StoresResult(stores, "gpu")
    done = ctl.run("store", "list")
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[1][:6] == ["→", "gpu", "●", "idle", "50", "120"]
    assert "never" in rows[2]
    assert "\x1b" not in done.out
    assert json.loads(ctl.run("store", "list", "--json").out)["in_use"] == "gpu"


def test_an_empty_list_says_how_to_begin(ctl, daemon):
    """The command that adds one."""
    daemon.handlers["stores.list"] = lambda _params: models.StoresResult([])
    assert "runicornctl store add TARGET" in ctl.run("store", "list").out


def test_the_status(ctl, daemon):
    """State, root, counts, the last sync, and what went wrong."""
    store = a_store(state="failed", unreadable=2, error=an_error("root_not_found", "it is gone", "look"))
    daemon.handlers["stores.status"] = lambda _params: store
    out = ctl.run("store", "status").out
    for text in ("✗ failed (in use)", "/data/runs", "50 artifacts in 120 versions", "2 unreadable",
                 "180 MB of metadata", "took 1.5s", "every 10m", "it is gone", "look"):  # fmt: skip
        assert text in out


@pytest.mark.parametrize(
    ("words", "method", "params", "says"),
    [
        (["use", "local"], "stores.use", {"store": "local"}, "Commands now mean the store gpu (on gpu)."),
        (["disconnect"], "stores.disconnect", {"store": None}, "gpu is disconnected; its mirror stays."),
        (
            ["set", "gpu", "--interval", "1h30m"],
            "stores.change",
            {"store": "gpu", "interval_s": 5400.0},
            "gpu is synced every 10m.",
        ),
    ],
)
def test_small_changes(ctl, daemon, words, method, params, says):
    """Each calls its method and says what holds now."""
    daemon.handlers[method] = lambda _params: a_store()
    assert ctl.run("store", *words).out == f"{says}\n"
    assert daemon.asked(method) == [params]
    assert json.loads(ctl.run("store", *words, "--json").out)["name"] == "gpu"


def test_remove_keeps_downloads(ctl, daemon):
    """Unless it is told otherwise; what stays, where, and how it is removed is said."""
    place = "/cache/gpu_ada/downloads"
    daemon.handlers["stores.status"] = lambda _params: a_store()
    daemon.handlers["stores.remove"] = lambda params: models.StoreLeft(
        "gpu", place, 2 * params["keep_files"], 3_000_000 * params["keep_files"]
    )
    assert ctl.run("store", "remove", "gpu").out.splitlines() == [
        "Forgot gpu.",
        f"Kept 2 downloaded versions, 3.00 MB, in {place}",
        "To remove them, too: runicornctl cache clear --removed --store gpu",
    ]
    assert ctl.run("store", "remove", "gpu", "--delete-downloads").out == "Forgot gpu.\n"
    assert [each["keep_files"] for each in daemon.asked("stores.remove")] == [True, False]
    assert json.loads(ctl.run("store", "remove", "gpu", "--json").out)["downloads_bytes"] == 3_000_000


def test_what_cannot_be_read(ctl, daemon):
    """Each entry with its place and the reason; a page, or all of them."""
    entries = [
        models.StoreProblem("version", "model/a:v1", "artifacts/model/a/v1", "metadata.json: cut\x1b[2J"),
        models.StoreProblem("run", "r1", "vision/r/runs/r1", "meta.json: cut"),
        models.StoreProblem("file", "artifacts/x", "artifacts/x", "permission denied"),
    ]

    def page(params):
        start = int(params["cursor"] or 0)
        end = start + (2 if params["limit"] == 500 else 1)
        return models.StoreProblemsResult("gpu", entries[start:end], 3, str(end) if end < 3 else None)

    daemon.handlers["stores.problems"] = page
    assert ctl.run("store", "problems", "--limit", "1").out.splitlines() == [
        "! model/a:v1: metadata.json: cut\\x1b[2J",
        "  artifacts/model/a/v1",
    ]
    assert "2 more; see them with --all" in ctl.run("store", "problems", "--limit", "1").err
    assert ctl.run("store", "problems", "gpu", "--all").out.splitlines()[2:] == [
        "! run r1: meta.json: cut",
        "  vision/r/runs/r1",
        "! artifacts/x: permission denied",
    ]
    told = json.loads(ctl.run("store", "problems", "--all", "--json").out)
    assert (len(told["problems"]), told["next"]) == (3, None)
    entries.clear()
    assert ctl.run("store", "problems").out == "Everything of gpu could be read.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["add", "gpu", "--interval", "soon"],
        ["add", "gpu", "--interval", "1s"],
        ["set", "gpu", "--interval", "8d"],
        ["add", "gpu", "--interval", "10m", "--no-auto"],
        ["set", "gpu"],
        ["add", ""],
    ],
)
def test_wrong_words(ctl, words):
    """A usage error, before any daemon is looked for."""
    assert ctl.run("store", *words).code == 2


def test_a_store_that_is_not_there(ctl, daemon):
    """The daemon's error, with exit code 1."""
    daemon.handlers["stores.status"] = lambda _params: (_ for _ in ()).throw(
        Refusal("unknown_store", "cannot find 'x': no store is called that", "runicornctl store list")
    )
    done = ctl.run("store", "status", "x", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["kind"] == "unknown_store"
