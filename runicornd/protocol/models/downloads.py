"""Downloads of artifacts' files to this machine."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runicornd.protocol.models.base import ErrorData, Params, Result, Text


class DownloadParams(Params):
    """Fetch a version's files.

    Args:
        ref: The version; see ``artifacts``.
        files: Patterns such as ``*.pth`` of paths; none means all.
        to: An absolute folder of this machine; None is the store's own download folder.
    """

    ref: Text
    store: Text | None = None
    files: Annotated[list[Text], msgspec.Meta(max_length=100)] = []
    to: Text | None = None


class DownloadNameParams(Params):
    """Name a download."""

    download: Text


class FileProgress(Result):
    """A file that is being fetched."""

    path: str
    done: int
    size: int


class Download(Result):
    """A download. Sizes are in bytes, ``rate`` is in bytes a second, ``left_s`` in seconds.

    ``state``: waiting (for its turn, or for the link; ``detail`` says which), running, verifying, done,
    failed (``error`` says why; starting it again goes on where it was), cancelled.
    ``skipped`` counts files that were here already; ``references`` are outside and were not fetched.
    ``prompt`` is the question that it waits for. ``files`` are the patterns that were asked for, and
    ``is_kept`` says that ``to`` is the store's own folder: what it takes to start the same one again.
    """

    id: str
    store: str
    ref: str
    to: str
    state: Literal["waiting", "running", "verifying", "done", "failed", "cancelled"]
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    rate: float
    created: float
    since: float
    left_s: float | None = None
    active: list[FileProgress] = []
    skipped: int = 0
    references: list[str] = []
    detail: str = ""
    prompt: str | None = None
    error: ErrorData | None = None
    files: list[str] = []
    is_kept: bool = True


class DownloadsResult(Result):
    """All downloads, newest first; those that ended are kept for a while."""

    downloads: list[Download]


class DownloadRemoved(Result):
    """The data of the event ``download.removed``."""

    id: str
