"""Row ``sync``: a store's metadata, beside tar over ssh and rsync."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.model import CannotMeasure, Case, Plan, ratio
from bench.peers.copying import METADATA_FILTERS, Copying
from bench.server import server
from bench.storage_data import change_versions, write_metadata
from bench.storing import add_store, drop_links, remove_store, size_of, sync
from bench.timing import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.model import Comparison
    from bench.server import Server
    from runicornd.protocol.models import Store

ARTIFACTS = 1000
VERSIONS = 3
LISTED = 24
CHANGED = 10
ROUND_TRIP_S = 0.1
FIRST, SAME, SOME = "first sync", "nothing changed", f"{CHANGED} versions changed"
OURS, TAR, RSYNC, LINKED = "ours", "peer: find | tar c | gzip -1 over ssh", "peer: rsync -a", "ours, link up"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One server, near and far; everyone mirrors the same roots."""
    first, kept = folder / "first", folder / "kept"
    count, size = write_metadata(first, ARTIFACTS, VERSIONS, LISTED)
    shutil.copytree(first, kept)
    (folder / "home").mkdir()
    with (
        server(folder, folder / "home", round_trip_s=ROUND_TRIP_S) as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
    ):
        cases: list[Case] = []
        comparisons: list[Comparison] = []
        for where, target in (("loopback", host.near), ("100 ms", host.far)):
            us = _Ours(ours, host, target, first, kept)
            peer = _Peer(Copying(host, target), folder / f"peer-{target}", first, kept)
            cases += _cases(where, us, peer)
            comparisons += _comparisons(where)
        yield Plan(
            cases,
            comparisons,
            [
                f"{ARTIFACTS} artifacts of {VERSIONS} versions: {count} files, {size / 1e6:.1f} MB of JSON.",
                "Every round makes a new SSH connection, on all sides, but where it says 'link up'.",
                "From stores.add, or stores.sync, to its answer: indexed and committed. The peers only copy.",
                "There is no content beside the metadata: the peers have nothing to pass over.",
            ],
        )


def _cases(where: str, us: _Ours, peer: _Peer) -> Iterator[Case]:
    yield Case(f"{FIRST}, {where}: {OURS}", us.first)
    yield Case(f"{FIRST}, {where}: {TAR}", peer.tar)
    yield Case(f"{FIRST}, {where}: {RSYNC}", peer.first)
    yield Case(f"{SAME}, {where}: {OURS}", us.same)
    yield Case(f"{SAME}, {where}: {LINKED}", us.same_on_a_link)
    yield Case(f"{SAME}, {where}: {RSYNC}", peer.same)
    yield Case(f"{SOME}, {where}: {OURS}", us.some)
    yield Case(f"{SOME}, {where}: {LINKED}", us.some_on_a_link)
    yield Case(f"{SOME}, {where}: {RSYNC}", peer.some)


def _comparisons(where: str) -> Iterator[Comparison]:
    for what, ours, other, budget in (
        (FIRST, OURS, TAR, "at most 1"),
        (FIRST, OURS, RSYNC, "at most 0.5"),
        (SAME, OURS, RSYNC, "at most 0.33"),
        (SAME, LINKED, RSYNC, ""),
        (SOME, OURS, RSYNC, "at most 0.5"),
        (SOME, LINKED, RSYNC, ""),
    ):
        name = f"{what}, {where}: {ours} / {other.removeprefix('peer: ')}"
        yield ratio(name, f"{what}, {where}: {ours}", f"{what}, {where}: {other}", budget)


@dataclass
class _Ours:
    daemon: Daemon
    host: Server
    target: str
    first_root: Path
    kept_root: Path
    changes: Iterator[int] = field(default_factory=itertools.count)

    def first(self) -> float:
        """Add a store on a new connection; it is removed again, untimed."""
        name = f"{self.target}-first"
        drop_links(self.daemon, self.host)
        found: list[Store] = []
        taken = seconds(lambda: found.append(add_store(self.daemon, self.target, name, self.first_root)))
        _check(found[0])
        remove_store(self.daemon, name)
        return taken

    def same(self) -> float:
        """Sync what has not changed, on a new connection."""
        return self._again(changed=False, is_linked=False)

    def same_on_a_link(self) -> float:
        """The same, while the link of the sync before is still there."""
        return self._again(changed=False, is_linked=True)

    def some(self) -> float:
        """Sync a few changes, on a new connection."""
        return self._again(changed=True, is_linked=False)

    def some_on_a_link(self) -> float:
        """The same, while the link of the sync before is still there."""
        return self._again(changed=True, is_linked=True)

    def _again(self, *, changed: bool, is_linked: bool) -> float:
        name = f"{self.target}-kept"
        add_store(self.daemon, self.target, name, self.kept_root)  # it is there but for the first time
        if changed:
            change_versions(self.kept_root, CHANGED, f"{self.target} changed it: {next(self.changes)}")
        if not is_linked:
            drop_links(self.daemon, self.host)
        taken = seconds(lambda: sync(self.daemon, name))
        _check(sync(self.daemon, name))
        return taken


def _check(store: Store) -> None:
    if store.versions != ARTIFACTS * VERSIONS:
        raise CannotMeasure(f"{store.versions} versions are known, {ARTIFACTS * VERSIONS} are there")


@dataclass
class _Peer:
    way: Copying
    place: Path
    first_root: Path
    kept_root: Path
    changes: Iterator[int] = field(default_factory=itertools.count)

    def tar(self) -> float:
        """Fetch everything by tar."""
        return self._fetched(lambda to: self.way.tar(self.first_root, to))

    def first(self) -> float:
        """Fetch everything by rsync."""
        return self._fetched(lambda to: self.way.rsync(self.first_root, to, METADATA_FILTERS))

    def same(self) -> float:
        """Look for changes by rsync, where there are none."""
        return self._again(changed=False)

    def some(self) -> float:
        """Fetch a few changes by rsync."""
        return self._again(changed=True)

    def _again(self, *, changed: bool) -> float:
        to = self.place.with_name(f"{self.place.name}-kept")
        self.way.rsync(self.kept_root, to, METADATA_FILTERS)
        if changed:
            change_versions(self.kept_root, CHANGED, f"for the peer: {next(self.changes)}")
        return seconds(lambda: self.way.rsync(self.kept_root, to, METADATA_FILTERS))

    def _fetched(self, fetch: Callable[[Path], None]) -> float:
        shutil.rmtree(self.place, ignore_errors=True)
        taken = seconds(lambda: fetch(self.place))
        if size_of(self.place) != size_of(self.first_root):
            raise CannotMeasure(f"{size_of(self.place)} came, {size_of(self.first_root)} are there")
        return taken
