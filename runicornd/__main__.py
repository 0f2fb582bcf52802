"""``runicornd``: reads the command line and runs the daemon."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from runicornd._lib.imports import quick
from runicornd.errors import AlreadyRunning, RunicorndError
from runicornd.logs import Logs
from runicornd.protocol.exits import DAEMON_RUNS_ALREADY
from runicornd.settings import CONFIG_VARIABLE, find_paths, load_settings, sample_config
from runicornd.single import only_daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runicornd.app import App
    from runicornd.settings import Settings


DESCRIPTORS = (65536, 10240)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon until it is stopped.

    Returns:
        The exit status: 0 stopped, 1 failed, 2 usage, 75 another one runs already.
    """
    options = _parser().parse_args(argv)
    if options.doctor:
        return _examine(_environ(options.config))
    if options.print_config:
        sys.stdout.write(sample_config())
        return 0
    try:
        return _serve(lambda: load_settings(_environ(options.config)), foreground=options.foreground)
    except RunicorndError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        sys.stderr.write(f"runicornd: {error.message}{hint}\n")
        return DAEMON_RUNS_ALREADY if isinstance(error, AlreadyRunning) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runicornd",
        description="Keeps the viewers of remote training servers open at stable local addresses.",
        epilog="It is driven by runicornctl, which also starts it when it is needed.",
    )
    parser.add_argument("--foreground", action="store_true", help="log to the terminal as well")
    parser.add_argument("--config", metavar="FILE", help="the configuration file to read")
    parser.add_argument("--doctor", action="store_true", help="look for what is wrong here, as JSON, and end")
    parser.add_argument("--print-config", action="store_true", help="print a configuration file and end")
    parser.add_argument("--version", action="version", version=f"runicornd {version('runicornd')}")
    return parser


def _examine(environ: Mapping[str, str]) -> int:
    """Look at this machine from outside of any daemon; prints one JSON value."""
    import msgspec  # noqa: PLC0415 - imports that --help need not pay

    from runicornd.doctor.machine import Machine, machine_steps  # noqa: PLC0415 - the same
    from runicornd.doctor.model import Report  # noqa: PLC0415 - the same
    from runicornd.doctor.run import run_steps  # noqa: PLC0415 - the same
    from runicornd.protocol.paths import socket_path  # noqa: PLC0415 - the same
    from runicornd.rpc.present.doctor import report  # noqa: PLC0415 - the same

    machine = Machine(find_paths(environ), socket_path(), version("runicornd"), environ)
    with contextlib.redirect_stdout(sys.stderr):  # what is logged must not get between
        checks = asyncio.run(run_steps(machine_steps(machine), lambda _check: None))
    sys.stdout.write(msgspec.json.encode(report(Report(None, checks))).decode() + "\n")
    return 0


def _environ(config: str | None) -> dict[str, str]:
    return {**os.environ, CONFIG_VARIABLE: config} if config else dict(os.environ)


def _serve(load: Callable[[], Settings], *, foreground: bool) -> int:
    settings = load()
    with only_daemon(settings.paths.state):
        _allow_many_descriptors()
        # aiohttp reads the system's certificates when it is imported, for TLS clients, which nobody is here.
        with quick(SSL_CERT_FILE=os.devnull, SSL_CERT_DIR=os.devnull):
            from runicornd.app import App  # noqa: PLC0415 - half a second that a loser need not pay
        with contextlib.closing(
            Logs(level=settings.log_level, file=settings.paths.log, foreground=foreground)
        ):
            asyncio.run(_run(lambda: App(settings, load=load)))
    return 0


def _allow_many_descriptors() -> None:
    """Five hundred sessions with a few visitors each need more than the 1024 that accounts begin with."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in DESCRIPTORS:
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        if now == resource.RLIM_INFINITY or now >= limit:
            return
        with contextlib.suppress(OSError, ValueError):  # macOS takes less than it calls its limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
            return


async def _run(make: Callable[[], App]) -> None:
    """Make the daemon inside its event loop, and run it."""
    await make().run()


if __name__ == "__main__":
    sys.exit(main())
