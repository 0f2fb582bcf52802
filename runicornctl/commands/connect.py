"""``connect``: from a target to a viewer in the browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.bring_up import BringUp
from runicornctl.browser import open_browser
from runicornctl.failure import Failure
from runicornctl.output import print_result, warn
from runicornctl.session_text import print_session
from runicornctl.terminal import Terminal, read_private_key
from runicornd.protocol.exits import Exit
from runicornd.protocol.models import AuthParams, SessionStartParams


@click.command("connect")
@options.target_argument
@click.option(
    "--env",
    type=options.TEXT,
    metavar="NAME|PATH",
    help="Python environment on the host that runs the viewer.",
)
@click.option(
    "--root",
    type=options.TEXT,
    metavar="DIR",
    help="Storage root on the host; default: the environment's own.",
)
@click.option("--viewer", type=options.TEXT, metavar="KIND", help="Viewer kind; default: runicorn.")
@click.option("--local-port", type=click.IntRange(1, 65535), metavar="N", help="Port of the local address.")
@options.identity_options
@click.option("--no-browser", is_flag=True, help="Do not open the browser; so also with --json.")
@options.json_option
@options.timeout_option(
    120.0,
    "How long to wait; the time you take to answer does not count. Then the exit code is 6, and the"
    " session goes on in the background.",
)
def connect_command(
    target: str,
    *,
    env: str | None,
    root: str | None,
    viewer: str | None,
    local_port: int | None,
    identity: str | None,
    paste_key: bool,
    no_browser: bool,
    as_json: bool,
    timeout_s: float,
) -> None:
    """Open the viewer of TARGET at a stable local address.

    TARGET is an OpenSSH alias, [user@]host[:port], a saved host, or 'local' for this machine. A session
    that already is what you ask for is used again.
    """
    terminal = Terminal.find(as_json=as_json)
    params = SessionStartParams(target=target, env=env, root=root, viewer=viewer, local_port=local_port)
    params.auth = auth_of(identity, terminal, paste_key=paste_key)
    with open_or_start() as client:
        session = BringUp(client, terminal).run("sessions.start", params, timeout_s=timeout_s)
    if as_json:
        print_result(session)
        return
    print_session(session)
    if session.remote and session.remote.exposed:
        warn(
            f"the viewer listens on TCP at {session.target} ({session.remote.endpoint}):"
            " other accounts of that server can open it"
        )
    if session.url and not no_browser:
        open_browser(session.url)


def auth_of(identity: str | None, terminal: Terminal | None, *, paste_key: bool) -> AuthParams | None:
    """Return what the options and the environment say about logging in; the daemon needs absolute paths.

    Raises:
        Failure: No key was pasted.
    """
    # The daemon's own agent may be that of an earlier login.
    agent = os.environ.get("SSH_AUTH_SOCK", "")
    agent_socket = agent if Path(agent).is_absolute() else None
    if not (identity or paste_key or agent_socket):
        return None
    # Not resolved: a link to a key is the name that the user knows it by.
    path = str(Path(identity).expanduser().absolute()) if identity else None
    key = _pasted(terminal) if paste_key else None
    return AuthParams(identity_file=path, private_key=key, agent_socket=agent_socket)


def _pasted(terminal: Terminal | None) -> str:
    try:
        return read_private_key(terminal)
    except EOFError as exc:
        why = "nothing was pasted" if sys.stdin.isatty() else "standard input is empty"
        raise Failure(f"cannot read the private key: {why}", kind="key_unusable", code=Exit.USAGE) from exc
    except (ValueError, OSError) as exc:
        raise Failure(f"cannot read the private key: {exc}", kind="key_unusable", code=Exit.USAGE) from exc
