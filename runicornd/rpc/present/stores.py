"""Stores: where they stand, and how a sync gets on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc.present.errors import reason

if TYPE_CHECKING:
    from runicornd.storage.cache import Left
    from runicornd.storage.index.problems import ProblemPage
    from runicornd.storage.model import StoreView, SyncProgress, SyncReport


def store(view: StoreView) -> models.Store:
    """A store."""
    intent, counts = view.intent, view.counts
    return models.Store(
        name=intent.name,
        target=intent.target,
        is_local=view.is_local,
        root=view.root,
        interval_s=intent.interval_s,
        state=view.phase.value,
        in_use=view.in_use,
        since=view.since,
        artifacts=counts.artifacts,
        versions=counts.versions,
        runs=counts.runs,
        unreadable=counts.unreadable,
        metadata_bytes=counts.metadata_bytes,
        downloads_bytes=counts.downloads_bytes,
        last_sync=_report(view.last_sync),
        next_sync=view.next_sync,
        progress=_progress(view.progress),
        detail=view.detail,
        prompt=view.prompt_id,
        error=reason(view.error),
    )


def left(name: str, kept: Left) -> models.StoreLeft:
    """What a forgotten store has left."""
    return models.StoreLeft(name, str(kept.path), kept.downloads, kept.downloads_bytes)


def problems(name: str, page: ProblemPage) -> models.StoreProblemsResult:
    """A page of what cannot be read."""
    found = [models.StoreProblem(one.kind, one.label, one.path, one.reason) for one in page.problems]
    return models.StoreProblemsResult(name, found, page.total, page.next)


def _progress(progress: SyncProgress | None) -> models.SyncProgress | None:
    if progress is None:
        return None
    return models.SyncProgress(
        phase=progress.phase,
        files_done=progress.files_done,
        files_total=progress.files_total,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_total,
        current=progress.current,
        rate=progress.rate,
        since=progress.since,
    )


def _report(report: SyncReport | None) -> models.SyncReport | None:
    if report is None:
        return None
    return models.SyncReport(
        at=report.at,
        seconds=report.seconds,
        changed=report.changed,
        removed=report.removed,
        received_bytes=report.received_bytes,
        problems=report.problems,
    )
