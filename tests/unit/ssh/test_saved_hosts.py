"""The file of saved hosts."""

import json

import pytest

from runicornd.errors import InvalidTarget, StateUnwritable, UnknownHost
from runicornd.ssh.saved_hosts import SavedHost, SavedHosts


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "hosts.json"


def test_saves_and_loads(path):
    """What was saved is there after a restart, by name."""
    hosts = SavedHosts(path)
    hosts.save(SavedHost("gpu", "ada@10.0.0.1:2222", path.parent / "key"))
    hosts.save(SavedHost("Ångström", "box"))
    hosts.save(SavedHost("gpu", "ada@10.0.0.2"))
    again = SavedHosts(path)
    assert again.all() == (SavedHost("gpu", "ada@10.0.0.2"), SavedHost("Ångström", "box"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_removes(path):
    """A removed host is gone; an unknown one is an error."""
    hosts = SavedHosts(path)
    hosts.save(SavedHost("gpu", "box"))
    hosts.remove("gpu")
    assert SavedHosts(path).find("gpu") is None
    with pytest.raises(UnknownHost):
        hosts.remove("gpu")


@pytest.mark.parametrize("name", ["", "local", "a b", "-x", "a:22", "x\n", "a/b"])
def test_bad_names(path, name):
    """Names that could be no target are refused."""
    with pytest.raises(InvalidTarget):
        SavedHosts(path).save(SavedHost(name, "box"))


def test_bad_address(path):
    """Addresses are checked when they are saved."""
    with pytest.raises(InvalidTarget):
        SavedHosts(path).save(SavedHost("gpu", "a;b"))
    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 99, "hosts": []}',
        b'{"version": 1}',
        b'{"version": 1, "hosts": [1]}',
        b'{"version": 1, "hosts": [{"name": "x"}]}',
        b'{"version": 1, "hosts": [{"name": "x", "address": "y", "identity_file": 3}]}',
    ],
)
def test_bad_file_is_set_aside(path, text):
    """A file that makes no sense is kept under another name, and saving works again."""
    path.parent.mkdir()
    path.write_bytes(text)
    hosts = SavedHosts(path)
    assert hosts.all() == ()
    assert hosts.quarantined.read_bytes() == text
    assert hosts.quarantined.name.startswith("hosts.json.corrupt-")
    hosts.save(SavedHost("gpu", "box"))
    assert json.loads(path.read_text())["version"] == 1


def test_folder_that_cannot_be_written(tmp_path):
    """Nothing has changed when saving fails."""
    (tmp_path / "state").write_text("")
    hosts = SavedHosts(tmp_path / "state" / "hosts.json")
    with pytest.raises(StateUnwritable):
        hosts.save(SavedHost("gpu", "box"))
    assert hosts.all() == ()
