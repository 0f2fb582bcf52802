"""The folders of a host, on every Python that the agent may meet."""

import os

import msgspec
import pytest

from runicornd.errors import AgentFailed, RootNotFound
from runicornd.remote import messages


@pytest.fixture
async def host(make_far_end, python):
    """A far end whose agent runs on that Python."""
    one = make_far_end(python=python).host()
    yield one
    await one.close()


async def test_folders(host, tmp_path):
    """Those of a folder, each with its path and whether it looks like a storage root."""
    (tmp_path / "here" / "runs" / "artifacts").mkdir(parents=True)
    (tmp_path / "here" / os.fsdecode(b"\xff")).mkdir()
    found = await host.folders(str(tmp_path / "here"))
    assert (found.path, found.parent) == (str(tmp_path / "here"), str(tmp_path))
    assert [(each.name, each.is_root) for each in found.folders] == [("runs", True), ("\uf7ff", False)]
    assert (await host.folders(found.folders[1].path)).folders == ()


async def test_the_home_folder(host, tmp_path):
    """It is listed when none is named."""
    assert (await host.folders("")).path == str(tmp_path / "home0")


async def test_no_such_folder(host, tmp_path):
    """It is said that there is none, with the way out."""
    with pytest.raises(RootNotFound, match="no such folder"):
        await host.folders(str(tmp_path / "none"))


def listed(*folders, **more):
    found = {"path": "/a", "parent": "/", "folders": list(folders), "is_root": False, "is_cut": False}
    return messages.read(msgspec.json.encode(found | more), messages.FoldersFound)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "x" * 5000])
def test_names_that_are_none(name):
    """What a hostile server says beside its folders is left out."""
    good = {"name": "b", "path": "/a/b", "is_root": False}
    odd = {"name": name, "path": f"/a/{name}", "is_root": False}
    assert [each.name for each in listed(good, odd).checked().folders] == ["b"]


def test_paths_that_lead_elsewhere():
    """A folder is where its name says, or it is left out."""
    assert listed({"name": "b", "path": "/etc", "is_root": True}).checked().folders == ()


@pytest.mark.parametrize(
    "more", [{"path": "x" * 5000}, {"folders": [{"name": 1}]}, {"folders": [{"name": "a", "path": "/a/a"}]}]
)
def test_answers_that_are_none(more):
    """They count as a broken agent."""
    with pytest.raises(AgentFailed):
        listed(**more)


def test_too_many():
    """So do more folders than were asked for."""
    with pytest.raises(AgentFailed):
        listed(*({"name": str(n), "path": f"/a/{n}", "is_root": False} for n in range(2001)))
