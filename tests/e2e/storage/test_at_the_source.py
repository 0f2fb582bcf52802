"""What a real Runicorn changes comes into the mirror by itself; what we change, it reads back."""

import os

import pytest

from tests.helpers.laptop import Laptop
from tests.helpers.real_roots import OLD, ask_real, real_root
from tests.helpers.real_words import DELETE, LOOK, SAVE
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd

SET_ALIAS = """
import json, sys
from pathlib import Path
from filelock import FileLock
from runicorn.artifacts.storage import ArtifactStorage

storage = ArtifactStorage(Path(sys.argv[1]))
name, kind, number, alias = sys.argv[2:]
with FileLock(str(storage._get_artifact_dir(name, kind) / ".lock")):
    index = storage._load_index(name, kind)
    index.aliases[alias] = int(number)
    storage._save_index(name, kind, index)
print("null")
"""


@pytest.fixture
def root(server):
    return real_root(OLD, server.home / "RunicornData").path


@pytest.fixture
def real(root):
    """Ask a real Runicorn 0.5.3 about the model, or let it change it."""

    def real(script, *arguments):
        return ask_real(OLD, script, root, "resnet50", "model", *arguments)

    return real


def history(call):
    versions = call("artifacts.get", ref="model/resnet50")["versions"]
    return {each["version"]: (each["is_deleted"], sorted(each["aliases"])) for each in versions}


def test_what_a_real_runicorn_does_is_noticed_without_being_asked(real, root, call):
    """A new version, a soft deletion and an alias, all seen by the next automatic sync."""
    call("stores.add", target="gpu", interval_s=10)
    call("stores.sync")
    number = real(SAVE, "made while nobody looked")
    real(DELETE, 1, "soft")
    real(SET_ALIAS, 3, "stable")
    seen = until(
        lambda: number in (found := history(call)) and found[1][0] and "stable" in found[3][1] and found,
        patience_s=30,
    )
    assert seen[number] == (False, ["latest"])
    assert call("stores.status")["last_sync"]["problems"] == 0


def test_what_we_change_a_real_runicorn_reads_back(laptop, real, root):
    """Every change of ours, through the command line and the daemon, over SSH."""
    laptop.json("store", "add", "gpu")
    model = "model/resnet50"
    laptop.json("artifacts", "alias", f"{model}:v3", "production")
    laptop.json("artifacts", "tag", f"{model}:v3", "+fast", "+small")
    laptop.json("artifacts", "delete", f"{model}:v1", "--yes")
    laptop.json("artifacts", "restore", f"{model}:v2")
    seen = real(LOOK)
    assert (seen["aliases"]["production"], seen["latest"]) == (3, 3)
    assert {"fast", "small"} <= set(seen["versions"]["3"]["tags"])
    assert seen["versions"]["1"]["deleted"]["deleted_by"] == "user"
    assert seen["versions"]["2"]["deleted"] is None
    laptop.json("artifacts", "alias", f"{model}:v3", "production", "--remove")
    laptop.json("artifacts", "tag", f"{model}:v3", "--remove", "small")
    laptop.json("artifacts", "delete", f"{model}:v1", "--permanently", "--confirm", "resnet50")
    seen = real(LOOK)
    assert "production" not in seen["aliases"]
    assert "small" not in seen["versions"]["3"]["tags"]
    assert seen["versions"]["1"].get("gone")
    number = real(SAVE, "the next one")
    laptop.json("store", "sync")
    shown = laptop.json("artifacts", "show", model)
    assert (shown["version"], [each["version"] for each in shown["versions"]]) == (number, [4, 3, 2])


def test_two_hosts_do_not_mix(servers, laptop, call):
    """Each has its own mirror; 'use' says which is meant, 'disconnect' leaves one alone."""
    for name in ("one", "two"):
        server = servers(name)
        laptop.know(server, name)
        root = real_root(OLD, server.home / "RunicornData").path
        if name == "two":
            ask_real(OLD, SAVE, root, "only-here", "model", "x")
        call("stores.add", target=name)
        call("stores.sync", store=name)
    assert call("stores.list")["in_use"] == "one"
    assert call.error("artifacts.get", ref="only-here")["kind"] == "unknown_artifact"
    assert call("artifacts.get", ref="only-here", store="two")["where"] == "two"
    call("stores.use", store="two")
    assert call("artifacts.get", ref="only-here")["store"] == "two"
    call("stores.disconnect", store="two")
    for method in ("stores.sync", "artifacts.restore"):
        params = {"ref": "only-here"} if method == "artifacts.restore" else {}
        assert call.error(method, store="two", **params)["kind"] in {"not_connected", "wrong_state"}
    assert call.error("downloads.start", ref="only-here")["kind"] in {"not_connected", "wrong_state"}
    assert call("artifacts.get", ref="only-here")["version"] == 1
    call("stores.sync", store="one")
    call("stores.connect", store="two")
    assert call("stores.sync", store="two")["state"] == "idle"


def test_a_root_that_disappears_is_no_deletion(root, call):
    """The mirror stays until the root is there again."""
    call("stores.add", target="gpu")
    before = call("stores.sync")
    aside = root.with_name("away")
    root.rename(aside)
    assert call.error("stores.sync")["kind"] == "root_not_found"
    root.mkdir()  # as a mount point is, when its disk is not mounted
    assert call.error("stores.sync")["kind"] == "root_not_found"
    status = call("stores.status")
    assert (status["versions"], status["state"]) == (before["versions"], "failed")
    assert history(call)
    root.rmdir()
    aside.rename(root)
    assert call("stores.sync")["versions"] == before["versions"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(root, call):
    """What is known below it stays; the rest goes on, and the reason is told."""
    call("stores.add", target="gpu")
    before = call("stores.sync")
    folder = root / "artifacts/model/resnet50"
    folder.chmod(0)
    try:
        after = call("stores.sync")
        assert (after["versions"], after["unreadable"] > 0) == (before["versions"], True)
        assert history(call)
    finally:
        folder.chmod(0o755)
    assert call("stores.sync")["unreadable"] == 0


def test_a_laptop_that_begins_again(tmp_path, servers):
    """The store, its mirror and what is in use outlive a reboot: a new daemon with the same home."""
    server = servers("gpu")
    real_root(OLD, server.home / "RunicornData")
    with Laptop(tmp_path) as laptop:
        laptop.know(server, "gpu")
        first = laptop.json("store", "add", "gpu", "--no-auto")
        laptop.stop_daemon()
        server.stop()
        laptop.start_daemon()
        again = laptop.json("store", "status")
        same = ("name", "root", "versions", "runs", "in_use", "interval_s", "last_sync")
        assert {key: again[key] for key in same} == {key: first[key] for key in same}
