"""Artifacts, their versions and files, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.storage.index import results
    from runicornd.storage.model import ReferenceEntry, StoreView
    from runicornd.storage.operations import ChangeReport


def artifacts(store: str, page: results.ArtifactPage) -> models.ArtifactsResult:
    """A page of artifacts."""
    return models.ArtifactsResult(
        store=store,
        artifacts=[_summary(one) for one in page.artifacts],
        total=page.total,
        types=[models.TypeCount(one.type, one.artifacts) for one in page.types],
        next=page.next,
        synced=page.synced,
    )


def artifact(store: StoreView, detail: results.VersionDetail) -> models.Artifact:
    """A version in full."""
    version = detail.version
    return models.Artifact(
        store=store.intent.name,
        where=where(store),
        is_local=store.is_local,
        type=version.key.type,
        name=version.key.name,
        version=version.key.version,
        layout=version.layout.value,
        status=version.status,
        is_deleted=version.deleted is not None,
        deleted=version.deleted,
        created=version.created,
        updated=version.updated,
        size_bytes=version.size_bytes,
        description=version.description,
        tags=list(version.tags),
        aliases=list(version.aliases),
        metadata=dict(version.metadata),
        path=version.path,
        files=[_file(one) for one in detail.files],
        files_total=detail.files_total,
        references=[_reference(one) for one in version.references],
        versions=[_history(one) for one in detail.versions],
        made_by=detail.made_by,
        used_by=list(detail.used_by),
        user=version.user,
        downloaded_to=None if detail.downloaded_to is None else str(detail.downloaded_to),
        problem=version.problem,
        synced=detail.synced,
    )


def files(page: results.FilePage) -> models.FilesResult:
    """A page of a version's files."""
    return models.FilesResult([_file(one) for one in page.files], page.total, page.next)


def lineage(graph: results.LineageGraph) -> models.Lineage:
    """What came from what."""
    return models.Lineage(
        root=graph.root,
        nodes=[_node(one) for one in graph.nodes],
        edges=[models.LineageEdge(edge.source, edge.target, edge.kind) for edge in graph.edges],
        is_cut=graph.is_cut,
    )


def changed(report: ChangeReport) -> models.Changed:
    """What a change at the source did."""
    return models.Changed(
        store=report.store,
        where=report.where,
        ref=str(report.key),
        message=report.message,
        changed=report.changed,
        freed_bytes=report.freed_bytes,
        hint=report.hint,
    )


def where(store: StoreView) -> str:
    """The store's machine, as confirmations name it."""
    return "this machine" if store.is_local else store.intent.target


def _summary(one: results.ArtifactSummary) -> models.ArtifactSummary:
    return models.ArtifactSummary(
        type=one.type,
        name=one.name,
        version=one.version,
        versions=one.versions,
        size_bytes=one.size_bytes,
        files=one.files,
        created=one.created,
        updated=one.updated,
        description=one.description,
        tags=list(one.tags),
        aliases=list(one.aliases),
        is_deleted=one.is_deleted,
        problem=one.problem,
    )


def _file(one: results.ArtifactFile) -> models.ArtifactFile:
    digest = f"sha256:{one.digest}" if one.digest else ""
    return models.ArtifactFile(one.path, one.size, digest, one.modified, one.is_local)


def _reference(one: ReferenceEntry) -> models.Reference:
    return models.Reference(one.uri, one.size, one.checksum)


def _history(one: results.VersionSummary) -> models.VersionSummary:
    return models.VersionSummary(
        version=one.version,
        created=one.created,
        size_bytes=one.size_bytes,
        files=one.files,
        status=one.status,
        aliases=list(one.aliases),
        run=one.run,
        is_deleted=one.is_deleted,
        is_downloaded=one.is_downloaded,
        problem=one.problem,
    )


def _node(one: results.LineageNode) -> models.LineageNode:
    return models.LineageNode(
        id=one.id,
        kind=one.kind,
        label=one.label,
        type=one.type,
        created=one.created,
        size_bytes=one.size_bytes,
        status=one.status,
        is_deleted=one.is_deleted,
        is_known=one.is_known,
    )
