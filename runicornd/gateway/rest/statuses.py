"""Which HTTP status an error has."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_FOUND = (
    "method_not_found",
    "unknown_session",
    "unknown_host",
    "unknown_prompt",
    "unknown_viewer",
    "unknown_store",
    "unknown_artifact",
    "unknown_run",
    "unknown_download",
    "unknown_forward",
    "root_not_found",
    "file_missing",
    "no_environment",
)
_CONFLICT = (
    "wrong_state",
    "ambiguous_name",
    "not_confirmed",
    "port_taken",
    "needs_input",
    "host_key_unknown",
    "host_key_changed",
    "host_key_revoked",
    "source_changed",
    "store_locked",
)
_FORBIDDEN = ("forbidden", "auth_failed", "key_unusable", "permission_denied", "read_only")
_NO_ROOM = ("disk_full", "local_disk_full")
_OURS = (
    "internal",
    "state_unwritable",
    "place_unwritable",
    "config_invalid",
    "answer_too_long",
    "ssh_missing",
)

STATUSES: Mapping[str, http.HTTPStatus] = {
    **dict.fromkeys(("invalid_params", "invalid_target", "invalid_request"), http.HTTPStatus.BAD_REQUEST),
    **dict.fromkeys(_NOT_FOUND, http.HTTPStatus.NOT_FOUND),
    **dict.fromkeys(_CONFLICT, http.HTTPStatus.CONFLICT),
    **dict.fromkeys(_FORBIDDEN, http.HTTPStatus.FORBIDDEN),
    **dict.fromkeys(_NO_ROOM, http.HTTPStatus.INSUFFICIENT_STORAGE),
    **dict.fromkeys(_OURS, http.HTTPStatus.INTERNAL_SERVER_ERROR),
    "not_connected": http.HTTPStatus.SERVICE_UNAVAILABLE,
    "host_unreachable": http.HTTPStatus.GATEWAY_TIMEOUT,
}


def status_of(kind: str) -> http.HTTPStatus:
    """Return the status for a kind of error; what the server cannot do is a bad gateway."""
    return STATUSES.get(kind, http.HTTPStatus.BAD_GATEWAY)
