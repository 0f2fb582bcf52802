"""Processes and HTTP for rows: started here, ended by pid, every wait bounded."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from bench.model import CannotMeasure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

END_S = 10.0
RUN_S = 120.0
TRY_AGAIN_S = 0.005

# Proxies of the machine are not for loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def running(
    argv: Sequence[str], *, env: Mapping[str, str], log: Path, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of the block, in a process group of its own; its output goes to a file."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def output_of(argv: Sequence[str], *, env: Mapping[str, str], timeout_s: float = RUN_S) -> str:
    """Run a program to its end; return what it printed.

    Every program that is timed is run by this. Its output is a pipe, because a wait for a process with a
    time limit only looks again after 1, 2, 4, 8, … ms, while the end of a pipe is seen at once.

    Raises:
        CannotMeasure: It failed.
        subprocess.TimeoutExpired: It did not end in time.
    """
    done = subprocess.run(
        argv,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise CannotMeasure(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it started; what is still there after a while is killed."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(END_S)


def until(condition: Callable[[], Any], what: str, within_s: float) -> Any:
    """Wait until the condition returns something true, and return that.

    Raises:
        CannotMeasure: It did not in time.
    """
    deadline = time.monotonic() + within_s
    while not (got := condition()):
        if time.monotonic() > deadline:
            raise CannotMeasure(f"{what}: not within {within_s:g} s")
        time.sleep(TRY_AGAIN_S)
    return got


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free just now, for programs that want to be told one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def http_json(url: str, body: object = None, *, timeout_s: float) -> Any:
    """GET, or POST when there is a body; return the answer.

    Raises:
        CannotMeasure: It answered with an error.
        OSError: Nobody answered.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with _opener.open(request, timeout=timeout_s) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read(2000).decode(errors="replace")
        raise CannotMeasure(f"{url} answered {error.code}: {text}") from error


def answers(url: str) -> bool:
    """Whether a GET is answered with JSON now."""
    try:
        http_json(url, timeout_s=5)
    except (OSError, ValueError):
        return False
    return True


def log_tail(log: Path, lines: int = 10) -> str:
    """The last lines of a log, for an error's text."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return f"{log.name} is not there"
    return f"the end of {log.name}:\n" + "\n".join(text.splitlines()[-lines:])
