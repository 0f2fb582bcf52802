"""What the account's login shell knows: the PATH and the variables that its start-up files set.

The shell runs once, in the background, when the agent starts. Whatever it prints is noise until the
marker; whatever shell it is, it only has to run one command in single quotes.
"""

import contextlib
import json
import os
import pwd
import select
import signal
import subprocess
import sys
import threading
import time
from typing import Dict, Optional

LIMIT_S = 2.0
NOISE_LIMIT = 1024 * 1024
MARKER = b"runicornd-variables:"

NAMES = (
    "PATH",
    "RUNICORN_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "CONDA_PREFIX",
    "CONDA_EXE",
    "CONDA_ENVS_PATH",
    "CONDA_ENVS_DIRS",
    "MAMBA_ROOT_PREFIX",
    "PYENV_ROOT",
    "WORKON_HOME",
    "PIPX_HOME",
    "UV_PYTHON_INSTALL_DIR",
    "UV_TOOL_DIR",
)

_PRINT = "import json,os,sys;sys.stdout.write(sys.argv[1]+sys.argv[2]+json.dumps(dict(os.environ))+chr(10))"
_COMMAND = 'exec /bin/sh -c \'exec "$RUNICORND_PYTHON" -ISBc "$RUNICORND_PRINT" runicornd- variables:\''


class LoginShell:
    """Asks the login shell. ``variables`` waits for the answer; no answer is an empty one."""

    def __init__(self) -> None:
        self._found: Dict[str, str] = {}
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._deadline = time.monotonic() + LIMIT_S
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def variables(self) -> Dict[str, str]:
        """Return the shell's variables among ``NAMES``; waits until 2 s after the start at most."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()) + 0.2)
        return self._found

    def stop(self) -> None:
        """End the shell with all that it started, if it still runs."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _ask(self) -> None:
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            self._process = _start(_shell())
            try:
                answer = _read_answer(self._process, self._deadline)
            finally:
                self.stop()
                self._process.communicate()
            if answer is not None:
                self._found = _chosen(answer)


def _shell() -> str:
    with contextlib.suppress(KeyError):
        return os.environ.get("SHELL") or pwd.getpwuid(os.geteuid()).pw_shell
    return "/bin/sh"


def _start(shell: str) -> "subprocess.Popen[bytes]":
    # A dash before the name is how login(1) and sshd make a login shell, of every kind.
    return subprocess.Popen(
        ["-" + os.path.basename(shell), "-c", _COMMAND],
        executable=shell,
        env=dict(os.environ, RUNICORND_PYTHON=sys.executable, RUNICORND_PRINT=_PRINT),
        cwd=os.path.expanduser("~"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _read_answer(process: "subprocess.Popen[bytes]", deadline: float) -> Optional[bytes]:
    assert process.stdout is not None
    fd = process.stdout.fileno()
    heard = b""
    while len(heard) < NOISE_LIMIT:
        if not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        data = os.read(fd, 65536)
        heard += data
        _noise, marker, answer = heard.partition(MARKER)
        if marker and b"\n" in answer:
            return answer.partition(b"\n")[0]
        if not data:
            return None
    return None


def _chosen(answer: bytes) -> Dict[str, str]:
    found = json.loads(answer.decode())
    return {name: str(found[name]) for name in NAMES if name in found}
