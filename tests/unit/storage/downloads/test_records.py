"""What is saved of downloads."""

import json

from runicornd.errors import ChecksumMismatch
from runicornd.storage.downloads.model import (
    DownloadIntent,
    DownloadPhase,
    DownloadState,
    DownloadView,
    Totals,
)
from runicornd.storage.downloads.records import DownloadRecords
from runicornd.storage.worker.verified import Known, Verified


def view(name="d1", error=None):
    intent = DownloadIntent(
        id=name,
        store="gpu",
        target="gpu",
        ref="model/m:v1",
        root="/data",
        to="/tmp/m",
        is_kept=True,
        patterns=("*.bin",),
        files_total=1,
        bytes_total=2,
        references=("s3://x",),
        created=1.0,
    )
    phase = DownloadPhase.FAILED if error else DownloadPhase.RUNNING
    return DownloadView(intent, DownloadState(phase=phase, since=2.0, totals=Totals(), error=error))


def test_what_was_saved_comes_back(tmp_path):
    """Intent, phase and error survive, the error with its kind, hint and context."""
    records = DownloadRecords(tmp_path)
    records.save(view(error=ChecksumMismatch("bad", hint="do", file="a")))
    (found,) = records.load()
    error = found.state.error
    assert found.intent == view().intent
    assert isinstance(error, ChecksumMismatch)
    assert (error.message, error.hint, error.context) == ("bad", "do", {"file": "a"})


def test_they_come_by_number(tmp_path):
    """The tenth is not before the second."""
    records = DownloadRecords(tmp_path)
    for name in ("d10", "d2"):
        records.save(view(name))
    assert [found.intent.id for found in records.load()] == ["d2", "d10"]


def test_a_damaged_file_is_set_aside(tmp_path):
    """It costs that download only, and is not overwritten."""
    records = DownloadRecords(tmp_path)
    records.save(view())
    (tmp_path / "d2.json").write_bytes(b"{")
    assert [found.intent.id for found in records.load()] == ["d1"]
    assert list(tmp_path.glob("d2.json.corrupt-*"))


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    """A later daemon finds it as it was."""
    path = tmp_path / "d1.json"
    path.write_text(json.dumps({"version": 99}))
    assert DownloadRecords(tmp_path).load() == []
    assert path.exists()


def test_a_record_under_another_name_is_set_aside(tmp_path):
    """It would be saved over that one."""
    records = DownloadRecords(tmp_path)
    records.save(view())
    (tmp_path / "d1.json").rename(tmp_path / "d7.json")
    assert records.load() == []


def test_the_memory_of_a_folder_goes_with_it(tmp_path):
    """What was verified in a folder that is gone is of no use."""
    records = DownloadRecords(tmp_path / "state")
    here = tmp_path / "here"
    here.mkdir()
    for folder in (here, tmp_path / "gone"):
        memory = Verified(records.known(str(folder)), folder)
        memory.add(Known("a", 1, 2, ""))
        memory.flush()
    records.save(view())
    records.load()
    assert records.known(str(here)).exists()
    assert not records.known(str(tmp_path / "gone")).exists()
