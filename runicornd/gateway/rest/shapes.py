"""Answers in the shapes that clients of Runicorn's remote API know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runicornd.errors import UnknownStore
from runicornd.gateway.rest.bodies import SSH_PORT
from runicornd.protocol.models import ErrorData
from runicornd.rpc.plane import Declined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.gateway.rest.table import Answer
    from runicornd.protocol import models

_NAMED = re.compile(r"\[(?P<host>[^\[\]]+)\]:(?P<port>\d{1,5})", re.ASCII)
_STATES = {"done": "completed", "cancelled": "cancelled", "failed": "failed"}
_SYNCS = {"syncing": "syncing", "waiting": "connecting", "failed": "error", "disconnected": "disconnected"}


def status(found: models.StatusResult) -> Answer:
    """Everything that lives, as both generations of the API put it."""
    store = next((each for each in found.stores if each.in_use), None)
    connections = [host for host in found.hosts if host.state == "up"]
    told = {
        "mode": "local" if store is None or store.is_local else "remote",
        "connected": store is not None and store.state in {"idle", "syncing"},
        "status": "disconnected" if store is None else _SYNCS.get(store.state, "connected"),
        "sync_progress": None if store is None else _progress(store),
        "stats": None if store is None else _stats(store),
    }
    return told | {
        "connections": [{"connection_id": host.target, "address": host.address} for host in connections],
        "viewer_sessions": [session(each) for each in found.sessions],
        "connection_count": len(connections),
        "viewer_session_count": len(found.sessions),
    }


def mode(stores: Sequence[models.Store]) -> Answer:
    """Which kind of store is in use."""
    remote = [store for store in stores if not store.is_local]
    return {
        "mode": "remote" if any(store.in_use for store in remote) else "local",
        "remote_available": bool(remote),
        "remote_connected": any(store.state in {"idle", "syncing"} for store in remote),
    }


def no_remote_store() -> Declined:
    """The error for a mode that there is no store for."""
    error = UnknownStore(
        "cannot switch to remote mode: no remote store is known", hint="POST /api/remote/connect adds one"
    )
    return Declined(ErrorData(error.kind, error.message, error.hint))


def changed(made: models.Changed) -> Answer:
    """What a change did."""
    return {"ok": True, "message": made.message, "changed": made.changed}


def download(view: models.Download) -> Answer:
    """A download."""
    kind, _, rest = view.ref.rpartition("/")
    name, _, version = rest.partition(":v")
    percent = 100.0 * view.bytes_done / view.bytes_total if view.bytes_total else 0.0
    return {
        "task_id": view.id,
        "artifact_name": name,
        "artifact_type": kind,
        "artifact_version": int(version) if version.isdecimal() else None,
        "target_dir": view.to,
        "total_files": view.files_total,
        "downloaded_files": view.files_done,
        "total_bytes": view.bytes_total,
        "downloaded_bytes": view.bytes_done,
        "progress_percent": 100.0 if view.state == "done" else percent,
        "status": _STATES.get(view.state, "running"),
        "error": view.error.message if view.error else None,
    }


def session(view: models.Session) -> Answer:
    """A viewer."""
    username, _, host = view.target.rpartition("@")
    return {
        "sessionId": view.id,
        "host": host,
        "username": username or None,
        "localPort": view.local_port,
        "remoteRoot": view.root,
        "remotePid": view.remote.pid if view.remote else None,
        "status": view.state,
        "startedAt": int(view.since * 1000),
        "isActive": view.state == "ready",
        "url": view.url,
        "error": view.error.message if view.error else None,
    }


def environments(found: models.EnvsResult) -> Answer:
    """The environments of a server."""
    return {
        "ok": True,
        "envs": [
            {
                "name": each.name,
                "type": each.kind,
                "python_version": each.python_version,
                "path": each.python,
                "is_default": each.python == found.chosen,
                "runicorn_version": each.runicorn_version,
                "usable": each.usable,
                "reason": each.reason,
            }
            for each in found.environments
        ],
    }


def key_check(found: models.HostCheckResult) -> Answer:
    """What a server shows."""
    return {
        "ok": True,
        "verdict": found.verdict,
        "key_type": found.shown.type,
        "fingerprint_sha256": found.shown.fingerprint,
        "known": [{"key_type": key.type, "fingerprint_sha256": key.fingerprint} for key in found.known],
    }


def trusted_key(found: models.TrustedKey) -> Answer:
    """A host key that was trusted."""
    match = _NAMED.fullmatch(found.host)
    return {
        "host": match["host"] if match else found.host,
        "port": int(match["port"]) if match else SSH_PORT,
        "known_hosts_host": found.host,
        "key_type": found.key.type,
        "fingerprint_sha256": found.key.fingerprint,
    }


def _progress(store: models.Store) -> Answer | None:
    running = store.progress
    if running is None:
        return None
    total = running.files_total
    return {
        "status": "running",
        "total_files": total,
        "synced_files": running.files_done,
        "total_bytes": running.bytes_total,
        "synced_bytes": running.bytes_done,
        "current_file": running.current,
        "progress_percent": 100.0 * running.files_done / total if total else 0.0,
    }


def _stats(store: models.Store) -> Answer:
    return {
        "connected": store.state in {"idle", "syncing"},
        "last_sync": store.last_sync.at if store.last_sync else None,
        "total_artifacts": store.artifacts,
        "cached_artifacts": store.artifacts,
        "cache_size_bytes": store.metadata_bytes + store.downloads_bytes,
        "error_count": store.unreadable,
    }
