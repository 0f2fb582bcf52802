"""The operations on remote storage: connecting, syncing, artifacts, downloads, the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.gateway.rest import bodies, shapes
from runicornd.gateway.rest.table import Operation
from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.gateway.rest.table import Answer, Asked, Asks

LOCAL = "local"
_VERSION = "/api/remote/artifacts/{artifact_name}/v{version:[0-9]{1,9}}"
_FETCH = "/api/remote/download/{artifact_name}/v{version:[0-9]{1,9}}"


async def connect(ask: Asks, asked: Asked) -> Answer:
    """Connect to a server, and mirror a storage root of it."""
    body: bodies.Connect = asked.body
    target = body.target()
    told: Answer = {
        "ok": True,
        "status": "connected",
        "connection_id": target,
        "connected": True,
        "host": body.host or target,
        "port": body.port or bodies.SSH_PORT,
        "username": body.username,
    }
    if body.remote_root is None:
        await ask("folders.list", models.FoldersParams(target, auth=body.auth()), models.FoldersResult)
        return told
    minutes = body.sync_interval_minutes
    added = models.StoreAddParams(
        target=target,
        root=body.remote_root,
        interval_s=None if minutes is None else minutes * 60,
        is_automatic=body.auto_sync,
        auth=body.auth(),
    )
    store = await ask("stores.add", added, models.Store)
    await ask("stores.use", models.StoreNameParams(store.name), models.Store)
    return told | {"remote_root": body.remote_root, "auto_sync": body.auto_sync, "store": store.name}


async def disconnect(ask: Asks, asked: Asked) -> Answer:
    """Leave a store's server alone; the mirror stays."""
    body: bodies.Disconnect = asked.body
    names: list[str | None] = [None]
    if body.host is not None:
        target = bodies.target_of(body.host, body.port, body.username)
        known = await ask("stores.list", models.Empty(), models.StoresResult)
        names = [store.name for store in known.stores if store.target == target]
    for name in names:
        await ask("stores.disconnect", models.StoreParams(name), models.Store)
    message = "Disconnected from remote server" if names else "Connection not found"
    return {"ok": bool(names), "status": "disconnected", "message": message}


async def status(ask: Asks, _asked: Asked) -> Answer:
    """How connections, the sync and viewers stand."""
    return shapes.status(await ask("daemon.status", models.StatusParams(), models.StatusResult))


async def sync(ask: Asks, _asked: Asked) -> Answer:
    """Begin to sync the store in use."""
    store = await ask("stores.sync", models.SyncParams(wait=False), models.Store)
    return {
        "ok": True,
        "message": "Metadata sync started",
        "info": "Poll /api/remote/status to track progress",
        "store": store.name,
    }


async def mode(ask: Asks, _asked: Asked) -> Answer:
    """Whether a local or a remote store is in use."""
    return shapes.mode((await ask("stores.list", models.Empty(), models.StoresResult)).stores)


async def switch_mode(ask: Asks, asked: Asked) -> Answer:
    """Use the local store, or a remote one."""
    wanted: str = asked.body.mode
    known = (await ask("stores.list", models.Empty(), models.StoresResult)).stores
    fitting = sorted(
        (store for store in known if store.is_local == (wanted == LOCAL)),
        key=lambda store: (not store.in_use, -store.since),
    )
    if fitting:
        store = fitting[0]
    elif wanted == LOCAL:
        store = await ask("stores.add", models.StoreAddParams(LOCAL), models.Store)
    else:
        raise shapes.no_remote_store()
    await ask("stores.use", models.StoreNameParams(store.name), models.Store)
    return {"ok": True, "mode": wanted, "message": f"Switched to {wanted} storage mode", "store": store.name}


async def set_alias(ask: Asks, asked: Asked) -> Answer:
    """Set an alias of a version, at its server."""
    params = models.AliasParams(_ref(asked), asked.body.alias)
    return shapes.changed(await ask("artifacts.alias", params, models.Changed))


async def add_tags(ask: Asks, asked: Asked) -> Answer:
    """Add tags to a version, at its server."""
    params = models.TagParams(_ref(asked), add=asked.body.tags)
    return shapes.changed(await ask("artifacts.tag", params, models.Changed))


async def delete(ask: Asks, asked: Asked) -> Answer:
    """Delete a version softly, at its server."""
    return shapes.changed(await ask("artifacts.delete", models.DeleteParams(_ref(asked)), models.Changed))


async def download(ask: Asks, asked: Asked) -> Answer:
    """Begin to fetch the files of a version."""
    params = models.DownloadParams(_ref(asked), to=asked.body.target_dir)
    begun = await ask("downloads.start", params, models.Download)
    return {
        "ok": True,
        "task_id": begun.id,
        "artifact": begun.ref,
        "message": f"Download started. Use /api/remote/download/{begun.id}/status to track progress.",
    }


async def download_status(ask: Asks, asked: Asked) -> Answer:
    """How a download stands."""
    params = models.DownloadNameParams(asked.path["task_id"])
    return shapes.download(await ask("downloads.get", params, models.Download))


async def cancel_download(ask: Asks, asked: Asked) -> Answer:
    """End a download."""
    task = asked.path["task_id"]
    await ask("downloads.cancel", models.DownloadNameParams(task), models.Download)
    return {"ok": True, "message": f"Download task {task} cancelled"}


async def downloads(ask: Asks, _asked: Asked) -> Answer:
    """All downloads."""
    found = (await ask("downloads.list", models.Empty(), models.DownloadsResult)).downloads
    told = [shapes.download(each) for each in found]
    active = sum(1 for each in told if each["status"] == "running")
    return {"downloads": told, "active_count": active, "total_count": len(told)}


async def clear_cache(ask: Asks, _asked: Asked) -> Answer:
    """Remove everything that is cached."""
    freed = await ask("cache.clear", models.CacheClearParams(downloads=True), models.CacheFreed)
    return {"ok": True, "message": "Cache cleared successfully", "freed_bytes": freed.freed_bytes}


async def clean_cache(ask: Asks, _asked: Asked) -> Answer:
    """Remove the downloads that were used longest ago."""
    freed = await ask("cache.cleanup", models.CacheCleanupParams(), models.CacheFreed)
    return {
        "ok": True,
        "files_removed": freed.removed,
        "message": f"Cleaned up {freed.removed} old files",
        "freed_bytes": freed.freed_bytes,
    }


def _ref(asked: Asked) -> str:
    kind = asked.query.type
    name = f"{asked.path['artifact_name']}:v{int(asked.path['version'])}"
    return f"{kind}/{name}" if kind else name


OPERATIONS = (
    Operation(
        "POST",
        "/api/remote/connect",
        connect,
        ("stores.add", "stores.use", "folders.list"),
        body=bodies.Connect,
    ),
    Operation(
        "POST",
        "/api/remote/disconnect",
        disconnect,
        ("stores.disconnect", "stores.list"),
        body=bodies.Disconnect,
    ),
    Operation("GET", "/api/remote/status", status, ("daemon.status",)),
    Operation("POST", "/api/remote/sync", sync, ("stores.sync",)),
    Operation("GET", "/api/remote/mode", mode, ("stores.list",)),
    Operation(
        "POST",
        "/api/remote/mode/switch",
        switch_mode,
        ("stores.list", "stores.use", "stores.add"),
        body=bodies.Mode,
    ),
    Operation(
        "POST",
        f"{_VERSION}/alias",
        set_alias,
        ("artifacts.alias",),
        body=bodies.Alias,
        query=bodies.TypeQuery,
    ),
    Operation(
        "POST", f"{_VERSION}/tags", add_tags, ("artifacts.tag",), body=bodies.Tags, query=bodies.TypeQuery
    ),
    Operation("DELETE", _VERSION, delete, ("artifacts.delete",), query=bodies.TypeQuery),
    Operation("POST", _FETCH, download, ("downloads.start",), body=bodies.Fetch, query=bodies.TypeQuery),
    Operation("GET", "/api/remote/download/{task_id}/status", download_status, ("downloads.get",)),
    Operation("DELETE", "/api/remote/download/{task_id}", cancel_download, ("downloads.cancel",)),
    Operation("GET", "/api/remote/downloads", downloads, ("downloads.list",)),
    Operation("POST", "/api/remote/cache/clear", clear_cache, ("cache.clear",)),
    Operation("POST", "/api/remote/cache/cleanup", clean_cache, ("cache.cleanup",)),
)
