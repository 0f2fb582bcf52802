"""The daemon as a service of the user: a systemd unit on Linux, a launchd agent on macOS."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from runicornctl.failure import Failure
from runicornd.protocol.paths import SOCKET_VARIABLE, socket_path

UNIT_NAME = "runicornd.service"
SOCKET_UNIT_NAME = "runicornd.socket"
AGENT_LABEL = "runicornd"
_SYSTEMCTL_S = 45.0
# What decides where the daemon's files are, and where its ssh helpers are found. A service manager
# does not know the variables of the user's shell.
_KEPT_VARIABLES = (
    "PATH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    SOCKET_VARIABLE,
)


def daemon_command() -> list[str]:
    """Return the words that run the daemon with the Python that runs this command."""
    # -P: a file in the folder of the moment must not stand in for a module.
    return [sys.executable, "-P", "-m", "runicornd"]


def unit_path() -> Path:
    """Return where the user's systemd unit is installed."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".config"
    return base / "systemd" / "user" / UNIT_NAME


def socket_unit_path() -> Path:
    """Return where the socket that can start the service is installed."""
    return unit_path().with_name(SOCKET_UNIT_NAME)


def installed_units() -> list[str]:
    """Return the names of the units that are installed."""
    return [path.name for path in (unit_path(), socket_unit_path()) if path.exists()]


def agent_path() -> Path:
    """Return where the user's launchd agent is installed."""
    return Path.home() / "Library" / "LaunchAgents" / f"{AGENT_LABEL}.plist"


def unit_text(command: list[str], variables: dict[str, str]) -> str:
    """Return the packaged unit with this command and these environment variables.

    Raises:
        Failure: The package is not complete.
    """
    lines = [f"ExecStart={_exec_words(command)}"]
    lines += [f"Environment={_quoted(f'{name}={value}')}" for name, value in variables.items()]
    return _with_lines(UNIT_NAME, "ExecStart", lines)


def socket_unit_text() -> str:
    """Return the packaged socket unit, listening where this shell's commands look for the daemon.

    Raises:
        Failure: The package is not complete.
    """
    path = str(socket_path())
    if any(char in path for char in "\r\n"):
        raise Failure(f"cannot install the service: {path!r} has a line break in it")
    # No quotes there: the line is a path to its end, and only % is special.
    return _with_lines(SOCKET_UNIT_NAME, "ListenStream", [f"ListenStream={path.replace('%', '%%')}"])


def agent_plist(command: list[str], variables: dict[str, str]) -> bytes:
    """Return the launchd agent: started at login, and again after a failure."""
    import plistlib  # noqa: PLC0415 - only macOS needs it

    return plistlib.dumps(
        {
            "Label": AGENT_LABEL,
            "ProgramArguments": command,
            "EnvironmentVariables": variables,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ExitTimeOut": 10,
            "ProcessType": "Background",
            "Umask": 0o077,
        }
    )


def kept_variables() -> dict[str, str]:
    """Return the variables of this shell that the service needs as well."""
    found = {name: os.environ.get(name, "") for name in _KEPT_VARIABLES}
    # A line break or a byte that is no text cannot be written into a unit.
    return {name: value for name, value in found.items() if value and value.isprintable()}


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        Failure: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise Failure(f"cannot write {path}: {exc.strerror}", kind="state_unwritable") from exc


def remove_file(path: Path) -> bool:
    """Remove a file; false when there was none.

    Raises:
        Failure: It cannot be removed.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise Failure(f"cannot remove {path}: {exc.strerror}", kind="state_unwritable") from exc
    return True


def user_manager_answers() -> bool:
    """Whether a systemd manager of this user can be talked to."""
    return systemctl("show", "--property=Version") is None


def systemctl(*arguments: str) -> str | None:
    """Run ``systemctl --user``; return None when that went well, else what it said."""
    try:
        done = subprocess.run(
            ["systemctl", "--user", "--no-pager", *arguments],  # noqa: S607 - the user's own PATH decides
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SYSTEMCTL_S,
            check=False,
        )
    except FileNotFoundError:
        return "systemctl is not installed"
    except (OSError, subprocess.TimeoutExpired) as exc:
        return str(exc)
    said = done.stderr.decode(errors="replace").strip()
    return None if done.returncode == 0 else said or f"systemctl ended with {done.returncode}"


def start_service() -> bool:
    """Start the installed service; false when there is none, or no manager to start it.

    Raises:
        Failure: The manager could not start it.
    """
    if sys.platform == "darwin" or os.environ.get(SOCKET_VARIABLE) or not unit_path().exists():
        return False
    if not user_manager_answers():
        return False
    if problem := systemctl("start", UNIT_NAME):
        raise Failure(
            f"cannot start the daemon's service: {problem}",
            kind="daemon_failed",
            hint=f"see why with: journalctl --user -u {UNIT_NAME} -n 20",
        )
    return True


def missing_agent_hint() -> str | None:
    """Return what to do when the user manager does not know the ssh agent of this shell, else None."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["systemctl", "--user", "show-environment"],  # noqa: S607 - the user's own PATH decides
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SYSTEMCTL_S,
            check=True,
        )
        if b"SSH_AUTH_SOCK=" in done.stdout:
            return None
    return "systemctl --user import-environment SSH_AUTH_SOCK"


def _with_lines(unit: str, key: str, lines: list[str]) -> str:
    """The packaged unit with these lines in the place of the key's."""
    before, marker, after = _template(unit).read_text(encoding="utf-8").partition(f"\n{key}=")
    if not marker:
        raise Failure(f"cannot install the service: the packaged {unit} has no {key} line")
    return f"{before}\n" + "\n".join(lines) + "\n" + after.partition("\n")[2]


def _template(unit: str) -> Path:
    here = Path(__file__).parent
    for folder in (here / "_units", here.parent / "systemd"):
        if (folder / unit).is_file():
            return folder / unit
    raise Failure(f"cannot install the service: the package lacks its unit file {unit}")


def _exec_words(command: list[str]) -> str:
    program, *arguments = command
    if any(char in program for char in "\"'\\"):
        # systemd takes no such characters in the path of a program (systemd.service, COMMAND LINES).
        return " ".join(["/usr/bin/env", *map(_argument, command)])
    return " ".join([_quoted(program), *map(_argument, arguments)])


def _argument(word: str) -> str:
    """A word behind the program: there a dollar sign would name a variable."""
    return _quoted(word.replace("$", "$$"))


def _quoted(word: str) -> str:
    """A word as systemd reads it back: ``%`` is a specifier, quotes and backslashes are escaped."""
    if "\n" in word or "\r" in word:
        raise Failure(f"cannot install the service: {word!r} has a line break in it")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
