"""What is made of a far end's answers; the far end is a fake."""

from dataclasses import replace

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.doctor.far_end import KNOCK, FarEnd
from runicornd.errors import ForwardingForbidden
from runicornd.remote.models import Account, Environment, Place, StorageRoot
from runicornd.ssh.targets import Host
from runicornd.viewers.kinds.registry import standard_kinds

GB = 1_000_000_000
PLACE = Place("home", "/home/ada", True, True, True, 0o700, 1000, 50 * GB, 100 * GB, 900, 1000, False)


class Stream:
    def __init__(self, data):
        self.data = data

    async def read(self, limit):
        data, self.data = self.data[:limit], self.data[limit:]
        return data

    def abort(self):
        pass


class Remote:
    """Answers as it is told."""

    def __init__(self):
        self.ahead_s = 0.0
        self.forbidden = set()
        self.knock = KNOCK
        self.home = PLACE
        self.root = replace(PLACE, name="root", path="/data")
        self.found = ()

    async def clock(self):
        return SystemClock().wall() + self.ahead_s

    async def account(self, root=""):
        return Account("/bin/bash", "Linux", 0o22, (self.home, replace(self.root, path=root or "/data")))

    async def environments(self, _packages):
        return self.found, StorageRoot("/data", "RUNICORN_DIR", self.root.is_folder, self.root.readable)

    async def listen(self, transport):
        return {"unix": "/run/v.sock", "tcp": "127.0.0.1:99"}[transport]

    async def open_endpoint(self, transport, endpoint):
        if transport in self.forbidden:
            raise ForwardingForbidden(f"cannot connect to {endpoint}")
        return Stream(self.knock)


class Link:
    host = Host("gpu", "gpu", user="ada")


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def far(remote):
    far = FarEnd("gpu", kind=standard_kinds().get("runicorn"), clock=SystemClock())
    far.reach(Link(), remote)
    return far


@pytest.mark.parametrize(("ahead_s", "words"), [(3700, "62 min ahead of ours"), (-90, "90 s behind ours")])
async def test_a_clock_that_is_wrong(far, remote, ahead_s, words):
    """How much, and in which direction."""
    remote.ahead_s = ahead_s
    found = await far.clock()
    assert found.verdict == "warning"
    assert words in found.text
    remote.ahead_s = 20
    assert (await far.clock()).verdict == "ok"


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, "ok", "50.0 GB free"),
        ({"free": GB // 2}, "warning", "500.0 MB of 100.0 GB left"),
        ({"free": 1000}, "failure", "full"),
        ({"free_inodes": 10}, "warning", "room for 10 more files"),
        ({"free_inodes": 0}, "failure", "room for 0 more files"),
        ({"inodes": 0, "free_inodes": 0}, "ok", "50.0 GB free"),
    ],
)
async def test_disks(far, remote, change, verdict, words):
    """Bytes and inodes count; file systems that count no inodes are not full."""
    remote.home = replace(PLACE, **change)
    found = await far.disk()
    assert (str(found.verdict), words in found.text) == (verdict, True), found


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, "ok", "chosen by RUNICORN_DIR"),
        ({"writable": False, "read_only": True}, "warning", "its file system is read-only"),
        ({"writable": False}, "warning", "may not write there"),
        ({"readable": False, "writable": False, "mode": 0o300}, "failure", "mode 300"),
        ({"is_folder": False}, "failure", "does not exist"),
    ],
)
async def test_storage_roots(far, remote, change, verdict, words):
    """Reading is needed to view, writing to change."""
    remote.root = replace(remote.root, **change)
    await far.environments()
    found = await far.root()
    assert (str(found.verdict), words in found.text) == (verdict, True), found


async def test_environments_without_a_viewer_come_with_the_line_that_mends_them(far, remote):
    """The command line of pip for the environment's own Python."""
    remote.found = (Environment("torch", "venv", "/opt/torch", "/opt/torch/bin/python", "3.11.2", {}),)
    found = await far.environments()
    assert found.verdict == "warning"
    assert "/opt/torch/bin/python -m pip install" in found.hint


@pytest.mark.parametrize(
    ("forbidden", "unix", "tcp"),
    [
        ((), "ok", "ok"),
        (("tcp",), "ok", "ok"),
        (("unix",), "warning", "ok"),
        (("unix", "tcp"), "warning", "failure"),
    ],
)
async def test_one_way_to_the_viewer_is_enough(far, remote, forbidden, unix, tcp):
    """Only without any the viewer cannot be reached."""
    remote.forbidden = set(forbidden)
    assert (str((await far.unix_sockets()).verdict), str((await far.forwarding()).verdict)) == (unix, tcp)


async def test_somebody_else_at_the_socket_is_no_success(far, remote):
    """A server that accepts every channel and forwards none is found out."""
    remote.knock = b"hello, I am a proxy"
    assert (await far.unix_sockets()).verdict == "warning"


async def test_a_home_that_cannot_be_written(far, remote):
    """It is a warning: viewers get a home of their own."""
    remote.home = replace(PLACE, writable=False)
    assert (await far.home()).verdict == "warning"
