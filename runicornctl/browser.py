"""Opening the user's browser, where there is one to see."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

_OPENERS = ("xdg-open", "wslview", "x-www-browser", "sensible-browser")


def open_browser(url: str) -> bool:
    """Open the address, detached and without its output; false when there is no browser to open it.

    Nothing is opened without a display, and so neither in an SSH session that forwards none.
    """
    command = _command(url) if _has_display() else None
    if command is None:
        return False
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    process.returncode = 0  # nobody waits for it, and that is meant so
    return True


def _has_display() -> bool:
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    is_over_ssh = any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
    return sys.platform == "darwin" and not is_over_ssh


def _command(url: str) -> list[str] | None:
    """The words that open the address: ``$BROWSER`` as other programs read it, else the desktop's own."""
    for entry in os.environ.get("BROWSER", "").split(os.pathsep):
        try:
            words = shlex.split(entry)
        except ValueError:
            continue
        if words and shutil.which(words[0]):
            named = [word.replace("%s", url) for word in words]
            return named if named != words else [*words, url]
    if sys.platform == "darwin":
        return ["open", url]
    found = next(filter(None, map(shutil.which, _OPENERS)), None)
    return [found, url] if found else None
