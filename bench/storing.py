"""Ours, as far as storage goes: stores, their syncs and downloads through the daemon's socket."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.processes import until
from runicornctl.world import World
from runicornd.protocol.models import (
    Done,
    Download,
    DownloadNameParams,
    DownloadParams,
    Store,
    StoreAddParams,
    StoreParams,
    StoreRemoveParams,
    SyncParams,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.daemon import Daemon
    from bench.server import Server

SYNC_S = 600
DOWNLOAD_S = 600
LINK_S = 10
MEMORY_FOLDER = Path("/dev/shm")
_AT_REST = frozenset({"done", "failed", "cancelled"})


def add_store(daemon: Daemon, target: str, name: str, root: Path) -> Store:
    """Add a store and sync it for the first time; return it as it is then.

    Raises:
        CannotMeasure: Something of it cannot be read.
    """
    with daemon.client() as client:
        params = StoreAddParams(target=target, name=name, root=str(root), is_automatic=False)
        client.call("stores.add", Store, params, timeout_s=SYNC_S)
    return sync(daemon, name)


def sync(daemon: Daemon, name: str) -> Store:
    """Sync a store to its end. Raises as ``add_store``."""
    with daemon.client() as client:
        store = client.call("stores.sync", Store, SyncParams(store=name), timeout_s=SYNC_S)
    if store.error is not None or store.unreadable:
        raise CannotMeasure(f"{store.unreadable} entries of {name} cannot be read: {store.error}")
    return store


def find_store(daemon: Daemon, name: str) -> Store:
    """Return a store as it is now."""
    with daemon.client() as client:
        return client.call("stores.status", Store, StoreParams(name))


def remove_store(daemon: Daemon, name: str) -> None:
    """Forget a store and its files."""
    with daemon.client() as client:
        params = StoreRemoveParams(store=name, keep_files=False)
        client.call("stores.remove", Done, params, timeout_s=SYNC_S)


def drop_links(daemon: Daemon, host: Server) -> None:
    """End all connections, so that what follows has to make its own."""
    host.sshd.drop_connections()
    until(lambda: not daemon.has_link(), "the end of the link", LINK_S)


def start_download(daemon: Daemon, store: str, ref: str, to: Path) -> Download:
    """Start a download into a new folder."""
    with daemon.client() as client:
        return client.call("downloads.start", Download, DownloadParams(ref=ref, store=store, to=str(to)))


def pull(daemon: Daemon, store: str, ref: str, to: Path) -> Download:
    """Download a version, and wait for its end by events, as the command does.

    Raises:
        CannotMeasure: It is not done in time, or not all of it.
    """
    with daemon.client() as client:
        world = World(client)
        params = DownloadParams(ref=ref, store=store, to=str(to))
        started = client.call("downloads.start", Download, params)
        world.downloads[started.id] = started
        deadline = time.monotonic() + DOWNLOAD_S
        while (download := world.downloads[started.id]).state not in _AT_REST:
            if time.monotonic() > deadline or not world.next(DOWNLOAD_S):
                raise CannotMeasure(f"download {download.id} is still {download.state}")
    if download.state != "done" or download.files_done != download.files_total:
        why = download.error.message if download.error else download.detail
        raise CannotMeasure(f"download {download.id} is {download.state}: {why}")
    return download


def download_state(daemon: Daemon, download: str) -> Download:
    """Return a download as it is now."""
    with daemon.client() as client:
        return client.call("downloads.get", Download, DownloadNameParams(download))


@contextlib.contextmanager
def memory_folder(folder: Path, needed_bytes: int) -> Iterator[Path]:
    """A folder in memory, removed after the block, so that no disk is measured; without one, ``folder``."""
    if MEMORY_FOLDER.is_dir() and shutil.disk_usage(MEMORY_FOLDER).free > needed_bytes:
        with tempfile.TemporaryDirectory(prefix="rcd-bench-", dir=MEMORY_FOLDER) as place:
            yield Path(place)
    else:
        yield folder


def highest_memory(pid: int) -> float:
    """The most memory that a process has had so far, in MB; 0 when it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), 0.0)


def size_of(folder: Path) -> tuple[int, int]:
    """How many files are below a folder, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
