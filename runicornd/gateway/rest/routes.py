"""The table of operations, as routes."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from runicornd.errors import RunicorndError
from runicornd.gateway.answers import Refused, failure
from runicornd.gateway.bodies import decoded, read_body
from runicornd.gateway.rest import storage, viewers
from runicornd.gateway.rest.openapi import document
from runicornd.gateway.rest.statuses import status_of
from runicornd.gateway.rest.table import Asked, asking
from runicornd.rpc.plane import Declined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.typedefs import Handler

    from runicornd.gateway.rest.bodies import Body
    from runicornd.gateway.rest.table import Operation
    from runicornd.rpc.plane import ControlPlane

OPERATIONS: Sequence[Operation] = (*storage.OPERATIONS, *viewers.OPERATIONS)
OPENAPI_PATH = "/openapi.json"


class Rest:
    """Answers REST requests with the methods of the control plane.

    Args:
        plane: It.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._ask = asking(plane)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return all routes; the guard has let in what comes to them."""
        described = web.get(OPENAPI_PATH, self._describe)
        return [described, *(web.route(each.verb, each.path, self._handler(each)) for each in OPERATIONS)]

    def _handler(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            asked = Asked(
                path=request.match_info,
                body=decoded(await read_body(request), operation.body),
                query=_query(request, operation.query),
            )
            try:
                return web.json_response(await operation.does(self._ask, asked))
            except Declined as declined:
                error = declined.error
                return failure(status_of(error.kind), error.kind, error.message, error.hint)
            except RunicorndError as wrong:
                return failure(status_of(wrong.kind), wrong.kind, wrong.message, wrong.hint)

        return handle

    async def _describe(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(document(OPERATIONS, self._plane.version))


def _query(request: web.Request, kind: type[Body]) -> Body:
    given = dict(request.query)
    if len(given) != len(request.query):
        raise Refused(
            http.HTTPStatus.BAD_REQUEST, "invalid_params", "cannot take the query: a name comes twice"
        )
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise Refused(
            http.HTTPStatus.BAD_REQUEST, "invalid_params", f"cannot take the query: {error}"
        ) from error
