"""The folders of targets, for choosing a storage root."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd.remote.models import FolderList
    from runicornd.remote.registry import RemoteHosts
    from runicornd.ssh.auth import Login
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Targets


class Folders:
    """The service behind ``folders.list``.

    Args:
        targets: Resolves what the user typed.
        pool: The links.
        remotes: The agents.
    """

    def __init__(self, targets: Targets, pool: Pool, remotes: RemoteHosts) -> None:
        self._targets = targets
        self._pool = pool
        self._remotes = remotes

    async def list(self, target: str, path: str | None, login: Login | None) -> FolderList:
        """Return the folders in one of a target's, its home folder by itself; connects first.

        Raises:
            RootNotFound, PermissionDenied: The folder cannot be read.
            RunicorndError: The target cannot be reached.
        """
        host = await self._targets.resolve(target)
        link = self._pool.link(host, login)
        async with link.wanted():
            await link.up(eager=True)
            return await self._remotes.of(link.host.key, link).folders(path or "")
