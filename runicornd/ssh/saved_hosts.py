"""The hosts that the user saved under a name: one small JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from runicornd._lib.atomicfile import quarantine, write_atomic
from runicornd.errors import InvalidTarget, StateUnwritable, UnknownHost
from runicornd.ssh.addresses import is_name, parse_address
from runicornd.ssh.small_files import read_small

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT_VERSION = 1
SIZE_LIMIT_BYTES = 4 * 1024 * 1024
RESERVED_NAMES = frozenset({"local"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SavedHost:
    """A host under a name. ``address`` is ``[user@]host[:port]`` or an OpenSSH alias."""

    name: str
    address: str
    identity_file: Path | None = None


class SavedHosts:
    """All saved hosts, as the file has them.

    A file that cannot be understood is moved aside when it is read; ``quarantined`` then names it.

    Args:
        path: The file. Its folder is made when the first host is saved.

    Raises:
        StateUnwritable: The file is there and cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.quarantined: Path | None = None
        self._hosts = self._load()

    def all(self) -> Sequence[SavedHost]:
        """Every host, by name."""
        return tuple(self._hosts[name] for name in sorted(self._hosts))

    def find(self, name: str) -> SavedHost | None:
        """The host of that name, if there is one."""
        return self._hosts.get(name)

    def save(self, host: SavedHost) -> None:
        """Add the host, or replace the one of the same name.

        Raises:
            InvalidTarget: The name or the address cannot be one.
            StateUnwritable: The file cannot be written; nothing has changed.
        """
        if not is_name(host.name) or ":" in host.name or host.name in RESERVED_NAMES:
            raise InvalidTarget(
                f"cannot save a host as {host.name!r}: that can be no name",
                hint="use letters, digits and '._+-'; 'local' is this machine",
            )
        parse_address(host.address)
        self._store({**self._hosts, host.name: host})

    def remove(self, name: str) -> None:
        """Forget a host.

        Raises:
            UnknownHost: There is none of that name.
            StateUnwritable: The file cannot be written; nothing has changed.
        """
        if name not in self._hosts:
            raise UnknownHost(
                f"cannot forget {name!r}: no host is saved under that name",
                hint="'runicornctl hosts list' shows the saved hosts",
            )
        self._store({key: host for key, host in self._hosts.items() if key != name})

    def _store(self, hosts: dict[str, SavedHost]) -> None:
        document = {
            "version": FORMAT_VERSION,
            "hosts": [_to_json(hosts[name]) for name in sorted(hosts)],
        }
        data = json.dumps(document, indent=1, ensure_ascii=False).encode()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._path, data)
        except OSError as error:
            raise StateUnwritable(
                f"cannot save the hosts in {self._path}: {error.strerror or error}",
                hint="free some space, or mend the folder's permissions",
            ) from error
        self._hosts = hosts

    def _load(self) -> dict[str, SavedHost]:
        try:
            return _parse(read_small(self._path, SIZE_LIMIT_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        except ValueError as error:
            self._set_aside(error)
            return {}

    def _set_aside(self, reason: ValueError) -> None:
        try:
            self.quarantined = quarantine(self._path)
        except OSError as error:
            raise self._unusable(reason) from error
        log.warning("saved hosts set aside", reason=str(reason), moved_to=str(self.quarantined))

    def _unusable(self, reason: Exception) -> StateUnwritable:
        return StateUnwritable(
            f"cannot read the saved hosts in {self._path}: {reason}",
            hint="move the file away or mend its permissions",
        )


def problem_of(path: Path) -> str:
    """Return what is wrong with a file of saved hosts, or nothing; changes nothing."""
    try:
        _parse(read_small(path, SIZE_LIMIT_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return error.strerror or str(error)
    except ValueError as error:
        return str(error)
    return ""


def _parse(data: bytes) -> dict[str, SavedHost]:
    document = json.loads(data)
    _expect(isinstance(document, dict), "the file is no JSON object")
    _expect(document.get("version") == FORMAT_VERSION, f"the file is not of version {FORMAT_VERSION}")
    entries = document.get("hosts")
    _expect(isinstance(entries, list), "the file has no list of hosts")
    return {host.name: host for host in map(_from_json, entries)}


def _to_json(host: SavedHost) -> dict[str, str | None]:
    identity = str(host.identity_file) if host.identity_file is not None else None
    return {"name": host.name, "address": host.address, "identity_file": identity}


def _from_json(entry: Any) -> SavedHost:  # noqa: ANN401 - whatever the file has
    _expect(isinstance(entry, dict), "a host is no JSON object")
    name, address, identity = (entry.get(key) for key in ("name", "address", "identity_file"))
    _expect(isinstance(name, str) and isinstance(address, str), "a host has no name or address")
    _expect(identity is None or isinstance(identity, str), "a host has a bad identity file")
    return SavedHost(name=name, address=address, identity_file=Path(identity) if identity else None)


def _expect(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
