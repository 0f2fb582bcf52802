"""Changes through a real agent: over its channel, with its Python, on disks that are full or closed."""

import fcntl
import os
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from runicornd.errors import (
    DiskFull,
    InvalidParams,
    MetadataBroken,
    PermissionDenied,
    ReadOnly,
    RootNotFound,
    StoreLocked,
    UnknownArtifact,
)
from runicornd.remote.models import StoreChange
from runicornd.storage.model import Layout, Version, VersionKey
from runicornd.storage.operations import Machine, Operations
from tests.helpers.artifact_root import CREATED, ArtifactRoot
from tests.helpers.disks import SmallDisk, fill
from tests.helpers.far_end import FarEnd, python_of_version


@pytest.fixture(params=["", "3.6"])
def python(request):
    """This Python, and the oldest that is supported."""
    found = python_of_version(request.param) if request.param else sys.executable
    if found is None:
        pytest.skip(f"Python {request.param} is not installed")
    return found


@pytest.fixture
async def far(tmp_path):
    (tmp_path / "home").mkdir()
    far = FarEnd(tmp_path / "home")
    yield far
    await far.dispose()


@pytest.fixture
def root(tmp_path):
    return ArtifactRoot(tmp_path / "data")


def change_of(root, version=1, **change):
    return StoreChange(str(root), "artifacts", "model", "resnet50", version, change or {"do": "delete"}, "k")


async def test_changes_cross_the_wire(tmp_path, root, python):
    """With every Python that is supported, and answered as they were made."""
    (tmp_path / "old").mkdir()
    far = FarEnd(tmp_path / "old", python=python)
    host = far.host()
    try:
        assert (await host.change_store(change_of(root.path))).changed
        assert not (await host.change_store(replace(change_of(root.path), key="other"))).changed
        await host.change_store(replace(change_of(root.path, 2, do="alias", alias="best"), key="a"))
        moved = await host.change_store(replace(change_of(root.path, 3, do="alias", alias="best"), key="b"))
        assert (moved.changed, moved.was_at) == (True, 2)
        await host.change_store(replace(change_of(root.path, 3, do="tag", add=["图像"]), key="c"))
        gone = change_of(root.path, 1, do="delete", permanently=True, created=CREATED + 1)
        made = await host.change_store(replace(gone, key="d"))
        assert made.freed_bytes > 1000
        assert made.left is None
    finally:
        await host.close()
        await far.dispose()
    assert root.metadata(3)["tags"] == ["raw", "图像"]
    assert not root.version(1).exists()


async def test_every_refusal_has_its_kind(far, root):
    """As the daemon's own errors."""
    host = far.host()
    before = root.everything()
    for wanted, kind in (
        (change_of(root.path, 9), UnknownArtifact),
        (change_of(root.path / "nowhere"), RootNotFound),
        (change_of(root.path, 1, do="alias", alias="latest"), InvalidParams),
        (change_of(root.path, 1, do="nothing"), InvalidParams),
    ):
        with pytest.raises(kind):
            await host.change_store(wanted)
    assert root.everything() == before
    (root.folder / "versions.json").write_text("{")
    with pytest.raises(MetadataBroken) as caught:
        await host.change_store(change_of(root.path, 1, do="alias", alias="best"))
    assert caught.value.hint
    await host.close()


async def test_a_lock_that_is_held_is_named_in_the_end(far, root):
    """Somebody has it for longer than we wait; then it is free again."""
    host = far.host()
    with (root.folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreLocked, match=r"resnet50/\.lock"):
            await host.change_store(change_of(root.path))
    assert (await host.change_store(change_of(root.path))).changed
    await host.close()


class Elsewhere(FarEnd):
    """A far end whose agent sees a small disk of its own."""

    def see(self, disk):
        self.shell = ("/bin/sh", "-c", 'exec "$@"', "sh", *disk.wrapper, "/bin/sh", "-c")


@pytest.fixture
async def small(tmp_path):
    """A root on a small disk, and a host that sees it."""
    with SmallDisk(tmp_path / "disk") as disk:
        root = ArtifactRoot(disk.seen / "data")
        (tmp_path / "small-home").mkdir()
        far = Elsewhere(tmp_path / "small-home")
        far.see(disk)
        host = far.host()
        yield root, host, disk, tmp_path / "disk" / "data"
        await host.close()
        await far.dispose()


async def test_a_full_disk_changes_nothing(small):
    """Not one of several files is replaced, and nothing is left beside them."""
    root, host, disk, path = small
    (root.folder / ".lock").touch()
    fill(disk.seen)
    before = root.everything()
    for number, change in enumerate(
        ({"do": "delete"}, {"do": "alias", "alias": "best"}, {"do": "tag", "add": ["x"]})
    ):
        with pytest.raises(DiskFull):
            await host.change_store(replace(change_of(path, 1, **change), key=str(number)))
    assert root.everything() == before


async def test_a_full_disk_can_be_freed(small):
    """There is no room to write the shorter list: the files go first."""
    root, host, disk, path = small
    (root.folder / ".lock").touch()
    fill(disk.seen)
    made = await host.change_store(change_of(path, 2, do="delete", permanently=True))
    assert made.freed_bytes > 1000
    assert not root.version(2).exists()
    assert root.index()["versions"][1]["status"] == "deleted"


def make_read_only(disk, path):
    # In a user namespace only the mount can be changed, not the disk.
    how = "remount,ro" if os.getuid() == 0 else "remount,ro,bind"
    subprocess.run([*disk.wrapper, "mount", "-o", how, str(path)], check=True, capture_output=True)


async def test_a_root_that_is_read_only_says_so(small):
    """Nothing can be changed there by anybody."""
    root, host, disk, path = small
    make_read_only(disk, path.parent)
    before = root.everything()
    with pytest.raises(ReadOnly):
        await host.change_store(change_of(path))
    assert root.everything() == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
async def test_a_folder_of_somebody_else_says_so(far, root):
    """The system forbids it, and that is what is told."""
    nobody = shlex.join(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    for path in (root.path, *root.path.parents):
        if path.stat().st_uid == 0 and not path.stat().st_mode & 0o005 and str(path).startswith("/tmp/"):
            path.chmod(path.stat().st_mode | 0o055)
    far.shell = ("/bin/sh", "-c", f'cd / && exec {nobody} /bin/sh -c "$0"')
    host = far.host()
    with pytest.raises(PermissionDenied, match="resnet50"):
        await host.change_store(change_of(root.path))
    await host.close()


async def test_a_change_is_told_with_its_place(far, root):
    """The whole way from a version of the index to the sentence that the user reads."""
    version = Version(
        key=VersionKey("model", "resnet50", 2),
        layout=Layout.ARTIFACTS,
        path="artifacts/model/resnet50/v2",
        created=CREATED + 2,
        updated=CREATED + 2,
    )
    host = far.host()
    machine = Machine("gpu", "gpu-server", False, str(root.path), host)
    report = await Operations().delete(machine, version)
    assert report.message == "Soft deleted resnet50:v2 on gpu-server, not on this machine"
    report = await Operations().delete(machine, version, permanently=True, confirm="resnet50")
    assert report.message == "Permanently deleted resnet50:v2 on gpu-server, not on this machine"
    assert report.freed_bytes > 1000
    await host.close()
