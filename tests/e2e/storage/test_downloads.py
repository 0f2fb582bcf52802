"""Downloads over a real sshd, with real worker processes."""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from runicornd.ssh.targets import Host
from runicornd.storage.downloads.model import DownloadPhase, DownloadRequest
from tests.helpers.ctl import ROOT
from tests.helpers.downloading import Bench, MadeUpSources, digest_of
from tests.helpers.sshd import Sshd, needs_sshd

pytestmark = needs_sshd
GIB = 1024**3

# Stands for the daemon: it is killed in the middle of a download.
DOOMED = """
import asyncio, sys
from pathlib import Path
from tests.e2e.storage.test_downloads import doomed
asyncio.run(doomed(*map(Path, sys.argv[1:4]), int(sys.argv[4])))
"""


def host_of(server):
    return Host(
        target="gpu",
        hostname=server.address,
        port=server.port,
        user=server.user,
        identity_files=(server.client_key,),
        explicit_identities=True,
        known_hosts_files=(server.known_hosts,),
    )


@pytest.fixture
def server(tmp_path):
    with Sshd(tmp_path / "sshd") as server:
        yield server


async def test_a_version_comes_over_ssh(tmp_path, server):
    """Large and small files, in folders, whole."""
    sources = MadeUpSources(tmp_path)
    content = {"a.bin": os.urandom(5_000_000), **{f"d{n % 7}/f{n}": os.urandom(n) for n in range(300)}}
    sources.add("m", content)
    async with Bench(tmp_path, sources, host_of(server)) as bench:
        view = await bench.pull("m", to=str(tmp_path / "out"))
    assert view.state.phase is DownloadPhase.DONE, view
    found = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == content


async def test_cuts_do_not_matter(tmp_path, server):
    """Three of them in one file: each time it goes on where it was."""
    sources = MadeUpSources(tmp_path)
    content = os.urandom(30_000_000)  # far more than is on its way at a time
    sources.add("m", {"b.bin": content})
    async with Bench(tmp_path, sources, host_of(server), rate=10_000_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        for cut in (1, 2, 3):
            await bench.until(name, lambda view, cut=cut: view.state.totals.bytes_done > cut * 5_000_000)
            server.drop_connections()
            await bench.until(name, lambda view: view.state.phase is DownloadPhase.WAITING)
        assert (await bench.end_of(name)).state.phase is DownloadPhase.DONE
    assert (tmp_path / "cache/downloads/m/v1/b.bin").read_bytes() == content


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_gibibyte_survives_cuts_and_a_kill(tmp_path, server):
    """Five cuts of the connection and a kill -9 of whoever runs the download: the same SHA-256."""
    sources = MadeUpSources(tmp_path)
    (entry,) = sources.add("m", {"big.bin": b"x"})
    grow(sources.place("m", "big.bin"))
    digest = digest_of(sources.place("m", "big.bin"))
    sources.versions["m"] = [type(entry)(entry.path, GIB, digest, entry.source)]
    part = tmp_path / "cache/downloads/m/v1/big.bin.part"

    async with Bench(tmp_path, sources, host_of(server), rate=120_000_000) as bench:
        name = (await bench.downloads.start(DownloadRequest(ref="m"))).intent.id
        for cut in range(1, 6):
            want = cut * 60_000_000
            await bench.until(name, lambda view, want=want: view.state.totals.bytes_done > want)
            server.drop_connections()
            await bench.until(name, lambda view: view.state.phase is DownloadPhase.WAITING)
        await bench.until(name, lambda view: view.state.totals.bytes_done > 400_000_000)

    before = part.stat().st_size
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DOOMED, tmp_path, server.folder, sources.root, str(server.port), cwd=ROOT
    )
    try:
        deadline = time.monotonic() + 60
        while part.stat().st_size < before + 100_000_000:
            assert process.returncode is None
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async with Bench(tmp_path, sources, host_of(server)) as bench:
        view = await bench.end_of(name, patience_s=120)
    assert view.state.phase is DownloadPhase.DONE, view
    assert digest_of(part.with_suffix("")) == digest
    assert not part.exists()


def grow(path):
    """Fill a file with a GiB, half of it holes, the rest not to be compressed."""
    numbers = random.Random(7)
    with path.open("wb") as file:
        for start in range(0, GIB, 2 * 1024**2):
            file.seek(start)
            file.write(numbers.randbytes(1024**2))
        file.truncate(GIB)


async def doomed(folder, server_folder, root, port):
    """Restore the downloads of a folder and let them run until killed."""
    host = Host(
        target="gpu",
        hostname="127.0.0.1",
        port=port,
        user=Sshd(Path(server_folder)).user,
        identity_files=(server_folder / "client_key",),
        explicit_identities=True,
        known_hosts_files=(server_folder / "known_hosts",),
    )
    async with Bench(folder, None, host, rate=120_000_000):
        await asyncio.Event().wait()
