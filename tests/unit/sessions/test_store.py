"""Session files."""

import json
from pathlib import Path

import pytest

from runicornd.errors import StateUnwritable
from runicornd.remote.models import ViewerIdentity, ViewerRecord
from runicornd.sessions.model import ChosenEnvironment, Intent
from runicornd.sessions.store import SessionStore

SAMPLES = Path(__file__).parent / "files"
INTENT = Intent(
    id="gpu-server",
    target="gpu-server",
    viewer="runicorn",
    created=1795316400.0,
    local_port=8081,
    environment=ChosenEnvironment("train", "/home/ada/my env/bin/python", "0.7.2"),
    record=ViewerRecord(
        identity=ViewerIdentity("0f" * 8, 4711, "12345", "a-boot-id"),
        session="gpu-server",
        keeper_pid=4710,
        endpoint="/tmp/runicornd-1000/0f/viewer.sock",
        transport="unix",
        log="/tmp/runicornd-1000/0f/viewer.log",
        root="/data/größe",
        started=1795316401.5,
    ),
)


def test_what_is_saved_is_loaded(tmp_path):
    """A session survives with every field."""
    SessionStore(tmp_path / "new" / "folder").save(INTENT)
    assert SessionStore(tmp_path / "new" / "folder").load() == [INTENT]


def test_a_file_is_private(tmp_path):
    """Others on this machine learn nothing."""
    SessionStore(tmp_path).save(INTENT)
    assert (tmp_path / "gpu-server.json").stat().st_mode & 0o777 == 0o600


def test_the_file_of_the_first_release_loads():
    """The format of 0.1 is read for good."""
    assert SessionStore(SAMPLES / "v1").load() == [INTENT]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"version": 1}', b'{"version":1,"session":{"id":3}}']
)
def test_a_damaged_file_is_set_aside_and_costs_only_itself(tmp_path, content):
    """Its bytes are kept under another name, and the other sessions load."""
    store = SessionStore(tmp_path)
    store.save(INTENT)
    (tmp_path / "broken.json").write_bytes(content)
    assert store.load() == [INTENT]
    [kept] = tmp_path.glob("broken.json.corrupt-*")
    assert kept.read_bytes() == content
    assert not (tmp_path / "broken.json").exists()


def test_a_file_under_another_name_is_set_aside(tmp_path):
    """A copied file, or one that names a path, would be saved over something else."""
    SessionStore(tmp_path).save(INTENT)
    (tmp_path / "copy.json").write_bytes((tmp_path / "gpu-server.json").read_bytes())
    assert SessionStore(tmp_path).load() == [INTENT]
    assert list(tmp_path.glob("copy.json.corrupt-*"))


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    """An older daemon neither reads nor moves it."""
    path = tmp_path / "future.json"
    path.write_text(json.dumps({"version": 99, "session": "whatever"}))
    assert SessionStore(tmp_path).load() == []
    assert path.exists()


def test_a_deleted_session_does_not_come_back(tmp_path):
    """Deleting removes the file, and deleting again is fine."""
    store = SessionStore(tmp_path)
    store.save(INTENT)
    store.delete(INTENT.id)
    store.delete(INTENT.id)
    assert store.load() == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """A file in the folder's place gives a clear error."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StateUnwritable, match="cannot save session gpu-server"):
        SessionStore(tmp_path / "state" / "sessions").save(INTENT)


def test_what_is_there_already_is_not_written_again(tmp_path):
    """A daemon that starts needs no space for what has not changed; a damaged file is mended."""
    store = SessionStore(tmp_path)
    store.save(INTENT)
    path = tmp_path / "gpu-server.json"
    before = path.stat().st_ino
    store.save(INTENT)
    assert path.stat().st_ino == before
    path.write_bytes(b"garbage")
    store.save(INTENT)
    assert store.load() == [INTENT]
