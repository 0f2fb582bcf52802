"""How to log in, from the wire to the value that the core takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams
from runicornd.ssh.auth import NO_LOGIN, Login

if TYPE_CHECKING:
    from runicornd.protocol.models import AuthParams
    from runicornd.rpc.services import Services


def take_login(services: Services, auth: AuthParams | None) -> Login | None:
    """The login that came with a request, if one did; an agent that came with it is used from now on.

    Raises:
        InvalidParams: The path of the key or of the agent is relative.
    """
    if auth is None:
        return None
    if agent := local_path("auth.agent_socket", auth.agent_socket):
        services.use_agent(agent)
    login = Login(
        identity_file=local_path("auth.identity_file", auth.identity_file),
        private_key=auth.private_key,
        passphrase=auth.passphrase,
        password=auth.password,
    )
    return None if login == NO_LOGIN else login


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
