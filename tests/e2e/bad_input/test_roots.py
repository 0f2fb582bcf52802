"""Storage roots that are not there, are no folders, may not be read, or are full."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.helpers.laptop import fetch
from tests.helpers.standin import FILLS_THE_DISK, system_python


def test_a_root_that_is_missing(far):
    """The absolute path is told, and what to do."""
    far.viewer()
    refusal = far.refused("--env", "train", "--root", "/no/such folder")
    assert refusal.kind == "root_not_found"
    assert refusal.message == "cannot use the storage root /no/such folder: there is none"
    assert "--root" in refusal.hint
    assert refusal.context["path"] == "/no/such folder"


def test_a_root_that_is_no_folder(far):
    """A file is none."""
    far.viewer()
    (far.home.path / "runs.db").touch()
    refusal = far.refused("--env", "train", "--root", "~/runs.db")
    assert refusal.kind == "root_not_found"
    assert refusal.message == f"cannot use the storage root {far.home.path}/runs.db: not a folder"
    assert "--root" in refusal.hint


def test_the_default_root_is_missing(far):
    """A server on which nothing was ever logged."""
    far.viewer()
    (far.home.path / "RunicornData").rmdir()
    refusal = far.refused("--env", "train")
    assert refusal.kind == "root_not_found"
    assert f"its storage root {far.home.path}/RunicornData does not exist" in refusal.message
    assert (
        refusal.hint
        == f"log a run there first, or name the folder: runicornctl connect {far.alias} --root DIR"
    )


@pytest.mark.parametrize(("mode", "word"), [(0o000, "readable"), (0o555, "writable")])
def test_a_root_without_permission(request, mode, word):
    """For root everything is permitted: then another account is the one that may not."""
    far = request.getfixturevalue("make_account" if os.getuid() == 0 else "make_far")()
    far.viewer(python=system_python())
    root = far.home.path / "secret"
    root.mkdir(mode)
    root.chmod(mode)
    refusal = far.refused("--env", "train", "--root", str(root))
    assert refusal.kind == "permission_denied"
    assert refusal.message == f"cannot use the storage root {root}: it is not {word} for this account"
    assert "ls -ld" in refusal.hint
    root.chmod(0o755)


def test_a_root_behind_a_closed_folder(request):
    """The same where the folder above may not be entered."""
    far = request.getfixturevalue("make_account" if os.getuid() == 0 else "make_far")()
    far.viewer(python=system_python())
    root = far.home.path / "secret" / "data"
    root.mkdir(parents=True)
    root.parent.chmod(0)
    refusal = far.refused("--env", "train", "--root", str(root))
    assert refusal.kind == "permission_denied"
    assert refusal.message == f"cannot use the storage root {root}: no permission"
    root.parent.chmod(0o755)


@pytest.fixture
def full(make_far):
    """Makes servers with a full disk that nobody else sees, and its path."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounts for one process alone are not permitted here")
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$0" && mkdir -p "$0/data/runs" && '
        '{ cat /dev/zero > "$0/filler"; exec "$@"; }'
    )

    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as disk:

        def make(**variables):
            return make_far(wrapper=["unshare", "--mount", "sh", "-c", script, disk], variables=variables)

        yield make, disk


def test_no_space_for_the_viewers_files(full):
    """The disk with the private folder is full: nothing is started."""
    make, disk = full
    far = make(RUNICORND_RUN_DIR=f"{disk}/run")
    far.viewer()
    refusal = far.refused("--env", "train")
    assert refusal.kind == "disk_full"
    assert "No space left on device" in refusal.message
    assert refusal.message.startswith("cannot ")
    assert "free space on the server" in refusal.hint
    seen = Path(f"/proc/{far.server.pid}/root{disk}")
    assert {path.name for path in seen.iterdir()} == {"data", "filler", "run"}
    assert not list((seen / "run").iterdir())


def test_a_viewer_for_which_the_disk_is_full(full):
    """What the viewer says on its end is understood."""
    make, disk = full
    far = make()
    far.viewer(FILLS_THE_DISK)
    refusal = far.refused("--env", "train", "--root", f"{disk}/data")
    assert refusal.kind == "disk_full"
    assert refusal.message == "cannot run the viewer: the disk of its host is full"
    assert "free some space" in refusal.hint


ODD = [
    "with  blanks, 'single' and \"double\" quotes",
    "$(touch owned) `touch owned` ;touch owned& #",
    "two\nlines",
    "-rf",
    "größe-模型-🦄 {fd} %h ~ back\\slash",
]


def test_odd_names_of_roots(far):
    """The viewer gets exactly the folder that was named; nothing is executed on the way."""
    far.viewer()
    for name in ODD:
        root = far.home.path / "data" / name
        root.mkdir(parents=True)
        session = far.connect("--env", "train", f"--root={root}")
        assert session["root"] == str(root)
        assert json.loads(fetch(session["url"] + "/api/health")[1])["storage"] == str(root)
        far.laptop.json("stop", session["id"], "--forget")
    assert not list(far.home.path.rglob("owned"))


def test_a_relative_root_starts_at_home(far):
    """Also when it looks like an option."""
    far.viewer()
    (far.home.path / "-rf").mkdir()
    assert far.connect("--env", "train", "--root=-rf")["root"] in {"-rf", f"{far.home.path}/-rf"}
    far.forget()


def test_a_root_that_is_not_utf8(far):
    """What cannot be sent is told before anything begins; as the server writes it, it can be named."""
    far.viewer()
    root = far.home.path / os.fsdecode(b"caf\xe9")
    root.mkdir()
    refusal = far.refused("--env", "train", "--root", str(root), code=2)
    assert refusal.kind == "invalid_params"
    assert refusal.message == "cannot send the request: an argument is not valid UTF-8"
    assert "copied" in refusal.hint
    written = f"{far.home.path}/caf\uf7e9"
    session = far.connect("--env", "train", "--root", written)
    assert session["root"] == written
    assert json.loads(fetch(session["url"] + "/api/health")[1])["storage"] == str(root)
    far.forget()


def test_a_null_character_in_a_root(far):
    """Through the socket anything can come."""
    far.viewer()
    params = {"target": far.alias, "env": "train", "root": "/tmp/a\0b"}
    before = far.traces()
    far.laptop.run("rpc", "sessions.start", json.dumps(params))
    failed = far.laptop.wait_for(far.alias, "failed")
    assert failed["error"]["kind"] in {"root_not_found", "invalid_params"}
    before.nothing_added()
