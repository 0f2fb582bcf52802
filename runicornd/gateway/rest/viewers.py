"""The operations on remote viewers: sessions, environments, host keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.gateway.rest import bodies, shapes
from runicornd.gateway.rest.table import Operation
from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.gateway.rest.table import Answer, Asked, Asks


async def start(ask: Asks, asked: Asked) -> Answer:
    """Start a viewer on a server, or find it."""
    body: bodies.ViewerStart = asked.body
    params = models.SessionStartParams(
        target=body.target(),
        env=body.conda_env,
        root=body.remote_root,
        local_port=body.local_port,
        auth=body.auth(),
    )
    session = await ask("sessions.start", params, models.Session)
    return {
        "ok": True,
        "session": shapes.session(session),
        "message": f"Remote Viewer at {session.url}" if session.url else "Remote Viewer is starting",
    }


async def stop(ask: Asks, asked: Asked) -> Answer:
    """Stop a viewer."""
    name: str = asked.body.session_id
    await ask("sessions.stop", models.SubjectParams(name), models.Session)
    return {"ok": True, "message": f"Session {name} stopped"}


async def sessions(ask: Asks, _asked: Asked) -> Answer:
    """All viewers."""
    found = await ask("sessions.list", models.Empty(), models.SessionsResult)
    return {"sessions": [shapes.session(each) for each in found.sessions]}


async def status(ask: Asks, asked: Asked) -> Answer:
    """One viewer."""
    params = models.SubjectParams(asked.path["session_id"])
    return shapes.session(await ask("sessions.get", params, models.Session))


async def environments(ask: Asks, asked: Asked) -> Answer:
    """The Python environments of a server."""
    params = models.EnvsParams(asked.query.connection_id)
    return shapes.environments(await ask("envs.list", params, models.EnvsResult))


async def list_keys(ask: Asks, _asked: Asked) -> Answer:
    """The host keys that were trusted here."""
    found = await ask("hosts.keys", models.Empty(), models.TrustedKeysResult)
    return {"entries": [shapes.trusted_key(each) for each in found.keys]}


async def accept_key(ask: Asks, asked: Asked) -> Answer:
    """Trust a host key, which the server must show right now."""
    body: bodies.KeyAccept = asked.body
    target = bodies.target_of(body.host, body.port, body.username)
    await ask("hosts.trust", models.TrustParams(target, body.fingerprint_sha256), models.Done)
    return {"ok": True}


async def remove_key(ask: Asks, asked: Asked) -> Answer:
    """Forget the host keys of a server."""
    body: bodies.KeyRemove = asked.body
    target = bodies.target_of(body.host, body.port, body.username)
    outcome = await ask("hosts.untrust", models.TargetParams(target), models.UntrustResult)
    return {"ok": True, "changed": bool(outcome.removed)}


async def check_key(ask: Asks, asked: Asked) -> Answer:
    """The host key that a server shows, and what is known of it."""
    params = models.TargetParams(asked.query.connection_id)
    return shapes.key_check(await ask("hosts.check", params, models.HostCheckResult))


OPERATIONS = (
    Operation("POST", "/api/remote/viewer/start", start, ("sessions.start",), body=bodies.ViewerStart),
    Operation("POST", "/api/remote/viewer/stop", stop, ("sessions.stop",), body=bodies.ViewerStop),
    Operation("GET", "/api/remote/viewer/sessions", sessions, ("sessions.list",)),
    Operation("GET", "/api/remote/viewer/status/{session_id}", status, ("sessions.get",)),
    Operation("GET", "/api/remote/conda-envs", environments, ("envs.list",), query=bodies.ConnectionQuery),
    Operation("GET", "/api/remote/known-hosts/list", list_keys, ("hosts.keys",)),
    Operation(
        "GET", "/api/remote/known-hosts/check", check_key, ("hosts.check",), query=bodies.ConnectionQuery
    ),
    Operation("POST", "/api/remote/known-hosts/accept", accept_key, ("hosts.trust",), body=bodies.KeyAccept),
    Operation(
        "POST", "/api/remote/known-hosts/remove", remove_key, ("hosts.untrust",), body=bodies.KeyRemove
    ),
)
