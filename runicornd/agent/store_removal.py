"""Removes folders of versions for good, and gives back what only they kept of ``.dedup``.

A folder is first renamed aside (``.runicornd-removed-…`` in the artifact's folder), which hides it at once.
What is removed is reached by descriptors only, so no link leads anywhere else. Every folder below is moved
up before it is emptied: neither depth nor length of paths matters.
"""

import os
import re
import stat
from contextlib import suppress
from typing import Iterator, List, Optional

ASIDE = ".runicornd-removed-"
MANIFEST = "manifest.json"
PIECE = 1024 * 1024

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_DIGEST = re.compile(rb'"sha256:([0-9a-f]{64})"')
_OVERLAP = 80


def set_aside(artifact: int, name: str) -> None:
    """Take a folder out of sight, to be removed by ``sweep``. Raises OSError."""
    os.rename(name, f"{ASIDE}{name}-{os.urandom(6).hex()}", src_dir_fd=artifact, dst_dir_fd=artifact)
    os.fsync(artifact)


class Sweep:
    """Removes what was set aside in an artifact's folder, also by those that could not finish.

    Args:
        artifact: The descriptor of the artifact's folder.
        pool: That of ``artifacts/.dedup``, or None where there is none.

    Attributes:
        freed: Bytes that the disk has got back. A file counts when its last link goes.
        left: Why something could not be removed, or None.
    """

    def __init__(self, artifact: int, pool: Optional[int]) -> None:
        self.freed = 0
        self.left: Optional[OSError] = None
        self._artifact = artifact
        self._pool = pool

    def run(self) -> None:
        """Remove all of it; what cannot be removed stays, and ``left`` says why."""
        for name in os.listdir(self._artifact):
            if name.startswith(ASIDE):
                try:
                    self._remove(name)
                except OSError as error:  # One bad folder must not keep the others.
                    self._note(error)

    def _remove(self, name: str) -> None:
        """The manifest goes last: whoever has to finish this needs it to find what is in the pool."""
        folder = os.open(name, _FOLDER, dir_fd=self._artifact)
        try:
            self._empty(folder)
            for digest in _digests(folder):
                self._free(digest)
            if self.left is None:
                self._unlink(MANIFEST, folder)
        finally:
            os.close(folder)
        self._end(name, self._artifact)

    def _empty(self, top: int) -> None:
        """Remove all that is in the topmost folder, and in those that come up into it."""
        _unlock(top)
        self._take(top, top)
        pending = self._folders(top)
        while pending:
            name = pending.pop()
            try:
                folder = os.open(name, _FOLDER, dir_fd=top)
            except OSError as error:
                self._note(error)
                continue
            try:
                _unlock(folder)
                pending += self._take(folder, top)
            finally:
                os.close(folder)
            self._end(name, top)

    def _folders(self, top: int) -> List[str]:
        return [name for name in os.listdir(top) if _is_folder(name, top)]

    def _take(self, folder: int, top: int) -> List[str]:
        """Remove a folder's files and move its folders up; return the new names of these."""
        moved = []
        for name in os.listdir(folder):
            new = f"{ASIDE}{os.urandom(12).hex()}"
            try:
                if not _is_folder(name, folder):
                    if folder != top or name != MANIFEST:
                        self._unlink(name, folder)
                elif folder != top:
                    _unlock_at(name, folder)  # A folder that may not be written cannot be moved.
                    os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
                    moved.append(new)
            except OSError as error:  # One bad entry must not keep the others.
                self._note(error)
        return moved

    def _unlink(self, name: str, folder: int) -> None:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return
        if found.st_nlink == 1 and stat.S_ISREG(found.st_mode):
            self.freed += found.st_size

    def _free(self, digest: str) -> None:
        """Remove an entry of the pool if no version links to it any more."""
        if self._pool is None:
            return
        try:
            shelf = os.open(digest[:2], _FOLDER, dir_fd=self._pool)
        except OSError:
            return
        try:
            found = os.stat(digest, dir_fd=shelf, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                self._unlink(digest, shelf)
        except OSError as error:
            self._note(error)
        finally:
            os.close(shelf)

    def _end(self, name: str, parent: int) -> None:
        try:
            os.rmdir(name, dir_fd=parent)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        """Remember what is in the way. What is missing was removed by another sweep."""
        if not isinstance(error, FileNotFoundError):
            self.left = self.left or error


def _unlock(folder: int) -> None:
    """Let us remove what is in a folder, as far as it is ours to decide."""
    with suppress(OSError):
        os.fchmod(folder, 0o700)


def _unlock_at(name: str, parent: int) -> None:
    folder = os.open(name, _FOLDER, dir_fd=parent)
    try:
        _unlock(folder)
    finally:
        os.close(folder)


def _is_folder(name: str, parent: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _digests(folder: int) -> Iterator[str]:
    """Yield the digests of a version's manifest, however long it is."""
    try:
        fd = os.open(MANIFEST, _FILE, dir_fd=folder)
    except OSError:
        return
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return
    with open(fd, "rb") as file:
        rest = b""
        while True:
            data = file.read(PIECE)
            text = rest + data
            for match in _DIGEST.finditer(text):
                yield match.group(1).decode()
            if not data:
                return
            rest = text[-_OVERLAP:]
