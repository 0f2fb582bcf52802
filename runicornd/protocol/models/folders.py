"""Folders of a target, for choosing a storage root."""

from __future__ import annotations

from runicornd.protocol.models.base import Params, Result, Text
from runicornd.protocol.models.hosts import AuthParams


class FoldersParams(Params):
    """The folders in one of a target's; None is the account's home."""

    target: Text
    path: Text | None = None
    auth: AuthParams | None = None


class Folder(Result):
    """A folder in it. ``is_root_candidate``: it looks like a storage root of Runicorn."""

    name: str
    path: str
    is_root_candidate: bool = False


class FoldersResult(Result):
    """What there is, by name.

    ``path`` is absolute and has its links followed; ``parent`` is None at the top. ``is_root``: the folder
    itself looks like a storage root. ``is_cut``: there are more folders than are listed.
    """

    path: str
    parent: str | None
    folders: list[Folder]
    is_root: bool = False
    is_cut: bool = False
