"""Downloads and the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc.present.errors import reason

if TYPE_CHECKING:
    from runicornd.storage import cache
    from runicornd.storage.downloads.model import DownloadView

SHOWN_REFERENCES = 100
"""A version may have a million; 'artifacts.get' lists them."""


def download(view: DownloadView) -> models.Download:
    """A download."""
    intent, state, totals = view.intent, view.state, view.state.totals
    return models.Download(
        id=intent.id,
        store=intent.store,
        ref=intent.ref,
        to=intent.to,
        state=state.phase.value,
        files_done=totals.files_done,
        files_total=totals.files_total,
        bytes_done=totals.bytes_done,
        bytes_total=totals.bytes_total,
        rate=state.rate,
        created=intent.created,
        since=state.since,
        left_s=state.left_s,
        active=[models.FileProgress(one.path, one.done, one.size) for one in state.active],
        skipped=totals.skipped,
        references=list(intent.references[:SHOWN_REFERENCES]),
        detail=state.detail,
        prompt=state.prompt_id,
        error=reason(state.error),
        files=list(intent.patterns),
        is_kept=intent.is_kept,
    )


def cache_info(info: cache.CacheInfo) -> models.CacheInfo:
    """What is cached."""
    return models.CacheInfo(
        path=str(info.path),
        limit_bytes=info.limit_bytes,
        total_bytes=info.total_bytes,
        stores=[_share(share) for share in info.stores],
        removed=[_share(share) for share in info.removed],
    )


def cache_freed(freed: cache.Freed) -> models.CacheFreed:
    """What was removed."""
    return models.CacheFreed(freed.freed_bytes, freed.removed, freed.kept)


def _share(share: cache.CacheShare) -> models.CacheStore:
    return models.CacheStore(
        store=share.store,
        path=str(share.path),
        index_bytes=share.index_bytes,
        metadata_bytes=share.metadata_bytes,
        downloads_bytes=share.downloads_bytes,
        downloads=share.downloads,
        removed=share.removed,
    )
