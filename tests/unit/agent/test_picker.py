"""The folders in a folder, on this machine's disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runicornd.agent.failures import Failure
from runicornd.agent.picker import folders
from runicornd.agent.wire import decode, encode

ROOT = os.geteuid() == 0


def names(found):
    return [each["name"] for each in found["folders"]]


def test_folders_and_nothing_else(tmp_path):
    """Files are left out, links to folders are there, hidden folders come last."""
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "dead").symlink_to(tmp_path / "none")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    found = folders(str(tmp_path))
    assert names(found) == ["a", "b", "link", ".hidden"]
    assert (found["path"], found["parent"]) == (str(tmp_path), str(tmp_path.parent))
    assert found["folders"][0]["path"] == str(tmp_path / "a")
    assert found["is_cut"] is False


def test_links_are_resolved(tmp_path):
    """The path that comes back is where one really is."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    found = folders(f"{tmp_path}/link/deep/..")
    assert (found["path"], names(found)) == (str(tmp_path / "real"), ["deep"])


def test_the_home_folder_and_the_top(tmp_path, monkeypatch):
    """Nothing named is home, as is ~; the top has no parent."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "runs").mkdir()
    assert names(folders("")) == names(folders("~")) == ["runs"]
    assert folders("runs")["path"] == str(tmp_path / "runs")
    assert folders("/")["parent"] is None


@pytest.mark.parametrize("mark", ["runicorn.db", "artifacts/model", "archive/manifests"])
def test_storage_roots_are_marked(tmp_path, mark):
    """By what Runicorn leaves in them."""
    (tmp_path / "data" / mark).mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert [each["is_root"] for each in folders(str(tmp_path))["folders"]] == [True, False]
    assert folders(str(tmp_path / "data"))["is_root"] is True


@pytest.mark.parametrize("path", ["none", "file", "file/below", "x" * 300, "a\0b", "/".join("x" * 3000)])
def test_what_is_no_folder(tmp_path, path):
    """It is said that there is none."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot list") as failure:
        folders(f"{tmp_path}/{path}")
    assert failure.value.kind == "root_not_found"


@pytest.mark.skipif(ROOT, reason="nothing is closed to root")
def test_a_closed_folder(tmp_path):
    """It is said that it may not be read."""
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(Failure) as failure:
        folders(str(tmp_path / "closed"))
    assert failure.value.kind == "permission_denied"


def test_hostile_names(tmp_path):
    """Whatever a folder is called, it can be shown and named again."""
    odd = [b"\xff\xfe", b"a\nb", b"\x1b[2J", "\u202eevil".encode(), b"-rf", b"<b>", b"..."]
    for name in odd:
        (tmp_path / os.fsdecode(name)).mkdir()
    found = decode(encode(folders(str(tmp_path))))
    assert sorted(os.fsencode(name) for name in names(found)) == sorted(odd)
    for each in found["folders"]:
        assert folders(each["path"])["folders"] == []


def test_many_folders(tmp_path):
    """No more are listed than the limit, and it is said that there are more."""
    for number in range(21):
        (tmp_path / f"f{number}").mkdir()
    found = folders(str(tmp_path), limit=20)
    assert (len(found["folders"]), found["is_cut"]) == (20, True)
    assert folders(str(tmp_path), limit=21)["is_cut"] is False


def test_folders_full_of_files(tmp_path):
    """They are looked through only so far."""
    for number in range(6):
        (tmp_path / f"f{number}").write_text("")
    assert folders(str(tmp_path), entry_limit=5)["is_cut"] is True
    assert folders(str(tmp_path), entry_limit=6)["is_cut"] is False


def test_it_loads_alone():
    """The agent imports it when somebody asks; nothing but the standard library is needed."""
    code = "import sys; sys.path.insert(0, ''); import runicornd.agent.picker"
    subprocess.run([sys.executable, "-ISc", code.replace("''", repr(str(Path.cwd())))], check=True)
