"""The operations on remote viewers: sessions, environments, host keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.gateway.rest import bodies, shapes
from runicornd.gateway.rest.table import Operation
from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.gateway.rest.table import Answer, Asked, Asks


async def start(ask: Asks, asked: Asked) -> Answer:
    """Start a viewer, or find the one that already is what is asked for; it comes up after the answer."""
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
    """Trust a host key."""
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
    """Look at the host key of a server."""
    params = models.TargetParams(asked.query.connection_id)
    return shapes.key_check(await ask("hosts.check", params, models.HostCheckResult))


OPERATIONS = (
    Operation(
        verb="POST",
        path="/api/remote/viewer/start",
        summary="Start a viewer on a server, or find it.",
        does=start,
        methods=("sessions.start",),
        body=bodies.ViewerStart,
    ),
    Operation(
        verb="POST",
        path="/api/remote/viewer/stop",
        summary="Stop a viewer.",
        does=stop,
        methods=("sessions.stop",),
        body=bodies.ViewerStop,
    ),
    Operation(
        verb="GET",
        path="/api/remote/viewer/sessions",
        summary="All viewers.",
        does=sessions,
        methods=("sessions.list",),
    ),
    Operation(
        verb="GET",
        path="/api/remote/viewer/status/{session_id}",
        summary="One viewer.",
        does=status,
        methods=("sessions.get",),
    ),
    Operation(
        verb="GET",
        path="/api/remote/conda-envs",
        summary="The Python environments of a server.",
        does=environments,
        methods=("envs.list",),
        query=bodies.ConnectionQuery,
    ),
    Operation(
        verb="GET",
        path="/api/remote/known-hosts/list",
        summary="The host keys that were trusted here.",
        does=list_keys,
        methods=("hosts.keys",),
    ),
    Operation(
        verb="GET",
        path="/api/remote/known-hosts/check",
        summary="The host key that a server shows, and what is known of it.",
        does=check_key,
        methods=("hosts.check",),
        query=bodies.ConnectionQuery,
    ),
    Operation(
        verb="POST",
        path="/api/remote/known-hosts/accept",
        summary="Trust a host key, which the server must show right now.",
        does=accept_key,
        methods=("hosts.trust",),
        body=bodies.KeyAccept,
    ),
    Operation(
        verb="POST",
        path="/api/remote/known-hosts/remove",
        summary="Forget the host keys of a server.",
        does=remove_key,
        methods=("hosts.untrust",),
        body=bodies.KeyRemove,
    ),
)
