"""``artifacts``: looked up in a store's mirror, fetched on demand, changed at the source."""

from __future__ import annotations

from runicornctl.groups import LazyGroup

_COMMANDS = {
    "list": "reading",
    "show": "reading",
    "lineage": "reading",
    "pull": "pull",
    "delete": "changing",
    "restore": "changing",
    "alias": "changing",
    "tag": "changing",
}

artifacts_command = LazyGroup(
    name="artifacts",
    modules={name: f"runicornctl.commands.artifacts.{module}" for name, module in _COMMANDS.items()},
    help="Artifacts of a store. REF names a version: NAME (the latest), NAME:v3, NAME:ALIAS, each also with"
    " TYPE/ before it.",
    short_help="Browse, download and manage artifacts.",
    no_args_is_help=True,
)
