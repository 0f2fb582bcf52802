"""The peer: Runicorn's own remote viewer, driven through the HTTP API that its web page uses.

A ``runicorn viewer`` on this machine is the client. Its environment is the one that also runs on the server.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.processes import answers, free_port, http_json, log_tail, running, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.sshd import Sshd

START_S = 60
REQUEST_S = 180
READY_S = 60
# Runicorn 0.7.2 keeps the logs of remote sessions here, on the server.
REMOTE_LOGS = Path("/tmp/runicorn-viewer/sessions")


@dataclass(frozen=True)
class RunicornRemote:
    """A running local viewer of Runicorn, and the server that it is to reach.

    Args:
        url: Where the local viewer answers.
        server: The server.
    """

    url: str
    server: Sshd

    def connect(self) -> str:
        """Make the SSH connection; return its id."""
        self._post("connect", self._login())
        return f"{self.server.user}@{self.server.address}:{self.server.port}"

    def environments(self, connection: str) -> list[dict[str, Any]]:
        """List the conda environments and the system's Python."""
        url = f"{self.url}/api/remote/conda-envs?connection_id={quote(connection)}"
        return list(http_json(url, timeout_s=REQUEST_S)["envs"])

    def start_viewer(self, environment: str, root: str) -> dict[str, Any]:
        """Start the viewer in a conda environment; return its session."""
        body = {**self._login(), "remote_root": root, "conda_env": environment}
        return dict(self._post("viewer/start", body)["session"])

    def wait_ready(self, session: dict[str, Any]) -> None:
        """Wait until the session's local address answers."""
        url = f"http://127.0.0.1:{session['localPort']}/api/health"
        until(lambda: answers(url), "Runicorn's remote viewer", READY_S)

    def stop(self, session: dict[str, Any]) -> None:
        """End the session; Runicorn disconnects then, as it was the last one of the connection."""
        self._post("viewer/stop", {"session_id": session["sessionId"]})
        shutil.rmtree(REMOTE_LOGS / session["sessionId"], ignore_errors=True)
        with contextlib.suppress(OSError):  # others' logs may be there
            REMOTE_LOGS.rmdir()
            REMOTE_LOGS.parent.rmdir()

    def disconnect(self) -> None:
        """Drop the SSH connection, and with it what Runicorn has remembered of the environments."""
        server = self.server
        self._post("disconnect", {"host": server.address, "port": server.port, "username": server.user})

    def _login(self) -> dict[str, Any]:
        return {
            "host": self.server.address,
            "port": self.server.port,
            "username": self.server.user,
            "private_key_path": str(self.server.client_key),
            "use_agent": False,
        }

    def _post(self, name: str, body: dict[str, Any]) -> Any:
        return http_json(f"{self.url}/api/remote/{name}", body, timeout_s=REQUEST_S)


@contextlib.contextmanager
def runicorn_remote(python: Path, folder: Path, server: Sshd) -> Iterator[RunicornRemote]:
    """Run the local viewer for the length of the block, in a home of its own that trusts the server's key.

    Raises:
        CannotMeasure: It does not come up.
    """
    home, log = folder / "peer", folder / "peer.log"
    known_hosts = home / ".config" / "runicorn" / "known_hosts"
    known_hosts.parent.mkdir(parents=True)
    known_hosts.write_text(server.known_hosts_line + "\n")
    port = free_port()
    argv = [str(python), "-m", "runicorn", "viewer", "--port", str(port), "--storage", str(home / "root")]
    with running(argv, env=_environment(home), log=log):
        url = f"http://127.0.0.1:{port}"
        try:
            until(lambda: answers(f"{url}/api/health"), "the local viewer of Runicorn", START_S)
            yield RunicornRemote(url, server)
        except BaseException as error:
            error.add_note(log_tail(log))
            raise


def _environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "RUNICORN_", "SSH_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, "HOME": str(home)}
