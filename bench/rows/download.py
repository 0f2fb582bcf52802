"""Rows ``download`` and ``download-far``: 600 MB in one file and in many, beside four programs that copy."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench.daemon import restartable
from bench.model import CannotMeasure, Case, Plan, ratio
from bench.peers.copying import FAST_CIPHER, PROGRAMS, Copying, takes_ciphers
from bench.processes import output_of, until
from bench.server import server
from bench.storage_data import write_artifact
from bench.storing import add_store, find_store, memory_folder, pull, size_of
from bench.timing import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.daemon import Restartable
    from bench.model import Comparison
    from bench.server import Server

SIZE_VARIABLE = "RUNICORND_BENCH_DOWNLOAD_MB"
SIZE_MB = 600
GIVE_UP_VARIABLE = "RUNICORND_BENCH_GIVE_UP_S"
GIVE_UP_S = 60.0
MANY = 5000
ROUND_TRIP_S = 0.1
STORE = "store"
READY_S = 20
SETTLE_S = 2.0
ONE_FILE, MANY_FILES = "one file", f"{MANY} files"
VERIFIED = frozenset({"scp", "sftp", "rsync"})
SHAPES = {ONE_FILE: "one", MANY_FILES: "many"}
OURS, AGAIN = "ours", "ours, while the worker is still there"
HASHING = "floor: SHA-256 of what came"
HASHED = ", then SHA-256"
HASHERS = (["openssl", "dgst", "-sha256", "-r"], ["sha256sum"])
"""The first that there is: sha256sum takes five times as long where the processor can do it itself."""
BUDGET = "at most 1"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Straight to the server."""
    with _plan(folder, is_far=False) as made:
        yield made


@contextlib.contextmanager
def plan_far(folder: Path) -> Iterator[Plan]:
    """Through a proxy that delays."""
    with _plan(folder, is_far=True) as made:
        yield made


@contextlib.contextmanager
def _plan(folder: Path, *, is_far: bool) -> Iterator[Plan]:
    size = int(float(os.environ.get(SIZE_VARIABLE, SIZE_MB)) * 1e6)
    (folder / "home").mkdir()
    with (
        memory_folder(folder, 4 * size) as place,
        server(folder, folder / "home", round_trip_s=ROUND_TRIP_S if is_far else None) as host,
        restartable(folder, ssh_config=host.ssh_config) as ours,
    ):
        sources = {
            ONE_FILE: write_artifact(place / "root", SHAPES[ONE_FILE], [size]),
            MANY_FILES: write_artifact(place / "root", SHAPES[MANY_FILES], [size // MANY] * MANY),
        }
        target = host.far if is_far else host.near
        add_store(ours.daemon, target, STORE, place / "root")
        give_up_s = float(os.environ.get(GIVE_UP_VARIABLE, GIVE_UP_S))
        row = _Row(host, target, ours, place / "here", sources, give_up_s)
        yield Plan(
            list(_cases(row, is_far=is_far)),
            list(_comparisons(is_far=is_far)),
            [
                f"{size / 1e6:g} MB that cannot be compressed, from {place.parent} to the same.",
                f"Ours is from downloads.start to done, in a daemon that was started {SETTLE_S:g} s before.",
                "So the worker's start, its connection, SHA-256 and the sync to the disk are in it.",
                "The second line of ours has no start and no connection: another download ended just before.",
                "rclone compares checksums, where the server has md5sum; the other peers verify nothing.",
                *(
                    f"This {program} cannot be told a cipher."
                    for program in PROGRAMS
                    if not takes_ciphers(program)
                ),
                f"'{HASHED.strip(', ')}' reads what came once more, for the certainty that ours gives.",
                f"Far: a proxy delays every byte, {ROUND_TRIP_S * 1000:g} ms there and back; once only."
                if is_far
                else "The copies before are removed, untimed; what is copied is in the cache.",
            ],
        )


@dataclass(frozen=True)
class _Row:
    host: Server
    target: str
    ours: Restartable
    to: Path
    sources: dict[str, Path]
    give_up_s: float

    def pull(self, shape: str) -> float:
        """Download by us, with a daemon that is at rest and has no worker."""
        self.ours.close()
        self.ours.start()
        until(lambda: find_store(self.ours.daemon, STORE).root, "the store", READY_S)
        time.sleep(SETTLE_S)
        return self._pull(shape)

    def pull_again(self, shape: str) -> float:
        """Download by us, right after another download."""
        self._pull(shape)
        return self._pull(shape)

    def hash(self, shape: str) -> float:
        """Verify as peers do not."""
        return seconds(lambda: _hash(self.sources[shape]))

    def _pull(self, shape: str) -> float:
        self._clear()
        return self._checked(
            shape, seconds(lambda: pull(self.ours.daemon, STORE, f"{SHAPES[shape]}:v1", self.to))
        )

    def copy(self, program: str, shape: str, cipher: str | None, *, is_hashed: bool = False) -> float:
        """Download by a peer, and verify what came."""
        self._clear()
        way, source = Copying(self.host, self.target, cipher, self.give_up_s), self.sources[shape]
        taken = seconds(lambda: way.by(program, source, self.to))
        if is_hashed:
            taken += seconds(lambda: _hash(self.to))
        return self._checked(shape, taken)

    def _clear(self) -> None:
        shutil.rmtree(self.to, ignore_errors=True)

    def _checked(self, shape: str, taken: float) -> float:
        if size_of(self.to) != size_of(self.sources[shape]):
            raise CannotMeasure(f"{size_of(self.to)} came, {size_of(self.sources[shape])} are there")
        self._clear()
        return taken


def _hash(folder: Path) -> None:
    names = [str(path) for path in folder.rglob("*") if path.is_file()]
    hasher = next(hasher for hasher in HASHERS if shutil.which(hasher[0]))
    output_of([*hasher, *names], env=os.environ)


def _ciphers(program: str) -> Iterator[tuple[str, str | None]]:
    yield f"peer: {program}", None
    if takes_ciphers(program):
        yield f"peer: {program}, aes128-gcm", FAST_CIPHER


def _cases(row: _Row, *, is_far: bool) -> Iterator[Case]:
    most, is_warmed = (1, False) if is_far else (None, True)
    for shape in SHAPES:
        yield Case(f"{shape}: {OURS}", partial(row.pull, shape), at_most=most, is_warmed=is_warmed)
        yield Case(f"{shape}: {AGAIN}", partial(row.pull_again, shape), at_most=most, is_warmed=False)
        yield Case(f"{shape}: {HASHING}", partial(row.hash, shape), at_most=most, is_warmed=is_warmed)
        for program in PROGRAMS:
            for peer, cipher in _ciphers(program):
                for end in _ends(program, cipher, is_far=is_far):
                    copy = partial(row.copy, program, shape, cipher, is_hashed=bool(end))
                    yield Case(f"{shape}: {peer}{end}", copy, at_most=most, is_warmed=False)


def _ends(program: str, cipher: str | None, *, is_far: bool) -> Sequence[str]:
    """Without and with verification; far away and for the slower ones its share is small."""
    has_both = program in VERIFIED and cipher is not None and not is_far
    return ("", HASHED) if has_both else ("",)


def _comparisons(*, is_far: bool) -> Iterator[Comparison]:
    for shape in SHAPES:
        for program in PROGRAMS:
            for peer, cipher in _ciphers(program):
                for end in _ends(program, cipher, is_far=is_far):
                    for ours, budget in ((OURS, BUDGET), (AGAIN, "")):
                        name = f"{shape}: {ours} / {peer.removeprefix('peer: ')}{end}"
                        yield ratio(name, f"{shape}: {ours}", f"{shape}: {peer}{end}", budget)
