"""``stores.*``: storage roots that are mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present
from runicornd.rpc.logins import take_login
from runicornd.storage.requests import StoreRequest

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def list_stores(call: Call, _params: models.Empty) -> models.StoresResult:
    """Answer with all stores."""
    stores = call.services.stores
    return models.StoresResult([present.store(view) for view in stores.list()], stores.in_use)


async def add(call: Call, params: models.StoreAddParams) -> models.Store:
    """Begin to mirror a storage root; the first sync goes on after the answer."""
    request = StoreRequest(
        target=params.target,
        name=params.name,
        root=params.root,
        interval_s=params.interval_s,
        is_automatic=params.is_automatic,
        login=take_login(call.services, params.auth),
    )
    return present.store(await call.services.stores.add(request))


async def remove(call: Call, params: models.StoreRemoveParams) -> models.StoreLeft:
    """Forget a store."""
    left = await call.services.stores.remove(params.store, keep_files=params.keep_files)
    return present.left(params.store, left)


async def change(call: Call, params: models.StoreChangeParams) -> models.Store:
    """Change how often a store is synced."""
    return present.store(await call.services.stores.change(params.store, params.interval_s))


async def use(call: Call, params: models.StoreNameParams) -> models.Store:
    """Make a store the one that is meant when none is named."""
    return present.store(await call.services.stores.use(params.store))


async def status(call: Call, params: models.StoreParams) -> models.Store:
    """Answer with one store."""
    return present.store(call.services.stores.get(params.store))


async def problems(call: Call, params: models.StoreProblemsParams) -> models.StoreProblemsResult:
    """Answer with a page of what cannot be read whole."""
    stores = call.services.stores
    name = stores.get(params.store).intent.name
    return present.problems(name, await stores.problems(name, params.limit, params.cursor))


async def sync(call: Call, params: models.SyncParams) -> models.Store:
    """Bring the mirror up to date."""
    login = take_login(call.services, params.auth)
    return present.store(await call.services.stores.sync(params.store, wait=params.wait, login=login))


async def cancel(call: Call, params: models.StoreParams) -> models.Store:
    """End the sync that runs."""
    return present.store(await call.services.stores.cancel(params.store))


async def connect(call: Call, params: models.StoreParams) -> models.Store:
    """Talk to the store's machine again."""
    return present.store(await call.services.stores.connect(params.store))


async def disconnect(call: Call, params: models.StoreParams) -> models.Store:
    """Leave the store's machine alone."""
    return present.store(await call.services.stores.disconnect(params.store))


HANDLERS: Handlers = {
    "stores.list": list_stores,
    "stores.add": add,
    "stores.remove": remove,
    "stores.change": change,
    "stores.use": use,
    "stores.status": status,
    "stores.problems": problems,
    "stores.sync": sync,
    "stores.cancel": cancel,
    "stores.connect": connect,
    "stores.disconnect": disconnect,
}
