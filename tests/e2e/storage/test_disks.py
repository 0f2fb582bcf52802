"""Disks that are full or read-only, here and at the source. The source is this machine's own store here."""

import os
import subprocess

import pytest

from tests.helpers.artifact_root import ArtifactRoot
from tests.helpers.calling import Calls
from tests.helpers.disks import SmallDisk, fill
from tests.helpers.laptop import Laptop
from tests.helpers.many_artifacts import write_many


@pytest.fixture
def laptop(tmp_path):
    """A laptop whose daemon does not run yet."""
    return Laptop(tmp_path)


def names(call):
    return {one["name"] for one in call.pages("artifacts.list", "artifacts", limit=200)}


def test_a_full_disk_here_keeps_the_mirror_as_it_was(laptop, tmp_path):
    """The sync says so and changes nothing; with room again it completes."""
    root = tmp_path / "root"
    ArtifactRoot(root)
    with SmallDisk(laptop.home / ".cache", size="8m") as disk:
        laptop.wrapper = disk.wrapper
        with laptop, Calls(laptop.socket) as call:
            call("stores.add", target="local", root=str(root))
            call("stores.sync")
            write_many(root, 40, each_bytes=20_000)
            filler = fill(disk.seen)
            error = call.error("stores.sync")
            assert (error["kind"], bool(error["hint"])) == ("local_disk_full", True)
            assert names(call) == {"resnet50"}
            filler.unlink()
            assert call("stores.sync")["state"] == "idle"
            assert len(names(call)) == 41


def test_a_download_that_does_not_fit_is_not_begun(laptop, tmp_path):
    """Both numbers are told; nothing lies around."""
    root = ArtifactRoot(tmp_path / "root")
    with SmallDisk(tmp_path / "small") as disk:
        laptop.wrapper = disk.wrapper
        with laptop, Calls(laptop.socket) as call:
            call("stores.add", target="local", root=str(root.path))
            call("stores.sync")
            error = call.error("downloads.start", ref="resnet50:v1", to=str(tmp_path / "small/to"))
            assert error["kind"] == "local_disk_full"
            assert error["context"].keys() >= {"needed", "free"}
            assert [path for path in disk.seen.rglob("*") if path.is_file()] == []


def test_a_full_disk_at_the_source_changes_nothing(laptop, tmp_path):
    """Changes are refused and can be repeated; a permanent deletion makes room."""
    with SmallDisk(tmp_path / "data") as disk:
        laptop.wrapper = disk.wrapper
        root = ArtifactRoot(disk.seen / "root")
        with laptop, Calls(laptop.socket) as call:
            call("stores.add", target="local", root=str(tmp_path / "data/root"))
            call("stores.sync")
            before = root.everything()
            filler = fill(disk.seen)
            error = call.error("artifacts.alias", ref="resnet50:v1", alias="best")
            assert error["kind"] == "disk_full", error
            assert root.everything() == before
            gone = call("artifacts.delete", ref="resnet50:v1", permanently=True, confirm="resnet50")
            assert gone["changed"]
            filler.unlink()
            assert call("artifacts.alias", ref="resnet50:v2", alias="best")["changed"]


def test_a_read_only_root_is_read(laptop, tmp_path):
    """Everything but changes works; those say why not."""
    with SmallDisk(tmp_path / "data") as disk:
        laptop.wrapper = disk.wrapper
        root = ArtifactRoot(disk.seen / "root")
        again = "remount,ro" if os.getuid() == 0 else "remount,ro,bind"
        mount = ["mount", "-o", again, str(tmp_path / "data")]
        subprocess.run([*disk.wrapper, *mount], check=True, timeout=20)
        with laptop, Calls(laptop.socket) as call:
            call("stores.add", target="local", root=str(tmp_path / "data/root"))
            assert call("stores.sync")["versions"] == 3
            before = root.everything()
            changes = (
                ("artifacts.alias", {"alias": "best"}),
                ("artifacts.tag", {"add": ["new"]}),
                ("artifacts.delete", {}),
                ("artifacts.delete", {"permanently": True, "confirm": "resnet50"}),
            )
            for method, params in changes:
                error = call.error(method, ref="resnet50:v1", **params)
                assert error["kind"] == "read_only", (method, error)
            assert root.everything() == before
            assert call("artifacts.get", ref="resnet50:v1")["is_deleted"] is False
