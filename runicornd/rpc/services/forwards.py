"""Forwards and the folders of targets, as handlers see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.forwards.model import ForwardView
    from runicornd.remote.models import FolderList
    from runicornd.ssh.auth import Login


class Forwards(Protocol):
    """Tunnels that a user asked for by hand."""

    def list(self) -> Sequence[ForwardView]:
        """All forwards, by id."""
        ...

    async def open(self, target: str, spec: str, login: Login | None) -> ForwardView:
        """Open a forward, or find the one that already leads there."""
        ...

    async def shut(self, forward_id: str) -> None:
        """Close a forward and forget it.

        Raises:
            UnknownForward: There is none of that id.
        """
        ...


class Folders(Protocol):
    """Looks at the folders of targets."""

    async def list(self, target: str, path: str | None, login: Login | None) -> FolderList:
        """The folders in one of a target's; None is the account's home.

        Raises:
            RootNotFound, PermissionDenied: It cannot be read.
        """
        ...
