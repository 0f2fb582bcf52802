"""``sessions.*``: viewers and their local URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present
from runicornd.rpc.logins import take_login
from runicornd.sessions.model import StartRequest

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def start(call: Call, params: models.SessionStartParams) -> models.Session:
    """Start a session, or find the one that already is what is asked for."""
    request = StartRequest(
        target=params.target,
        viewer=params.viewer or call.services.default_viewer,
        env=params.env,
        root=params.root,
        local_port=params.local_port,
        login=take_login(call.services, params.auth),
    )
    return present.session(await call.services.sessions.start(request))


async def list_sessions(call: Call, _params: models.Empty) -> models.SessionsResult:
    """Answer with all sessions."""
    return models.SessionsResult(call.services.presented.all(call.services.sessions.list()))


async def get(call: Call, params: models.SubjectParams) -> models.Session:
    """Answer with one session."""
    return present.session(call.services.sessions.get(params.session))


async def stop(call: Call, params: models.SubjectParams) -> models.Session:
    """Stop a session and its viewer."""
    return present.session(await call.services.sessions.stop(params.session))


async def restart(call: Call, params: models.SubjectParams) -> models.Session:
    """Start the viewer of a session afresh."""
    return present.session(await call.services.sessions.restart(params.session))


async def logs(call: Call, params: models.LogsParams) -> models.LogsResult:
    """Answer with the end of a viewer's log."""
    session_id, lines = await call.services.sessions.logs(params.session, params.lines)
    return models.LogsResult(session_id, list(lines))


async def remove(call: Call, params: models.SubjectParams) -> models.Done:
    """Stop a session and forget it."""
    await call.services.sessions.remove(params.session)
    return models.Done()


HANDLERS: Handlers = {
    "sessions.start": start,
    "sessions.list": list_sessions,
    "sessions.get": get,
    "sessions.stop": stop,
    "sessions.restart": restart,
    "sessions.logs": logs,
    "sessions.remove": remove,
}
