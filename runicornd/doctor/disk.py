"""Whether there is room on the disks that an account writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.doctor import amounts
from runicornd.doctor.model import Finding, failure, ok, warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.remote.models import Place

_HINT = "free space on the server; 'df -h' and 'df -i' there show what is full"


def disk_finding(places: Sequence[Place]) -> Finding:
    """Judge the room of some folders, in bytes and in files."""
    context = {place.name: _facts(place) for place in places}
    if full := [place for place in places if _is_full(place)]:
        return failure("disks_full", f"full: {', '.join(map(_shortage, full))}", _HINT, **context)
    if low := [place for place in places if _is_low(place)]:
        return warning("disks_low", f"nearly full: {', '.join(map(_shortage, low))}", _HINT, **context)
    rooms: dict[tuple[int, int], list[str]] = {}
    for place in places:
        rooms.setdefault((place.free, place.size), []).append(place.path)
    words = [f"{amounts.size(free)} free for {', '.join(paths)}" for (free, _), paths in rooms.items()]
    return ok("disks_fine", "; ".join(words), **context)


def _facts(place: Place) -> dict[str, object]:
    short = "files" if _has_few_files(place) else "bytes"
    facts = {"path": place.path, "free": place.free, "size": place.size, "free_files": place.free_inodes}
    return {**facts, "short": short if _is_full(place) or _is_low(place) else None}


def _is_full(place: Place) -> bool:
    return amounts.is_full(place.free, place.size) or (place.inodes > 0 and place.free_inodes == 0)


def _is_low(place: Place) -> bool:
    return amounts.is_low(place.free, place.size) or _has_few_files(place)


def _has_few_files(place: Place) -> bool:
    return place.inodes > 0 and place.free_inodes < place.inodes * amounts.LITTLE_SHARE


def _shortage(place: Place) -> str:
    if _has_few_files(place):
        return f"{place.path} has room for {place.free_inodes} more files"
    return f"{place.path} has {amounts.size(place.free)} of {amounts.size(place.size)} left"
