"""Stores from the command line: a real daemon, a real sshd, a root that three real Runicorns wrote."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.helpers.real_roots import MIXED, OLD, real_root
from tests.helpers.sshd import needs_sshd

pytestmark = needs_sshd


@pytest.fixture
def root(server):
    """The storage root of the account on the server ``gpu``."""
    return real_root(MIXED, server.home / "RunicornData")


@pytest.fixture
def store(laptop, root):
    """The store of that root, synced once."""
    return laptop.json("store", "add", "gpu")


def names(laptop, *options):
    listed = laptop.json("artifacts", "list", "--all", *options)
    return {f"{each['type']}/{each['name']}" for each in listed["artifacts"]}


def test_looking_at_results_without_a_connection(laptop, server, store):
    """The guide's first workflow: everything is answered by the mirror, nothing is fetched."""
    assert (store["state"], store["in_use"], store["unreadable"]) == ("idle", True, 0)
    assert store["root"].endswith("RunicornData")
    laptop.json("store", "disconnect")
    assert {"model/resnet50", "dataset/images", "pretrained/backbone"} <= names(laptop)
    assert names(laptop, "tuned") == {"model/resnet50"}
    shown = laptop.json("artifacts", "show", "model/resnet50:production")
    assert (shown["version"], shown["where"], shown["is_local"]) == (1, "gpu", False)
    assert [each["version"] for each in shown["versions"] if each["is_deleted"]] == [2]
    assert shown["metadata"]["accuracy"] > 0
    lineage = laptop.json("artifacts", "lineage", "model/resnet50:v1")
    assert {edge["kind"] for edge in lineage["edges"]} == {"made", "used"}
    run = laptop.json("runs", "show", shown["made_by"])
    assert "model/resnet50:v1" in run["made"]
    assert len(laptop.json("runs", "list", "--all")["runs"]) == store["runs"]


def test_downloading_for_inference(laptop, root, store, tmp_path):
    """The second workflow: the files are here, whole, and are not fetched twice."""
    done = laptop.json("artifacts", "pull", "model/resnet50:v1")
    assert (done["state"], done["skipped"]) == ("done", 0)
    shown = laptop.json("artifacts", "show", "model/resnet50:v1")
    assert shown["downloaded_to"] == done["to"]
    for file in shown["files"]:
        content = (Path(done["to"]) / file["path"]).read_bytes()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == file["digest"]
    again = laptop.json("artifacts", "pull", "model/resnet50:v1")
    assert again["skipped"] == again["files_total"] == len(shown["files"])
    chosen = laptop.json(
        "artifacts", "pull", "dataset/images:v4", "--file", "train/*", "--to", str(tmp_path / "to")
    )
    assert {path.name for path in (tmp_path / "to").rglob("*.jpg")} == {
        "bird.jpg",
        "cat.jpg",
        "copy of cat.jpg",
    }
    assert not (tmp_path / "to" / "empty.txt").exists()
    assert {each["id"] for each in laptop.json("downloads", "list")["downloads"]} == {
        done["id"],
        chosen["id"],
    }
    left = laptop.json("store", "remove", "gpu")
    assert (left["downloads"], left["path"]) == (1, str(Path(done["to"]).parents[1]))
    assert laptop.json("cache", "info")["removed"][0]["store"] == "gpu"
    laptop.json("store", "add", "gpu")
    assert laptop.json("artifacts", "show", "model/resnet50:v1")["downloaded_to"] == done["to"]
    cached = laptop.json("cache", "info")
    assert (cached["stores"][0]["downloads"], cached["removed"]) == (1, [])
    assert laptop.json("cache", "cleanup", "--limit", "0")["removed"] == 1
    assert (tmp_path / "to" / "train" / "cat.jpg").exists()
    assert laptop.json("artifacts", "show", "model/resnet50:v1")["downloaded_to"] is None


def test_cleaning_old_versions(laptop, root, store):
    """The third workflow: done at the server, said so, and visible at once."""
    folder = root.path / "artifacts/model/resnet50/v1"
    words = laptop.run("artifacts", "delete", "model/resnet50:v1", "--yes")
    assert words.out.startswith("Soft deleted resnet50:v1 on gpu, not on this machine.")
    assert (folder / ".deleted").exists()
    assert laptop.json("artifacts", "show", "model/resnet50:v1")["is_deleted"]
    laptop.json("artifacts", "restore", "model/resnet50:v1")
    assert not laptop.json("artifacts", "show", "model/resnet50:v1")["is_deleted"]
    gone = laptop.json("artifacts", "delete", "model/resnet50:v1", "--permanently", "--confirm", "resnet50")
    assert gone["freed_bytes"] > 0
    assert not folder.exists()
    error = laptop.json("artifacts", "show", "model/resnet50:v1", code=1)["error"]
    assert error["kind"] == "unknown_artifact"


def test_names_for_what_matters(laptop, root, store):
    """Aliases move, tags come and go; what the newer layout does not know is refused."""
    laptop.json("artifacts", "alias", "model/resnet50:v3", "production")
    laptop.json("artifacts", "tag", "model/resnet50:v3", "+fast", "--remove", "nothing")
    shown = laptop.json("artifacts", "show", "model/resnet50:production")
    assert (shown["version"], "fast" in shown["tags"]) == (3, True)
    known = json.loads((root.path / "artifacts/model/resnet50/versions.json").read_text())
    assert known["aliases"]["production"] == 3
    for words in (["delete", "output/model.pth", "--yes"], ["alias", "output/model.pth", "x"]):
        assert laptop.json("artifacts", *words, code=1)["error"]["kind"] == "remote_unsupported"


def test_what_changes_there_is_seen_by_the_next_sync(laptop, root, store):
    """New, changed and removed artifacts; nothing else crosses."""
    quiet = laptop.json("store", "sync")["last_sync"]
    assert (quiet["changed"], quiet["removed"]) == (0, 0)
    shutil.copytree(root.path / "artifacts/model/resnet50", root.path / "artifacts/model/resnet51")
    shutil.rmtree(root.path / "artifacts/dataset/resnet50")
    report = laptop.json("store", "sync")["last_sync"]
    assert report["changed"] > 0
    assert report["removed"] > 0
    assert "model/resnet51" in names(laptop)
    assert "dataset/resnet50" not in names(laptop)


def test_one_broken_entry_costs_one_entry(laptop, root, store):
    """It is marked with the reason, and not downloaded as nothing; all others are as they were."""
    before = names(laptop)
    (root.path / "artifacts/model/resnet50/v1/manifest.json").write_text('{"files": [')
    assert laptop.json("store", "sync")["unreadable"] == 1
    assert names(laptop) == before
    assert "manifest.json" in laptop.json("artifacts", "show", "model/resnet50:v1")["problem"]
    error = laptop.json("artifacts", "pull", "model/resnet50:v1", code=1)["error"]
    assert error["kind"] == "wrong_state"
    assert "manifest.json" in error["message"]
    assert laptop.json("artifacts", "pull", "model/resnet50:v3")["state"] == "done"


def test_a_store_outlives_daemon_and_server(laptop, server, store):
    """After a restart, without the server, everything but its machine is there; the reason is told."""
    before = names(laptop)
    server.stop()
    laptop.stop_daemon()
    laptop.start_daemon()
    assert names(laptop) == before
    error = laptop.json("store", "sync", code=1)["error"]
    assert error["kind"] == "host_unreachable"
    status = laptop.json("store", "status")
    assert (status["state"], status["error"]["kind"]) == ("waiting", "host_unreachable")
    assert names(laptop) == before


def test_this_machine_is_a_store_too(laptop, root):
    """The same index and the same commands, without SSH; 'use' switches between them."""
    real_root(OLD, laptop.home / "RunicornData")
    laptop.json("store", "add", "gpu")
    local = laptop.json("store", "add", "local")
    assert (local["is_local"], local["in_use"]) == (True, False)
    laptop.json("store", "use", "local")
    assert "pretrained/backbone" not in names(laptop)
    assert "pretrained/backbone" in names(laptop, "--store", "gpu")
    done = laptop.run("artifacts", "delete", "model/resnet50:v1", "--yes")
    assert "on this machine" in done.out
    assert laptop.json("artifacts", "pull", "model/resnet50:v3")["state"] == "done"
    laptop.json("store", "remove", "local")
    assert [each["name"] for each in laptop.json("store", "list")["stores"]] == ["gpu"]


def test_a_root_that_is_not_there(laptop, server):
    """The store says why; a second root of the same host is another store."""
    error = laptop.json("store", "add", "gpu", "--root", "/no/such/root", "--name", "none", code=1)["error"]
    assert error["kind"] == "root_not_found"
    assert laptop.json("store", "status", "none")["state"] == "failed"
    real_root(OLD, server.home / "second")
    second = laptop.json("store", "add", "gpu", "--root", str(server.home / "second"), "--name", "second")
    assert second["artifacts"] > 0
    folders = {each["path"] for each in laptop.json("cache", "info")["stores"]}
    assert len(folders) == 2


def test_the_mirror_can_be_cleared_and_comes_back(laptop, store):
    """What was there is there again after the next sync."""
    before = names(laptop)
    assert laptop.json("cache", "clear", "--yes")["freed_bytes"] > 0
    assert laptop.json("store", "sync")["state"] == "idle"
    assert names(laptop) == before
