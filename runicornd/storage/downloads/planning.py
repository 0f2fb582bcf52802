"""From a request to a plan: which files, how much, where to, and whether there is room."""

from __future__ import annotations

import asyncio
import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams, LocalDiskFull, PlaceUnwritable, StateUnwritable
from runicornd.storage.worker.folder import part_of, parts_of
from runicornd.storage.worker.plan import PlannedFile, PlanWriter, read_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runicornd.storage.downloads.model import DownloadRequest, Selection, Source
    from runicornd.storage.model import FileEntry

# What is left free on the disk for others.
SPARE_BYTES = 16 * 1024 * 1024


def target_folder(request: DownloadRequest, source: Source, selection: Selection) -> Path:
    """The folder that a download comes into.

    Raises:
        InvalidParams: It is no absolute path.
    """
    if request.to is None:
        key = selection.key
        name = f"{key.name}@{key.type}" if selection.is_shared_name else key.name
        return source.downloads.joinpath(*parts_of(f"{name}/v{key.version}"))
    path = Path(request.to)
    if not path.is_absolute() or "\0" in request.to:
        raise InvalidParams(f"cannot download to {request.to!r}: it is no absolute path")
    return Path(os.path.normpath(path))


async def write_plan(path: Path, selection: Selection, patterns: Sequence[str]) -> tuple[int, int]:
    """Write the plan of the files that match; return their number and bytes.

    Raises:
        InvalidParams: Nothing matches.
        StateUnwritable: The plan cannot be written.
    """
    try:
        with PlanWriter(path) as plan:
            async for page in selection.pages:
                await asyncio.to_thread(plan.add, _matching(page, patterns))
            if patterns and not plan.files:
                raise InvalidParams(
                    f"cannot download {selection.key}: no file of it matches {', '.join(patterns)}",
                    hint=f"'runicornctl artifacts show {selection.key}' lists its files",
                )
            await asyncio.to_thread(plan.commit)
            return plan.files, plan.bytes
    except OSError as error:
        raise StateUnwritable(
            f"cannot plan the download: {error.strerror or error}",
            hint=f"make room in {path.parent} and see that it is yours to write",
        ) from error


def prepare(to: Path, plan: Path) -> None:
    """Make the folder and see that it has room for what is not there yet. Blocking.

    Raises:
        PlaceUnwritable: It cannot be made or written.
        LocalDiskFull: Both numbers are in its message and context.
    """
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        is_file = isinstance(error, FileExistsError | NotADirectoryError)
        why = "something that is no folder is there" if is_file else error.strerror or str(error)
        raise _unwritable(to, why) from error
    if not os.access(to, os.W_OK | os.X_OK):
        raise _unwritable(to, "it is not yours to write")
    header, files = read_plan(plan)
    free = shutil.disk_usage(to).free
    if header.bytes + SPARE_BYTES <= free:
        return
    see_room(to, header.bytes - _present(to, files))


def see_room(to: Path, needed: int) -> None:
    """See that a folder's disk has room for so many bytes. Raises as ``prepare``; blocking."""
    free = shutil.disk_usage(to).free
    if needed + SPARE_BYTES > free:
        raise LocalDiskFull(
            f"cannot download to {to}: {_size(needed)} are needed and {_size(free)} are free",
            hint="make room ('runicornctl cache cleanup' removes old downloads), "
            "or choose another disk (--to)",
            needed=needed,
            free=free,
        )


def _matching(page: Iterable[FileEntry], patterns: Sequence[str]) -> list[PlannedFile]:
    return [
        PlannedFile(entry.path, entry.source, entry.size, entry.digest)
        for entry in page
        if not patterns or any(fnmatchcase(entry.path, pattern) for pattern in patterns)
    ]


def _present(to: Path, files: Iterable[PlannedFile]) -> int:
    """How many bytes of the files are there already, whole or in part."""
    total = 0
    for file in files:
        for path in (file.path, part_of(file.path)):
            try:
                total += min(max(0, file.size), os.lstat(to.joinpath(*parts_of(path))).st_size)
                break
            except (OSError, PlaceUnwritable):
                continue
    return total


def _unwritable(to: Path, why: str) -> PlaceUnwritable:
    return PlaceUnwritable(
        f"cannot download to {to}: {why}", hint="choose another folder (--to)", folder=str(to)
    )


def _size(number: int) -> str:
    size = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
