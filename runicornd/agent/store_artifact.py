"""An artifact's folder in the layout of Runicorn 0.4 and 0.5, and what its files say.

``artifacts/TYPE/NAME/versions.json`` lists versions and aliases, ``vN/metadata.json`` has tags and aliases
again, ``vN/.deleted`` marks a soft delete. The formats are of ``runicorn/artifacts/{storage,models}.py``
(0.4.1, 0.5.3).
"""

import errno
import os
from contextlib import ExitStack
from typing import Dict, List, Optional

from .failures import Failure
from .store_document import Document

INDEX = "versions.json"
METADATA = "metadata.json"
GONE = "deleted"
"""The status, of Runicorn's own words, of a version that is listed and no more there."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Entry = Dict[str, object]


class Artifact:
    """An artifact's folder, open. No link below the root is followed.

    Args:
        opened: Closes the folders in the end.
        root: The storage root, absolute.
        type_: The artifact's type.
        name: Its name.

    Raises:
        Failure: ``root_not_found``, ``unknown_artifact``, ``invalid_params``.
        OSError: The system's refusal.
    """

    def __init__(self, opened: ExitStack, root: str, type_: str, name: str) -> None:
        self._opened = opened
        self.name = name
        self.path = os.path.join(root, "artifacts", type_, name)
        try:
            if not os.path.isabs(root) or "\0" in root:
                raise Failure("invalid_params", f"cannot use {root[:200]!r} as a storage root")
            top = self._hold(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except (FileNotFoundError, NotADirectoryError):
            raise Failure("root_not_found", f"cannot change {root}: no such folder", path=root)
        artifacts = self._enter(top, "artifacts")
        types = None if artifacts is None else self._enter(artifacts, type_)
        folder = None if types is None else self._enter(types, name)
        if artifacts is None or folder is None:
            reason = "no such artifact within the storage root"
            raise Failure("unknown_artifact", f"cannot change {self.path}: {reason}")
        self.folder = folder
        self.pool = self._enter(artifacts, ".dedup")

    def index(self) -> Document:
        """Read the list of versions and aliases. Raises as ``Document``."""
        return Document(self.folder, INDEX, os.path.join(self.path, INDEX))

    def metadata(self, number: int) -> Document:
        """Read a version's metadata. Raises as ``version`` and ``Document``."""
        return Document(self.version(number), METADATA, os.path.join(self.path, f"v{number}", METADATA))

    def version(self, number: int) -> int:
        """Open a version's folder. Raises ``unknown_artifact``."""
        found = self.find(number)
        if found is None:
            raise Failure("unknown_artifact", f"cannot change {self.path}: there is no v{number}")
        return found

    def find(self, number: int) -> Optional[int]:
        """Open a version's folder; None when there is none."""
        return self._enter(self.folder, f"v{number}")

    def _enter(self, parent: int, name: str) -> Optional[int]:
        try:
            return self._hold(os.open(name, _FOLDER, dir_fd=parent))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise

    def _hold(self, fd: int) -> int:
        self._opened.callback(os.close, fd)
        return fd


def plain(text: str) -> str:
    """Return a text from the wire, which is in the form of file names, as JSON has it."""
    return os.fsencode(text).decode("utf-8", "surrogateescape")


def entries(index: Document, number: int) -> List[Entry]:
    """Return what a list of versions says of one of them; it may be changed in place."""
    listed = index.list("versions")
    return [entry for entry in listed if isinstance(entry, dict) and version_of(index, entry) == number]


def version_of(index: Document, entry: Entry) -> Optional[int]:
    """The number of a listed version; None when it has none."""
    number = index.number(entry.get("version"))
    return None if number is None or number != int(number) else int(number)


def is_gone(entry: object) -> bool:
    """Whether a version is listed as one that is no more there."""
    return isinstance(entry, dict) and entry.get("status") == GONE


def aliases_of(entry: Entry) -> List[object]:
    """The aliases that a listed version says it has."""
    aliases = entry.get("aliases")
    return aliases if isinstance(aliases, list) else []
