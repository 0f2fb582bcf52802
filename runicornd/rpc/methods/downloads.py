"""``downloads.*``: files on their way to this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present
from runicornd.rpc.logins import local_path
from runicornd.storage.downloads.model import DownloadRequest

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def start(call: Call, params: models.DownloadParams) -> models.Download:
    """Begin to fetch a version's files."""
    to = local_path("to", params.to)
    request = DownloadRequest(
        ref=params.ref,
        store=params.store,
        files=tuple(params.files),
        to=None if to is None else str(to),
    )
    return present.download(await call.services.downloads.start(request))


async def list_downloads(call: Call, _params: models.Empty) -> models.DownloadsResult:
    """Answer with all downloads."""
    return models.DownloadsResult([present.download(view) for view in call.services.downloads.list()])


async def get(call: Call, params: models.DownloadNameParams) -> models.Download:
    """Answer with one download."""
    return present.download(call.services.downloads.get(params.download))


async def cancel(call: Call, params: models.DownloadNameParams) -> models.Download:
    """End a download."""
    return present.download(await call.services.downloads.cancel(params.download))


HANDLERS: Handlers = {
    "downloads.start": start,
    "downloads.list": list_downloads,
    "downloads.get": get,
    "downloads.cancel": cancel,
}
