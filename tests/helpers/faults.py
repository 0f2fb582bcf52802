"""What a command says when something is wrong, and whether anything was left behind."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.waiting import until

AGENT = "runicornd-agent"


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
    assert "\nTraceback" not in done.err
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
        self._await_nothing(self.added)
        if self._server is not None:
            self._server.drop_connections()
            self._await_nothing(lambda: [*self.added(), *map(command_line, self._server.processes())])

    def added(self):
        """What is here now and was not before, in words."""
        return sorted(self._held() - self._before)

    def _await_nothing(self, look):
        try:
            until(lambda: not look())
        except AssertionError:
            raise AssertionError(f"left behind: {look()}\n{self._laptop.log()[-3000:]}") from None

    def _held(self):
        laptop, server = self._laptop, self._server
        held = {f"listener {port}" for port in laptop.listeners()}
        held |= set(paths_below(laptop.state, with_folders=False))
        for folder in self._folders:
            held |= set(paths_below(folder))
        for pid in server.processes() if server else ():
            line = command_line(pid)
            if line and AGENT not in line:
                held.add(f"process {line}")
        return held


def paths_below(folder, *, with_folders=True):
    """Every file below a folder, and every folder if wanted."""
    for top, folders, names in os.walk(folder):
        for name in names + (folders if with_folders else []):
            yield f"{top}/{name}"


def command_line(pid):
    """The words of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
