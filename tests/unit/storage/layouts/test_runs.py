"""Runs of all releases, good and bad."""

import json
import random

import pytest

from runicornd.storage.layouts.content import Skipped
from runicornd.storage.layouts.runs import read_run

OLD = "vision/resnet/runs/20260101_1"
NEW = "runs/vision/resnet/20260101_1"
FILES = {
    "meta.json": {"id": "20260101_1", "project": "vision", "name": "resnet", "created_at": 100.5, "pid": 3},
    "status.json": {"status": "finished", "started_at": 101.5, "ended_at": 200.5},
    "summary.json": {"best": 0.9},
    "artifacts_created.json": {
        "artifacts": [{"name": "net", "type": "model", "version": 3, "size_bytes": 1}]
    },
    "artifacts_used.json": {"artifacts": [{"name": "data", "type": "dataset", "version": 1, "used_at": 1.5}]},
}


def run(folder=OLD, **changed):
    """Read a run whose files are good but for those given by name, without their ending."""
    files = FILES | {f"{name}.json": value for name, value in changed.items()}
    return read_run(folder, written(files)).run


def written(files):
    """The files' content as bytes; None is no file."""
    return {
        name: json.dumps(value).encode() if isinstance(value, dict | list) else value
        for name, value in files.items()
        if value is not None
    }


def test_a_run_of_an_old_release():
    """Project and name are its path, what it made and used stands beside it."""
    found = run()
    assert (found.id, found.path, found.folder) == ("20260101_1", "vision/resnet", OLD)
    assert (found.status, found.created, found.ended, found.alias) == ("finished", 100.5, 200.5, "")
    assert (found.made, found.used) == (("model/net:v3",), ("dataset/data:v1",))
    assert found.meta["pid"] == 3
    assert found.summary == {"best": 0.9}
    assert found.problem is None


def test_a_run_of_a_new_release():
    """It has a path of any length and perhaps an alias."""
    found = run(NEW, meta={"id": "20260101_1", "path": "a/b/c", "alias": "基线", "created_at": 1.0})
    assert (found.path, found.alias) == ("a/b/c", "基线")
    assert run(NEW, meta={"id": "20260101_1", "path": "", "alias": None}).path == ""


@pytest.mark.parametrize("data", [None, b"", b"{", b"[1]", b"[" * 100_000, Skipped("it is a FIFO")])
def test_without_meta_a_run_is_what_its_folder_says(data):
    """The rest is as far as it could be read."""
    for folder in (OLD, NEW):
        found = run(folder, meta=data)
        assert found.problem.startswith("meta.json ")
        assert (found.id, found.path, found.created) == ("20260101_1", "vision/resnet", 101.5)
        assert found.made == ("model/net:v3",)


@pytest.mark.parametrize("name", ["status", "summary", "artifacts_created", "artifacts_used"])
def test_other_files_may_be_missing_but_not_broken(name):
    """A run that has just begun has few of them."""
    assert run(**{name: None}).problem is None
    assert run(**{name: b"{"}).problem.startswith(f"{name}.json is no JSON")
    assert run(**{name: Skipped("too large")}).problem == f"{name}.json was not read: too large"


def test_a_run_that_runs_has_not_ended():
    """As Runicorn writes it at the beginning."""
    found = run(status={"status": "running", "started_at": 5.0}, summary=None)
    assert (found.status, found.ended, found.summary) == ("running", None, {})


@pytest.mark.parametrize(
    "item",
    [
        None,
        5,
        "net:v1",
        {},
        {"name": "net"},
        {"name": "net", "version": "1"},
        {"name": "net", "version": 0},
        {"name": "../x", "version": 1},
        {"name": "a:b", "version": 1},
        {"name": 5, "version": 1},
        {"name": "net", "type": "model", "version": 10**20},
    ],
)
def test_what_names_no_version_costs_itself(item):
    """The others stay, in their order and each once."""
    good = {"name": "net", "type": "model", "version": 2}
    found = run(artifacts_created={"artifacts": [item, good, good, {"name": "x", "version": 1}]})
    assert found.made == ("model/net:v2", "x:v1")
    assert "artifacts_created.json: one entry was left out" in found.problem


def test_fields_of_wrong_types_are_as_if_they_were_not_there():
    """And a run of another id is named as a problem."""
    found = run(
        meta={"id": 5, "project": ["x"], "created_at": "now", "alias": {}},
        status={"status": 3, "ended_at": 1e300},
        artifacts_used={"artifacts": {"a": 1}},
        summary={"loss": float("nan"), "deep": [[[]]]},
    )
    assert (found.path, found.created, found.ended, found.status) == ("vision/resnet", None, None, "")
    assert found.summary == {"loss": "NaN", "deep": [[[]]]}
    assert "meta.json names another run" in found.problem
    assert "artifacts_used.json: one entry was left out (the artifacts are no list)" in found.problem


def test_whatever_is_changed_nothing_is_raised():
    """Good files with random bytes changed are still read as that run."""
    chance = random.Random(7)
    for _ in range(1000):
        files = written(FILES)
        for name in chance.sample(sorted(files), 2):
            place = chance.randrange(len(files[name]))
            files[name] = files[name][:place] + bytes([chance.randrange(256)]) + files[name][place + 1 :]
        assert read_run(OLD, files).run.id == "20260101_1"
