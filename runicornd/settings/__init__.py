"""The user's settings: a TOML file and environment variables, read once into one frozen value.

The file is ``runicornd/config.toml`` in the user's configuration folder, or what ``RUNICORND_CONFIG``
names. Each key is also a variable: ``connect_timeout`` is ``RUNICORND_CONNECT_TIMEOUT``; variables win.
The file is only ever read, and all that is wrong with it is said at once.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs

from runicornd.errors import ConfigInvalid
from runicornd.settings.keys import KEYS, BadValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Source = Literal["file", "variable"]

APP_NAME = "runicornd"
VARIABLE_PREFIX = "RUNICORND_"
CONFIG_VARIABLE = "RUNICORND_CONFIG"
MAX_FILE_BYTES = 1024 * 1024

# So near to a key that it is a slip of the finger; other variables belong to clients and tests.
_TYPO_CUTOFF = 0.85


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things are kept. The XDG variables move them; nothing is made here.

    Args:
        config: The file of these settings; it need not exist.
        state: Sessions, saved hosts, known host keys, the lock.
        cache: What can be fetched again.
        log: The daemon's log.
    """

    config: Path
    state: Path
    cache: Path
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user can choose. Durations are in seconds; ``settings.keys`` says what each means.

    ``sources`` says of the keys that are set where that is.
    """

    paths: Paths
    local_ports: tuple[int, int]
    default_viewer: str
    viewer_lease: float
    viewer_start_timeout: float
    health_interval: float
    viewer_proof: float
    hold_time: float
    sync_interval: float
    metadata_max_bytes: int
    manifest_max_bytes: int
    cache_limit_bytes: int
    downloads_at_once: int
    download_rate_limit: int
    ssh_config: Path | None
    connect_timeout: float
    keepalive_interval: float
    keepalive_count: int
    dashboard: bool
    dashboard_port: int
    log_level: str
    sources: Mapping[str, Source] = field(default_factory=dict)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read file and variables.

    Args:
        environ: The variables; None for those of this process.

    Raises:
        ConfigInvalid: Its context has ``file`` and ``problems``, one for each thing that is wrong.
    """
    environ = os.environ if environ is None else environ
    paths = find_paths(environ)
    problems: list[str] = []
    values = {name: key.default for name, key in KEYS.items()}
    sources: dict[str, Source] = {}
    given_by = ((paths.config, _read_file(paths.config, problems)), (None, dict(_variables(environ))))
    for source, given in given_by:
        for name, value in given.items():
            try:
                values[name] = _checked(name, value, is_text=source is None)
                sources[name] = "file" if source else "variable"
            except BadValue as exc:
                problems.append(f"{_called(source, name)}: {exc}")
    if problems:
        raise _invalid(paths.config, problems)
    return Settings(paths=paths, sources=sources, **values)  # type: ignore[arg-type] # KEYS and the fields agree: tested


def find_paths(environ: Mapping[str, str] | None = None) -> Paths:
    """The paths alone, which need no valid file."""
    named = (os.environ if environ is None else environ).get(CONFIG_VARIABLE)
    config = Path(named).expanduser() if named else platformdirs.user_config_path(APP_NAME) / "config.toml"
    return Paths(
        config=config.absolute(),
        state=platformdirs.user_state_path(APP_NAME),
        cache=platformdirs.user_cache_path(APP_NAME),
        log=platformdirs.user_log_path(APP_NAME) / "runicornd.log",
    )


def sample_config() -> str:
    """A configuration file that changes nothing and explains every key."""
    parts = ["# Settings of runicornd. Lines that begin with '#' show what holds without them."]
    for name, key in KEYS.items():
        comment = "\n".join(f"# {line}" for line in key.help.splitlines())
        parts.append(f"{comment}\n# {name} = {key.sample()}")
    return "\n\n".join(parts) + "\n"


def _checked(name: str, value: object, *, is_text: bool) -> object:
    key = KEYS.get(name)
    if key is None:
        nearest = difflib.get_close_matches(name, KEYS, n=1)
        raise BadValue("no such key" + (f"; did you mean {nearest[0]!r}?" if nearest else ""))
    return key.check(key.from_text(str(value)) if is_text else value)


def _read_file(path: Path, problems: list[str]) -> Mapping[str, object]:
    """The keys of the file; what keeps it from being read is added to the problems."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) <= MAX_FILE_BYTES:
            return tomllib.loads(data.decode())
        problems.append(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    except FileNotFoundError:
        return {}
    except OSError as exc:
        problems.append(f"{path}: {exc.strerror}")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        problems.append(f"{path}: not UTF-8 (at line {line})")
    except (ValueError, RecursionError) as exc:
        problems.append(f"{path}: {exc}")
    return {}


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that are keys, and those that were probably meant to be."""
    for variable, text in environ.items():
        if not variable.startswith(VARIABLE_PREFIX):
            continue
        name = variable.removeprefix(VARIABLE_PREFIX).lower()
        if name in KEYS or difflib.get_close_matches(name, KEYS, n=1, cutoff=_TYPO_CUTOFF):
            yield name, text


def _called(source: Path | None, name: str) -> str:
    return f"{source}: {name}" if source else VARIABLE_PREFIX + name.upper()


def _invalid(path: Path, problems: list[str]) -> ConfigInvalid:
    listed = "".join(f"\n  {problem}" for problem in problems)
    return ConfigInvalid(
        f"cannot use the configuration:{listed}",
        hint=f"edit {path}; 'runicornd --print-config' prints one that explains every key",
        file=str(path),
        problems=list(problems),
    )


assert {field.name for field in fields(Settings)} == {"paths", "sources", *KEYS}
