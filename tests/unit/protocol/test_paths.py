"""Where daemon and clients meet."""

import os
import tempfile
from pathlib import Path

import pytest

from runicornd.protocol.paths import MAX_SOCKET_PATH_BYTES, folder_problem, socket_path


@pytest.fixture
def home(monkeypatch):
    """A short folder as home, and none of the variables set."""
    with tempfile.TemporaryDirectory(prefix="rcd-") as name:
        for variable in ("RUNICORND_SOCKET", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("HOME", name)
        yield Path(name)


def test_the_named_socket(home, monkeypatch):
    """``RUNICORND_SOCKET`` is taken as it is, ``~`` resolved."""
    monkeypatch.setenv("RUNICORND_SOCKET", "~/x/d.sock")
    assert socket_path() == home / "x" / "d.sock"


def test_the_runtime_folder(home, monkeypatch):
    """The socket is below ``XDG_RUNTIME_DIR`` where that is ours, and made by nobody yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    assert socket_path() == home / "runicornd" / "runicornd.sock"
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("mode", [None, 0o777, 0o720])
def test_a_runtime_folder_that_is_not_ours(home, monkeypatch, mode):
    """A missing folder, or one that others can write to, is passed over."""
    folder = home / "run"
    if mode is not None:
        folder.mkdir()
        folder.chmod(mode)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert folder not in socket_path().parents


def test_a_runtime_folder_that_is_relative(home, monkeypatch):
    """It means nothing, as the XDG specification has it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", ".")
    assert socket_path().is_absolute()
    assert Path.cwd() not in socket_path().parents


@pytest.mark.skipif(Path(f"/run/user/{os.getuid()}").is_dir(), reason="there is a runtime folder")
def test_no_runtime_folder(home):
    """Then it is in the state folder, which does not depend on a session or on TMPDIR."""
    assert socket_path().name == "runicornd.sock"
    assert home in socket_path().parents


def test_a_path_that_is_too_long(home, monkeypatch):
    """Another one is taken that fits."""
    folder = home / ("x" * 100)
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert len(os.fsencode(socket_path())) <= MAX_SOCKET_PATH_BYTES
    assert str(os.getuid()) in str(socket_path().parent)


def test_folders_to_trust(home):
    """Only a real folder of ours that is closed to others."""
    good = home / "good"
    good.mkdir(mode=0o700)
    assert folder_problem(good) is None
    (home / "link").symlink_to(good)
    (home / "file").touch()
    assert "symbolic link" in folder_problem(home / "link")
    assert "not a folder" in folder_problem(home / "file")
    assert folder_problem(home / "missing")
    good.chmod(0o750)
    assert "open to other users" in folder_problem(good)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else(home):
    """It is named with its owner."""
    folder = home / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    assert "belongs to uid 65534" in folder_problem(folder)
