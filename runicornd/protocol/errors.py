"""The codes of errors on the wire: one stable number for each kind.

Clients match on ``data.kind``; the number is for JSON-RPC tools. Numbers are never used again for
another kind. Negative ones are JSON-RPC's own, 1000 to 1099 are about the connection itself, 1100
about requests, 1200 about this machine, 1300 about the link, 1400 about the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PARSE_ERROR = "parse_error"
INVALID_REQUEST = "invalid_request"
METHOD_NOT_FOUND = "method_not_found"
INVALID_PARAMS = "invalid_params"
INTERNAL = "internal"
HELLO_REQUIRED = "hello_required"
VERSION_MISMATCH = "version_mismatch"
WRONG_USER = "wrong_user"
TOO_MANY_CONNECTIONS = "too_many_connections"
LINE_TOO_LONG = "line_too_long"
ANSWER_TOO_LONG = "answer_too_long"
FORBIDDEN = "forbidden"
WRONG_CODE = "wrong_code"

CODES: Mapping[str, int] = {
    PARSE_ERROR: -32700,
    INVALID_REQUEST: -32600,
    METHOD_NOT_FOUND: -32601,
    INVALID_PARAMS: -32602,
    INTERNAL: -32603,
    HELLO_REQUIRED: 1001,
    VERSION_MISMATCH: 1002,
    WRONG_USER: 1003,
    TOO_MANY_CONNECTIONS: 1004,
    LINE_TOO_LONG: 1005,
    ANSWER_TOO_LONG: 1006,
    FORBIDDEN: 1007,
    WRONG_CODE: 1008,
    "invalid_target": 1101,
    "unknown_session": 1102,
    "unknown_host": 1103,
    "unknown_prompt": 1104,
    "unknown_viewer": 1105,
    "wrong_state": 1106,
    "unknown_store": 1107,
    "unknown_artifact": 1108,
    "ambiguous_name": 1109,
    "unknown_run": 1110,
    "unknown_download": 1111,
    "not_confirmed": 1112,
    "unknown_forward": 1113,
    "config_invalid": 1201,
    "already_running": 1202,
    "port_taken": 1203,
    "state_unwritable": 1204,
    "ssh_missing": 1205,
    "local_disk_full": 1206,
    "place_unwritable": 1207,
    "dashboard_off": 1208,
    "host_unreachable": 1301,
    "not_connected": 1302,
    "not_ssh": 1303,
    "no_common_algorithm": 1304,
    "auth_failed": 1305,
    "key_unusable": 1306,
    "host_key_unknown": 1307,
    "host_key_changed": 1308,
    "host_key_revoked": 1309,
    "known_hosts_unreadable": 1310,
    "needs_input": 1311,
    "no_python": 1401,
    "remote_unsupported": 1402,
    "forwarding_forbidden": 1403,
    "agent_failed": 1404,
    "no_environment": 1405,
    "viewer_not_installed": 1406,
    "viewer_incompatible": 1407,
    "viewer_crashed": 1408,
    "viewer_unresponsive": 1409,
    "root_not_found": 1410,
    "permission_denied": 1411,
    "disk_full": 1412,
    "read_only": 1413,
    "checksum_mismatch": 1414,
    "source_changed": 1415,
    "file_missing": 1416,
    "store_locked": 1417,
    "metadata_broken": 1418,
}

UNLISTED = 1000


def code_of(kind: str) -> int:
    """The code of a kind; ``UNLISTED`` for one that this version does not know."""
    return CODES.get(kind, UNLISTED)
