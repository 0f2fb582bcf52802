"""What is sent of a scan when things change between the look and the reading."""

import os
import shutil
import threading

import pytest

from runicornd.agent.store_io import Output
from runicornd.agent.store_root import Root
from runicornd.agent.store_scan import Most, Scan
from runicornd.agent.store_sync import Sender, send_changes
from runicornd.errors import RootNotFound
from runicornd.remote.store_decode import SyncDecoder
from runicornd.remote.store_frames import MetadataFile, MetadataGone, SyncEnded
from tests.helpers.ordinary import as_ordinary_user, open_folder

LIMIT = 100_000
MOST = Most(LIMIT, LIMIT)
V1 = "artifacts/model/net/v1"


def fill(folder):
    for name in ("metadata.json", "manifest.json"):
        (folder / V1).mkdir(parents=True, exist_ok=True)
        (folder / V1 / name).write_text(f'"{name}"')


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    fill(folder)
    return folder


def look(folder):
    scan = Scan(Root(str(folder)), MOST, lambda _files: None)
    scan.run()
    return scan


def send(scan, gone=()):
    """Send it through a pipe; return what arrives."""
    reading, writing = os.pipe()
    heard = bytearray()

    def hear():
        with os.fdopen(reading, "rb") as file:
            heard.extend(file.read())

    thread = threading.Thread(target=hear)
    thread.start()
    try:
        send_changes(scan, list(gone), MOST, Sender(Output(writing)))
    finally:
        os.close(writing)
        thread.join()
    return [frame for batch in SyncDecoder(LIMIT).feed(bytes(heard)) for frame in batch]


def test_everything_is_sent_and_then_the_end(root):
    """Files with what they are, removals, and the token."""
    scan = look(root)
    frames = send(scan, gone=["x/y"])
    assert frames[0] == MetadataGone("x/y")
    assert frames[-1] == SyncEnded(is_complete=True, token=scan.token)
    status = (root / V1 / "manifest.json").stat()
    expected = MetadataFile(
        f"{V1}/manifest.json", status.st_size, status.st_mtime_ns, b'"manifest.json"', None
    )
    assert expected in frames
    assert len(frames) == 4


def test_a_file_that_vanished_since_is_gone(root):
    """It was deleted; the rest comes."""
    scan = look(root)
    (root / V1 / "manifest.json").unlink()
    frames = send(scan)
    assert MetadataGone(f"{V1}/manifest.json") in frames
    assert isinstance(frames[-1], SyncEnded)


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_root_that_vanished_since_ends_in_an_error(root, how):
    """Never as if all of it had been deleted."""
    scan = look(root)
    root.rename(root.with_name("elsewhere"))
    if how == "removed":
        shutil.rmtree(root.with_name("elsewhere"))
    elif how == "replaced":
        fill(root)
    with pytest.raises(RootNotFound):
        send(scan)


def test_a_file_that_grew_since_comes_as_it_is_now(root):
    """Size, time and content are of one moment."""
    scan = look(root)
    path = root / V1 / "metadata.json"
    path.write_text("[" + "1," * 1000 + "1]")
    frames = {frame.path: frame for frame in send(scan) if isinstance(frame, MetadataFile)}
    found = frames[f"{V1}/metadata.json"]
    assert found.data == path.read_bytes()
    assert (found.size, found.mtime_ns) == (len(found.data), path.stat().st_mtime_ns)


def test_a_file_that_grew_too_large_is_a_problem(root):
    """The limit holds for what is read, not for what was seen."""
    scan = look(root)
    (root / V1 / "metadata.json").write_bytes(bytes(LIMIT + 1))
    frames = {frame.path: frame for frame in send(scan) if isinstance(frame, MetadataFile)}
    found = frames[f"{V1}/metadata.json"]
    assert (found.data, found.size, found.problem) == (None, LIMIT + 1, f"larger than {LIMIT} bytes")


def test_a_link_out_that_was_put_in_between_is_not_followed(root, tmp_path):
    """The file is opened as carefully as it was looked at."""
    (tmp_path / "secret").write_text("secret")
    scan = look(root)
    (root / V1 / "metadata.json").unlink()
    (root / V1 / "metadata.json").symlink_to(tmp_path / "secret")
    frames = send(scan)
    found = next(frame for frame in frames if getattr(frame, "path", "").endswith("metadata.json"))
    assert found.data is None
    assert frames[-1].token is None


def test_a_file_that_cannot_be_read_is_tried_again_next_time():
    """One problem, with a time that no file has."""
    with open_folder() as folder:
        fill(folder)
        (folder / V1 / "metadata.json").chmod(0)
        scan = look(folder)
        with as_ordinary_user():
            frames = {frame.path: frame for frame in send(scan) if isinstance(frame, MetadataFile)}
    found = frames[f"{V1}/metadata.json"]
    assert (found.mtime_ns, found.data, found.problem) == (0, None, "Permission denied")
    assert frames[f"{V1}/manifest.json"].data
