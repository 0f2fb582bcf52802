"""Versions of installed packages, read from file names and metadata; nothing is imported."""

import os
import re
from typing import Dict, Iterable, List, Optional

METADATA_LIMIT = 65536

_SEPARATORS = re.compile("[-_.]+")
_VERSION = re.compile(rb"^Version:\s*(\S+)", re.MULTILINE)
_EGG_TAG = re.compile(r"-py\d.*$")


def versions(folders: Iterable[str], names: Iterable[str]) -> Dict[str, str]:
    """Return the versions of those packages that are installed in the folders; the first folder wins.

    Args:
        folders: Site folders, in the order of ``sys.path``.
        names: Names as the caller writes them; compared as package indexes compare them.
    """
    wanted = {normalized(name): name for name in names}
    found: Dict[str, str] = {}
    for folder in folders:
        for name, version in _installed(folder, wanted).items():
            found.setdefault(name, version)
    return found


def normalized(name: str) -> str:
    """Return a package's name in the form that is compared."""
    return _SEPARATORS.sub("-", name).lower()


def _installed(folder: str, wanted: Dict[str, str]) -> Dict[str, str]:
    found: Dict[str, str] = {}
    for entry in _entries(folder):
        stem, kind = os.path.splitext(entry)
        if kind not in (".dist-info", ".egg-info", ".egg-link"):
            continue
        name, _dash, version = (stem, "", "") if kind == ".egg-link" else stem.partition("-")
        asked = wanted.get(normalized(name))
        if asked is None:
            continue
        told = _version(os.path.join(folder, entry), kind, version)
        if told:
            found[asked] = told
    return found


def _entries(folder: str) -> List[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _version(path: str, kind: str, version: str) -> Optional[str]:
    if kind == ".dist-info":
        # pip leaves empty folders behind when it is interrupted.
        return version if os.path.exists(os.path.join(path, "METADATA")) else None
    if kind == ".egg-link":
        return _linked_version(path)
    return _EGG_TAG.sub("", version) or _read_version(path)


def _read_version(egg_info: str) -> Optional[str]:
    path = os.path.join(egg_info, "PKG-INFO") if os.path.isdir(egg_info) else egg_info
    match = _VERSION.search(read_start(path))
    return match.group(1).decode("utf-8", "replace") if match else None


def _linked_version(link: str) -> Optional[str]:
    """The version of a project that is installed from its source folder (``setup.py develop``)."""
    name = os.path.splitext(os.path.basename(link))[0]
    source = os.fsdecode(read_start(link).split(b"\n")[0].strip())
    return _read_version(os.path.join(source, name.replace("-", "_") + ".egg-info")) if source else None


def read_start(path: str) -> bytes:
    """Return the first 64 KiB of a file without null characters; empty when it cannot be read."""
    try:
        # A named pipe in the place of a file must not hold us up.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return (file.read(METADATA_LIMIT) or b"").replace(b"\0", b"")
    except OSError:
        return b""
