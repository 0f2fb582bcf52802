"""``python -m runicornd.demo``: serve the demo's host, connect to it, and stay until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from runicornd.demo.daemon import Daemon
from runicornd.demo.failure import DemoFailed
from runicornd.demo.home import DemoHome
from runicornd.demo.server import serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from runicornd.demo.server import DemoServer

ANSWER_S = 30.0
INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, by the shell's convention."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    folder: Path
    name: str
    browser: bool
    once: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    options = _options(argv)
    if sys.platform == "win32":
        _complain(DemoFailed("cannot run the demo: Windows is not supported", "use WSL"))
        return 1
    try:
        return asyncio.run(_demo(options))
    except DemoFailed as failure:
        _complain(failure)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


async def _demo(options: Options) -> int:
    home = DemoHome(options.folder, _say)
    stopped = _stop_signal()
    with home.held():
        if not await _unless(stopped, home.prepare()):
            return INTERRUPTED
        async with serving(home) as server:
            _say(f"the demo's SSH server listens on 127.0.0.1:{server.port}")
            try:
                await _visit(options, home, server, stopped)
            finally:
                _say_what_is_left(home)
    return 0


async def _visit(options: Options, home: DemoHome, server: DemoServer, stopped: asyncio.Event) -> None:
    """Connect the user's daemon to the server; on the way out undo all of it."""
    daemon = Daemon()
    was_running = await daemon.is_running()
    await daemon.start()
    try:
        address = f"demo@127.0.0.1:{server.port}"
        await daemon.save_host(options.name, address, home.client_key, server.fingerprint)
        try:
            await _unless(stopped, _show(daemon, options, home, stopped))
        finally:
            _say(f"\nstopping the demo: its session, its viewer and the host {options.name!r}")
            for problem in await daemon.forget(options.name):
                _say(f"  {problem}")
    finally:
        if not was_running and not await daemon.sessions():
            await daemon.stop()


async def _show(daemon: Daemon, options: Options, home: DemoHome, stopped: asyncio.Event) -> None:
    session = await daemon.connect(options.name, home.python, browser=options.browser)
    url = str(session["url"])
    await asyncio.to_thread(_check, url)
    _say(f"\nThe demo's viewer is at {url}")
    if options.once:
        return
    _say(f"It is an ordinary session: try 'runicornctl status' or 'runicornctl logs {options.name}'.")
    _say("Press Ctrl-C to end the demo.")
    await stopped.wait()


def _check(url: str) -> None:
    """See that the page and the API answer. Raises DemoFailed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in ("/", "/api/health"):
        try:
            with opener.open(url + path, timeout=ANSWER_S) as response:
                response.read()
        except (urllib.error.URLError, OSError) as error:
            raise DemoFailed(
                f"cannot open the viewer at {url}{path}: {error}", "see 'runicornctl daemon logs'"
            ) from error


async def _unless(stopped: asyncio.Event, work: Awaitable[None]) -> bool:
    """Await the work, or drop it when the demo is told to stop; false when it was dropped."""
    task = asyncio.ensure_future(work)
    signal_ = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({task, signal_}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
        return False
    finally:
        task.cancel()
        signal_.cancel()
        await asyncio.gather(task, signal_, return_exceptions=True)


def _stop_signal() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _say_what_is_left(home: DemoHome) -> None:
    _say(f"left for next time: {home.path} (an environment and a few runs)")
    _say(f"to remove it: rm -rf {shlex.quote(str(home.path))}")


def _options(argv: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="runicornctl demo",
        description="Start a host on this machine that has an SSH server, a Runicorn and a few runs; "
        "connect to it, and show its viewer until Ctrl-C. Needs no server.",
    )
    default = Path(platformdirs.user_cache_dir("runicornd")) / "demo"
    parser.add_argument("--dir", type=Path, default=default, help="where its home is kept (%(default)s)")
    parser.add_argument("--name", default="demo", help="what the host is called (%(default)s)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument("--once", action="store_true", help="connect, see that the viewer answers, and end")
    given = parser.parse_args(argv)
    folder = given.dir.expanduser().absolute()
    return Options(folder, given.name, browser=not (given.no_browser or given.once), once=given.once)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is a program for a terminal


def _complain(failure: DemoFailed) -> None:
    print(f"error: {failure}", file=sys.stderr)  # noqa: T201 - as above
    if failure.hint:
        print(f"hint: {failure.hint}", file=sys.stderr)  # noqa: T201 - as above


if __name__ == "__main__":
    sys.exit(main())
