"""From what the daemon knows to what the wire says, a module for each noun. Pure."""

from runicornd.rpc.present.artifacts import artifact, artifacts, changed, files, lineage
from runicornd.rpc.present.daemon import status
from runicornd.rpc.present.downloads import cache_freed, cache_info, download
from runicornd.rpc.present.events import event
from runicornd.rpc.present.forwards import folders, forward
from runicornd.rpc.present.hosts import host_check, host_key, host_state, links, saved_host
from runicornd.rpc.present.prompts import prompt
from runicornd.rpc.present.runs import run, runs
from runicornd.rpc.present.sessions import environments, session
from runicornd.rpc.present.settings import setting
from runicornd.rpc.present.stores import left, problems, store

__all__ = [
    "artifact",
    "artifacts",
    "cache_freed",
    "cache_info",
    "changed",
    "download",
    "environments",
    "event",
    "files",
    "folders",
    "forward",
    "host_check",
    "host_key",
    "host_state",
    "left",
    "lineage",
    "links",
    "problems",
    "prompt",
    "run",
    "runs",
    "saved_host",
    "session",
    "setting",
    "status",
    "store",
]
