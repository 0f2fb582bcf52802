"""Assets of a real Runicorn 0.7, fetched: files of unknown size too, and names that several types share."""

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from tests.helpers.real_roots import MIXED, real_root
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd


@pytest.fixture
def root(server):
    return real_root(MIXED, server.home / "RunicornData").path


@pytest.fixture
def pull(call, root):
    """Download a version; the download when it has ended."""
    call("stores.add", target="gpu")
    call("stores.sync")

    def pull(ref):
        name = call("downloads.start", ref=ref)["id"]
        return until(
            lambda: (one := call("downloads.get", download=name))["state"] in {"done", "failed"} and one,
            patience_s=60,
        )

    return pull


def test_single_archived_files_come_whole(pull, call, laptop):
    """Runicorn keeps no size of them: it is shown as unknown, learned, and the digest is verified."""
    for ref in ("code/code_snapshot.zip", "pretrained/backbone", "dataset/one file", "output/model.pth"):
        shown = call("artifacts.get", ref=ref)
        done = pull(ref)
        assert done["state"] == "done", (ref, done)
        assert done["bytes_done"] == done["bytes_total"] > 0
        for file in shown["files"]:
            content = (Path(done["to"]) / file["path"]).read_bytes()
            assert file["digest"] in {f"sha256:{hashlib.sha256(content).hexdigest()}", ""}
            assert file["size"] in {-1, len(content)}
    snapshot = call("artifacts.get", ref="code/code_snapshot.zip")
    assert [file["size"] for file in snapshot["files"]] == [-1]
    assert zipfile.ZipFile(f"{snapshot['downloaded_to']}/code_snapshot.zip").namelist()
    for words in (["--files"], []):
        shown = laptop.run("artifacts", "show", "code/code_snapshot.zip", *words).out
        assert "unknown" in shown
        assert "-1" not in shown.split()


def test_folders_tell_types_apart(pull, laptop):
    """NAME/vN as the guide has it, unless several types have the name."""
    refs = ("pretrained/backbone", "dataset/resnet50:v1", "model/resnet50:v1")
    folders = {ref: pull(ref)["to"] for ref in refs}
    tails = {ref: "/".join(Path(to).parts[-3:]) for ref, to in folders.items()}
    assert tails == {
        "pretrained/backbone": "downloads/backbone/v1",
        "dataset/resnet50:v1": "downloads/resnet50@dataset/v1",
        "model/resnet50:v1": "downloads/resnet50@model/v1",
    }
    assert laptop.json("cache", "cleanup", "--limit", "0")["removed"] == 3


def test_what_is_fetched_belongs_to_the_user_alone(pull, laptop):
    """The cache is nobody else's."""
    pull("pretrained/backbone")
    (folder,) = (laptop.home / ".cache/runicornd").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
