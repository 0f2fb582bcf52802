"""Where Runicorn keeps its data for this account, decided as Runicorn decides it."""

import json
import os
import sys
from typing import Dict, Tuple

from .packages import read_start


def storage_root(home: str, variables: Dict[str, str]) -> Dict[str, object]:
    """Return the storage root as the protocol has it: ``{path, source, exists, readable}``."""
    path, source = _decide(home, variables)
    return {
        "path": path,
        "source": source,
        "exists": os.path.isdir(path),
        "readable": os.access(path, os.R_OK | os.X_OK),
    }


def _decide(home: str, variables: Dict[str, str]) -> Tuple[str, str]:
    chosen = variables.get("RUNICORN_DIR")
    if chosen:
        return _absolute(home, chosen), "RUNICORN_DIR"
    configured = _configured(home, variables)
    if configured:
        return _absolute(home, configured), "config"
    return os.path.join(home, "RunicornData"), "default"


def _configured(home: str, variables: Dict[str, str]) -> str:
    if sys.platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support", "Runicorn")
    else:
        folder = os.path.join(variables.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "runicorn")
    try:
        config = json.loads(read_start(os.path.join(folder, "config.json")).decode())
    except (ValueError, RecursionError):
        return ""
    path = config.get("user_root_dir") if isinstance(config, dict) else None
    return path if isinstance(path, str) and "\0" not in path else ""


def _absolute(home: str, path: str) -> str:
    return os.path.normpath(os.path.join(home, os.path.expanduser(path)))
