"""``runs.*``: the runs of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc import present
from runicornd.storage.index.results import RunQuery

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def list_runs(call: Call, params: models.RunsParams) -> models.RunsResult:
    """Answer with a page of runs."""
    stores = call.services.stores
    query = RunQuery(search=params.search, status=params.status, limit=params.limit, cursor=params.cursor)
    name = stores.get(params.store).intent.name
    return present.runs(name, await stores.runs(name, query))


async def get(call: Call, params: models.RunParams) -> models.Run:
    """Answer with one run."""
    name = call.services.stores.get(params.store).intent.name
    return present.run(name, await call.services.stores.run(name, params.run))


HANDLERS: Handlers = {"runs.list": list_runs, "runs.get": get}
