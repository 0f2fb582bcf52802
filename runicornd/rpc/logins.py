"""How to log in, from the wire to the value that the core takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams
from runicornd.ssh.auth import Login

if TYPE_CHECKING:
    from runicornd.protocol.models import AuthParams


def login_of(auth: AuthParams | None) -> Login | None:
    """The login that came with a request, if one did.

    Raises:
        InvalidParams: The path of the key is relative.
    """
    if auth is None:
        return None
    return Login(
        identity_file=local_path("auth.identity_file", auth.identity_file),
        private_key=auth.private_key,
        passphrase=auth.passphrase,
        password=auth.password,
    )


def local_path(name: str, given: str | None) -> Path | None:
    """A path of this machine, ``~`` resolved.

    Raises:
        InvalidParams: It is relative: the daemon's working folder is not the client's.
    """
    if given is None:
        return None
    try:
        path = Path(given).expanduser()
    except RuntimeError as exc:
        raise InvalidParams(
            f"cannot take {name}: there is no such home folder", fields={name: given}
        ) from exc
    if not path.is_absolute():
        raise InvalidParams(
            f"cannot take {name}: {given!r} is not an absolute path", fields={name: "not an absolute path"}
        )
    return path
