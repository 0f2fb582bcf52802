"""What is wanted of each store, and which one is in use, as files of the state folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd._lib.recordfiles import RecordFiles
from runicornd._lib.shortname import numbered
from runicornd.errors import InvalidParams, StateUnwritable
from runicornd.storage.model import StoreIntent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runicornd.ssh.targets import Host

VERSION = 1
LOCAL_FOLDER = "local"
MAX_COMPONENT = 60

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_UNSAFE = re.compile(r"[^a-z0-9.-]+", re.ASCII)
FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,159}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """The store that commands mean when they name none."""

    name: str


class Intents:
    """The files of the stores; samples of every format are in ``tests/unit/storage/files``.

    Args:
        folder: Made when it is missing, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stores = RecordFiles(
            folder / "stores", StoreIntent, noun="store", version=VERSION, name_of=lambda intent: intent.name
        )
        self._choice = RecordFiles(
            folder / "store-in-use", Choice, noun="choice", version=VERSION, name_of=lambda _choice: "choice"
        )

    def load(self) -> list[StoreIntent]:
        """Return every readable store, by name; bad files are set aside and reported."""
        return [intent for intent in self._stores.load() if _is_usable(intent)]

    def load_choice(self) -> str | None:
        """Return the name of the store in use, as it was saved."""
        return next((choice.name for choice in self._choice.load()), None)

    def save(self, intent: StoreIntent) -> None:
        """Write the store's file.

        Raises:
            StateUnwritable: The folder cannot be written, or the disk is full; the old file is whole.
        """
        try:
            self._stores.save(intent)
        except OSError as error:
            raise self._unwritable(f"save store {intent.name}", error) from error

    def save_choice(self, name: str | None) -> None:
        """Remember which store is in use. Raises ``StateUnwritable``."""
        try:
            if name is None:
                self._choice.delete("choice")
            else:
                self._choice.save(Choice(name))
        except OSError as error:
            raise self._unwritable("save which store is in use", error) from error

    def delete(self, name: str) -> None:
        """Remove the store's file, if there is one. Raises ``StateUnwritable``."""
        try:
            self._stores.delete(name)
        except OSError as error:
            raise self._unwritable(f"forget store {name}", error) from error

    def _unwritable(self, what: str, error: OSError) -> StateUnwritable:
        return StateUnwritable(
            f"cannot {what}: {error.strerror or error}",
            hint=f"make room in {self.folder} and see that it is yours to write",
        )


def check_name(name: str) -> None:
    """See that this can be the name of a store, and of its file.

    Raises:
        InvalidParams: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise InvalidParams(
            f"cannot call a store {name!r}: it is not 1 to 40 letters, digits, dots, dashes, underscores",
            hint="choose a name such as 'gpu-server'",
        )


def cache_folder(host: Host, taken: Iterable[str]) -> str:
    """Return the name of a store's folder in the cache, ``HOST_USER``, with a number where it is taken.

    Each part is a plain file name: only lower-case letters, digits, dots and dashes are left of it.
    """
    if host.is_local:
        return numbered(LOCAL_FOLDER, set(taken))
    return numbered(f"{_component(host.hostname)}_{_component(host.user)}", set(taken))


def _component(text: str) -> str:
    return _UNSAFE.sub("-", text.lower())[:MAX_COMPONENT].strip(".-") or "unknown"


def _is_usable(intent: StoreIntent) -> bool:
    """Whether both names are such as we give: a file that someone edited must not lead elsewhere."""
    return bool(_NAME.fullmatch(intent.name) and FOLDER_NAME.fullmatch(intent.folder))
