"""Runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.storage.index import results


def runs(store: str, page: results.RunPage) -> models.RunsResult:
    """A page of runs."""
    return models.RunsResult(store, [_summary(one) for one in page.runs], page.total, page.next)


def run(store: str, detail: results.RunDetail) -> models.Run:
    """A run in full."""
    known = detail.run
    return models.Run(
        store=store,
        id=known.id,
        path=known.path,
        status=known.status,
        created=known.created,
        ended=known.ended,
        meta=dict(known.meta),
        summary=dict(known.summary),
        made=list(detail.made),
        used=list(detail.used),
        problem=known.problem,
    )


def _summary(one: results.RunSummary) -> models.RunSummary:
    return models.RunSummary(
        id=one.id,
        path=one.path,
        status=one.status,
        created=one.created,
        ended=one.ended,
        made=one.made,
        used=one.used,
        alias=one.alias,
        problem=one.problem,
    )
