"""What a command says when something is wrong, and whether anything was left behind."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.waiting import until

AGENT = b"runicornd-agent"


@dataclass(frozen=True)
class Refusal:
    """How a command failed: the error as programs read it, and what a person saw."""

    kind: str
    message: str
    hint: str
    context: dict
    shown: str
    took_s: float


def refused(laptop, *words, code=1, env=None):
    """Run a command with ``--json`` that has to fail; it tells the person the same as the program."""
    began = time.monotonic()
    done = laptop.run(*words, "--json", env=env)
    took_s = time.monotonic() - began
    assert done.code == code, f"{words} ended with {done.code}: {done.out}{done.err}\n{laptop.log()}"
    answer = json.loads(done.out)["error"]
    assert f"error: {first_line(answer['message'])}" in done.err
    assert "Traceback" not in done.err
    if answer["hint"]:
        assert f"hint:  {first_line(answer['hint'])}" in done.err
    return Refusal(answer["kind"], answer["message"], answer["hint"], answer["context"], done.err, took_s)


def first_line(text):
    return text.splitlines()[0]


class Traces:
    """What a laptop, and a server if there is one, hold at this moment: nothing may be added to it.

    Args:
        laptop: Its daemon runs.
        server: The one that the laptop connects to.
        folders: Folders of the server in which nothing may appear.
    """

    def __init__(self, laptop, server=None, folders=()):
        self._laptop = laptop
        self._server = server
        self._folders = folders
        self._before = self._held()

    def nothing_added(self):
        """No listener, no file on either side, no remote process but the agent; and when the connection
        has ended, none at all."""
        until(lambda: self._held() == self._before, f"{self._before} again, not {self._held()}")
        if self._server is None:
            return
        until(lambda: not self.viewers(), "the end of keeper and viewer")
        self._server.drop_connections()
        until(lambda: not self._server.processes(), "the end of everything on the server")
        assert self._held() == self._before

    def viewers(self):
        """The processes on the server that are no part of the agent."""
        return [line for line in map(command_line, self._server.processes()) if line and AGENT not in line]

    def _held(self):
        laptop = self._laptop
        return {
            "listeners": laptop.listeners(),
            "state": files_in(laptop.state),
            "remote files": [files_in(folder) for folder in self._folders],
        }


def files_in(folder):
    """Everything below a folder, by path."""
    return sorted(
        os.path.join(top, name) for top, folders, names in os.walk(folder) for name in folders + names
    )


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
