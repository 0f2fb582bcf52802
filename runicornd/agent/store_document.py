"""Runicorn's JSON files: read without loss, changed, and replaced all or nothing.

Numbers that Python would write otherwise than they stand (``1.50``, ``1e400``, ``NaN``, forty digits) keep
their text: they are read as marked texts and written back as they were.
"""

import errno
import json
import os
import re
import stat
import time
from typing import Dict, Iterable, List, Optional, Tuple

from .failures import Failure

LIMIT = 16 * 1024 * 1024
"""Bytes of the largest file that is changed; Runicorn's own have some kilobytes."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SURROGATE = re.compile("[\ud800-\udfff]")


class Document:
    """An object in a JSON file. ``values`` is what may be changed.

    Args:
        folder: The descriptor of its folder.
        name: Its name in there.
        path: Its path, for messages.

    Raises:
        Failure: ``file_missing``, ``metadata_broken``: there is nothing that could be changed.
        OSError: It cannot be read.
    """

    def __init__(self, folder: int, name: str, path: str) -> None:
        self.folder = folder
        self.name = name
        self.path = path
        self._mark = "runicornd-" + os.urandom(12).hex() + ":"
        self._data, self.found = self._read()
        self.values = self._parse(self._data)

    def _read(self) -> Tuple[bytes, os.stat_result]:
        try:
            fd = os.open(self.name, _FILE, dir_fd=self.folder)
        except FileNotFoundError:
            raise Failure("file_missing", f"cannot change {self.path}: there is no such file")
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self.broken("it is a link")
            raise
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise self.broken("it is no regular file")
        with open(fd, "rb") as file:
            data = file.read(LIMIT + 1)
        if len(data) > LIMIT:
            raise self.broken(f"it is larger than {LIMIT} bytes")
        return data, found

    def _parse(self, data: bytes) -> Dict[str, object]:
        try:
            values = json.loads(
                data.decode("utf-8"),
                parse_float=self._keep,
                parse_int=self._whole,
                parse_constant=self._keep,
            )
        except (ValueError, RecursionError) as error:
            raise self.broken(f"it is no JSON ({str(error)[:200]})")
        if not isinstance(values, dict):
            raise self.broken("it is no JSON object")
        return values

    def _keep(self, text: str) -> str:
        return self._mark + text

    def _whole(self, text: str) -> object:
        return int(text) if len(text) < 19 and text != "-0" else self._keep(text)

    def number(self, value: object) -> Optional[float]:
        """Return a value of the file as a number; None when it is none."""
        if isinstance(value, str) and value.startswith(self._mark):
            return float(value[len(self._mark) :])
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def list(self, name: str) -> "List[object]":
        """Return a copy of the list of that name, empty when there is none. Raises ``metadata_broken``."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.broken(f"its {name} is no list")
        return list(value)

    def mapping(self, name: str) -> Dict[str, object]:
        """Return a copy of the object of that name, empty when there is none. Raises ``metadata_broken``."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.broken(f"its {name} is no object")
        return dict(value)

    def is_changed(self) -> bool:
        """Whether the values are others than those in the file."""
        return self.values != self._parse(self._data)

    def broken(self, why: str) -> Failure:
        """The failure that says what is wrong with the file."""
        return Failure("metadata_broken", f"cannot change {self.path}: {why}", path=self.path)

    def stage(self) -> "Staged":
        """Write the changed values beside the file. Raises OSError, and then nothing is left."""
        try:
            text = json.dumps(self.values, indent=2, ensure_ascii=False)
        except RecursionError:
            raise self.broken("it is nested too deep")
        text = re.sub(f'"{self._mark}([^"]*)"', lambda kept: kept.group(1), text)
        return Staged(self.folder, self.name, text, self.found)


class Staged:
    """A file's new content, on the disk beside it, waiting to take its place.

    Args:
        folder: The descriptor of its folder.
        name: The file's name.
        text: The whole content.
        like: Whose owner and mode it gets; None leaves them to the system.

    Raises:
        OSError: It cannot be written; nothing is left.
    """

    def __init__(self, folder: int, name: str, text: str, like: Optional[os.stat_result] = None) -> None:
        self._folder = folder
        self._name = name
        self._part: Optional[str] = f".{name.strip('.')}_{os.urandom(6).hex()}.tmp"
        fd = os.open(self._part, _NEW, 0o666 if like is None else 0o600, dir_fd=folder)
        try:
            with open(fd, "wb") as file:
                file.write(_escaped(text).encode("utf-8"))
                file.flush()
                if like is not None:
                    _dress(fd, like)
                os.fsync(fd)
        except BaseException:
            self.discard()
            raise

    def publish(self) -> None:
        """Take the place of the file. Raises OSError."""
        if self._part is not None:
            os.rename(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            self._part = None
            os.fsync(self._folder)

    def discard(self) -> None:
        """Remove what was not published; does nothing after ``publish``."""
        if self._part is not None:
            os.unlink(self._part, dir_fd=self._folder)
            self._part = None


def publish(documents: Iterable[Document]) -> bool:
    """Replace the files whose values have changed, in this order; whether there were any.

    None is replaced when there is no room for all of them.

    Raises:
        OSError, Failure: Nothing has changed; or, if the disk fails in between, some of the first have.
    """
    staged: List[Staged] = []
    try:
        for document in documents:
            if document.is_changed():
                document.values["updated_at"] = time.time()
                staged.append(document.stage())
        for one in staged:
            one.publish()
    finally:
        for one in staged:
            one.discard()
    return bool(staged)


def _dress(fd: int, like: os.stat_result) -> None:
    ours = os.fstat(fd)
    if (ours.st_uid, ours.st_gid) != (like.st_uid, like.st_gid):
        for uid, gid in ((like.st_uid, like.st_gid), (-1, like.st_gid)):
            try:
                os.fchown(fd, uid, gid)
                break
            except PermissionError:
                continue  # Another member of the group may write here, and may not give files away.
    os.fchmod(fd, stat.S_IMODE(like.st_mode))


def _escaped(text: str) -> str:
    """Halves of pairs, which JSON may name and UTF-8 cannot hold, as JSON names them."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", text)
