"""A large file that does not compress survives cuts of the link and the death of the real daemon."""

import hashlib
import json
import os
import signal

import pytest

from tests.helpers.calling import Calls
from tests.helpers.downloading import digest_of
from tests.helpers.network import Network
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd
MIB = 1024 * 1024


def write_large(root, size):
    """One model of one file of random bytes; its SHA-256."""
    folder = root / "artifacts/model/large/v1"
    (folder / "files").mkdir(parents=True)
    digest = hashlib.sha256()
    with (folder / "files/weights.bin").open("wb") as file:
        for _ in range(size // MIB):
            piece = os.urandom(MIB)
            digest.update(piece)
            file.write(piece)
    said = digest.hexdigest()
    listed = [{"path": "weights.bin", "size": size, "digest": f"sha256:{said}", "modified_at": 1.7e9}]
    metadata = {"name": "large", "type": "model", "version": 1, "created_at": 1.7e9, "size_bytes": size}
    index = {"versions": [{"version": 1, "created_at": 1.7e9, "status": "ready"}], "aliases": {"latest": 1}}
    (folder / "manifest.json").write_text(json.dumps({"files": listed}))
    (folder / "metadata.json").write_text(json.dumps({**metadata, "status": "ready"}))
    (folder.parent / "versions.json").write_text(json.dumps(index))
    return said


def survives(laptop, server, size, cuts):
    """Download it, cut the link so many times, and kill the daemon once."""
    root = server.home / "RunicornData"
    digest = write_large(root, size)
    with Network(server) as network:
        laptop.know(server, "far", extra=network.way)
        with Calls(laptop.socket) as call:
            call("stores.add", target="far")
            call("stores.sync")
            name = call("downloads.start", ref="large")["id"]
            for cut in range(1, cuts + 1):
                comes_to(call, name, size * cut // (cuts + 3))
                until(lambda: network.reset() > 0, "a connection to cut")
            comes_to(call, name, size * (cuts + 1) // (cuts + 3))
        network.pause()
        laptop.stop_daemon(signal.SIGKILL)
        network.reset()
        network.resume()
        part = next((laptop.home / ".cache").rglob("weights.bin.part"))
        assert 0 < part.stat().st_size < size
        laptop.start_daemon()
        with Calls(laptop.socket) as call:
            done = until(
                lambda: (one := call("downloads.get", download=name))["state"] == "done" and one,
                patience_s=200,
            )
            to = part.with_name("weights.bin")
            assert (done["to"], done["bytes_done"]) == (str(to.parent), size)
            assert digest_of(to) == digest
            assert not part.exists()
            shown = call("artifacts.get", ref="large")
            assert (shown["downloaded_to"], shown["files"][0]["is_local"]) == (done["to"], True)


def comes_to(call, name, size):
    """Wait until so many bytes are there."""

    def there():
        one = call("downloads.get", download=name)
        assert one["state"] in {"waiting", "running", "verifying"}, one
        return one["bytes_done"] >= size

    until(there, patience_s=100)


@pytest.fixture
def slow(laptop):
    """The daemon with a limit that leaves time for cuts."""

    def slow(rate):
        laptop.stop_daemon()
        laptop.env["RUNICORND_DOWNLOAD_RATE_LIMIT"] = str(rate)
        laptop.start_daemon()
        return laptop

    return slow


def test_64_mib_survive_five_cuts_and_a_kill(slow, server):
    """Same SHA-256, and nothing is fetched from the beginning again."""
    survives(slow(24_000_000), server, 64 * MIB, 5)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_gibibyte_survives_five_cuts_and_a_kill(slow, server):
    """The same with a size that takes its time."""
    survives(slow(100_000_000), server, 1024 * MIB, 5)
