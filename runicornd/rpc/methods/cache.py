"""``cache.*``: what mirrors and downloads take of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc import present

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def info(call: Call, _params: models.Empty) -> models.CacheInfo:
    """Answer with how much it is."""
    return present.cache_info(await call.services.stores.cache_info())


async def cleanup(call: Call, params: models.CacheCleanupParams) -> models.CacheFreed:
    """Remove the downloads that were used longest ago."""
    stores = call.services.stores
    return present.cache_freed(await stores.cache_cleanup(params.limit_bytes, removed=params.removed))


async def clear(call: Call, params: models.CacheClearParams) -> models.CacheFreed:
    """Remove cached files."""
    stores = call.services.stores
    if params.removed:
        return present.cache_freed(await stores.cache_clear_removed(params.store))
    return present.cache_freed(await stores.cache_clear(params.store, downloads=params.downloads))


HANDLERS: Handlers = {"cache.info": info, "cache.cleanup": cleanup, "cache.clear": clear}
