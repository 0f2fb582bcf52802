"""A download that takes its time, seen on the page: cancelled, started again, and without any page."""

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from tests.helpers.calling import Calls
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd
SMALL = 1_100_000
LARGE = 45_000_000
SLOW = 1_500_000
"""Bytes a second: the small files take two seconds together, the large one thirty."""
FILES = {"a.bin": SMALL, "b.bin": SMALL, "large.bin": LARGE}
NAME = "model/weights:v1"


@pytest.fixture
def root(server):
    """A root with one model on the server."""
    root = server.home / "RunicornData"
    folder = root / "artifacts/model/weights/v1"
    (folder / "files").mkdir(parents=True)
    listed = []
    for name, size in FILES.items():
        content = os.urandom(size)
        (folder / "files" / name).write_bytes(content)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        listed.append({"path": name, "size": size, "digest": digest, "modified_at": 1.7e9})
    said = {"name": "weights", "type": "model", "version": 1, "created_at": 1.7e9, "status": "ready"}
    index = {"versions": [{"version": 1, "created_at": 1.7e9, "status": "ready"}], "aliases": {"latest": 1}}
    (folder / "manifest.json").write_text(json.dumps({"files": listed}))
    (folder / "metadata.json").write_text(json.dumps(said | {"size_bytes": sum(FILES.values())}))
    (folder.parent / "versions.json").write_text(json.dumps(index))
    return folder / "files"


@pytest.fixture
def call(laptop):
    """Call the daemon's methods."""
    with Calls(laptop.socket) as call:
        yield call


@pytest.fixture
def limit(laptop, call):
    """Sets how many bytes a second may come; 0 for as many as can."""
    config = laptop.home / ".config/runicornd/config.toml"
    config.parent.mkdir(parents=True)

    def limit(rate):
        config.write_text(f"download_rate_limit = {rate}\n")
        assert call("settings.reload")["taken"] == ["download_rate_limit"]

    return limit


def begin(dashboard, call, limit):
    """Begin the download on the artifact's page, and wait for the small files; its bar."""
    limit(SLOW)
    call("stores.add", target="gpu")
    call("stores.sync")
    dashboard.go("artifacts/gpu/model/weights")
    dashboard.button(re.compile(r"^Download \(")).click()
    dashboard.click("Download", dashboard.dialog("Download weights:v1"))
    dashboard.page.get_by_role("progressbar").first.wait_for()
    dashboard.go("downloads").heading("Under way")
    dashboard.sees(re.compile("2 / 3 files"))
    return bar_of(dashboard)


def bar_of(dashboard):
    """The download's bar."""
    return dashboard.page.get_by_role("progressbar", name=f"Progress of {NAME}")


def percent(bar):
    """How far it is."""
    return int(bar.get_attribute("aria-valuenow"))


def moves(bar):
    """See that it comes further."""
    before = percent(bar)
    return until(lambda: (now := percent(bar)) > before and now, "progress")


def is_complete(to, root):
    """Whether all files are the server's, and nothing else is there."""
    return {file.name: file.read_bytes() for file in to.iterdir()} == {
        file.name: file.read_bytes() for file in root.iterdir()
    }


def test_cancelled_and_started_again(dashboard, root, call, limit):
    """What was whole stays, what was not is gone; the second time only the rest is fetched."""
    moves(begin(dashboard, call, limit))
    dashboard.sees(re.compile(r"\d [kM]B/s"))
    dashboard.click(f"Cancel: {NAME}")
    dashboard.heading("Failed and cancelled")
    (cancelled,) = call("downloads.list")["downloads"]
    to = Path(cancelled["to"])
    kept = {file.name: file.stat() for file in to.iterdir()}
    assert set(kept) == {"a.bin", "b.bin"}
    limit(0)
    dashboard.click(f"Start again: {NAME}")
    dashboard.heading("Finished")
    dashboard.page.locator("summary").filter(has_text=NAME).click()
    dashboard.sees("2 files were here already")
    assert is_complete(to, root)
    for name, before in kept.items():
        assert (to / name).stat().st_ino == before.st_ino
        assert (to / name).stat().st_mtime_ns == before.st_mtime_ns


def test_it_goes_on_without_the_page(dashboard, root, call, limit):
    """It comes further while no page is open, and the next one shows how far, and the end."""
    before = moves(begin(dashboard, call, limit))
    dashboard.leave()

    def done():
        (download,) = call("downloads.list")["downloads"]
        return download["bytes_done"]

    ahead = done() + SLOW // 2
    until(lambda: done() > ahead, "progress without a page")
    dashboard.come_back("downloads").heading("Under way")
    assert percent(bar_of(dashboard)) > before
    moves(bar_of(dashboard))
    limit(0)
    dashboard.heading("Finished")
    (download,) = call("downloads.list")["downloads"]
    assert is_complete(Path(download["to"]), root)
