"""``artifacts.*``: looked up in the mirror, changed at the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc import present
from runicornd.storage.index.results import ArtifactQuery, ArtifactSort

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def list_artifacts(call: Call, params: models.ArtifactsParams) -> models.ArtifactsResult:
    """Answer with a page of artifacts."""
    stores = call.services.stores
    query = ArtifactQuery(
        type=params.type,
        search=params.search,
        sort=ArtifactSort(params.sort),
        order=params.order,
        deleted=params.deleted,
        limit=params.limit,
        cursor=params.cursor,
    )
    name = stores.get(params.store).intent.name
    return present.artifacts(name, await stores.artifacts(name, query))


async def get(call: Call, params: models.ArtifactParams) -> models.Artifact:
    """Answer with one version."""
    view = call.services.stores.get(params.store)
    return present.artifact(view, await call.services.stores.version(view.intent.name, params.ref))


async def files(call: Call, params: models.FilesParams) -> models.FilesResult:
    """Answer with a page of a version's files."""
    page = await call.services.stores.files(params.store, params.ref, params.limit, params.cursor)
    return present.files(page)


async def lineage(call: Call, params: models.LineageParams) -> models.Lineage:
    """Answer with what came from what."""
    stores = call.services.stores
    return present.lineage(await stores.lineage(params.store, params.ref, params.direction, params.depth))


async def delete(call: Call, params: models.DeleteParams) -> models.Changed:
    """Delete a version at its store; for good only with the artifact's name in ``confirm``."""
    stores = call.services.stores
    report = await stores.delete(
        params.store, params.ref, permanently=params.permanently, confirm=params.confirm
    )
    return present.changed(report)


async def restore(call: Call, params: models.ArtifactParams) -> models.Changed:
    """Undo a soft delete."""
    return present.changed(await call.services.stores.restore_version(params.store, params.ref))


async def alias(call: Call, params: models.AliasParams) -> models.Changed:
    """Set or remove an alias."""
    stores = call.services.stores
    report = await stores.set_alias(params.store, params.ref, params.alias, remove=params.remove)
    return present.changed(report)


async def tag(call: Call, params: models.TagParams) -> models.Changed:
    """Add and remove tags."""
    report = await call.services.stores.tag(params.store, params.ref, params.add, params.remove)
    return present.changed(report)


HANDLERS: Handlers = {
    "artifacts.list": list_artifacts,
    "artifacts.get": get,
    "artifacts.files": files,
    "artifacts.lineage": lineage,
    "artifacts.delete": delete,
    "artifacts.restore": restore,
    "artifacts.alias": alias,
    "artifacts.tag": tag,
}
