"""One Python environment, as its files describe it."""

import os
import re
import sys
from typing import Dict, Iterator, List, NamedTuple, Optional

from .packages import read_start

KINDS = ("conda", "pyenv", "uv", "pipx", "venv", "system")


class Place(NamedTuple):
    """Where an environment is: its kind, its prefix, its interpreter, and what it is called."""

    kind: str
    prefix: str
    python: str
    name: str


_MINOR = re.compile(r"python(\d\.\d+)t?\Z")
_NUMBER = re.compile(r"\d+\.\d+(\.\d+)?")
_CONDA_META = re.compile(r"python-(\d+\.\d+(?:\.\d+)?)-[^-]*\.json\Z")
_PATCHLEVEL = re.compile(rb'#define\s+PY_VERSION\s+"([^"]+)"')
_VENV_VERSION = ("version", "version_info")


def python_of(prefix: str) -> Optional[str]:
    """Return the path of a prefix's interpreter; None when there is none that can be run."""
    for name in ("python3", "python"):
        path = os.path.join(prefix, "bin", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def is_venv(prefix: str) -> bool:
    """Whether a folder is a virtual environment; old ones have no ``pyvenv.cfg``."""
    return os.path.isfile(os.path.join(prefix, "pyvenv.cfg")) or (
        os.path.isfile(os.path.join(prefix, "bin", "activate_this.py")) and python_of(prefix) is not None
    )


def is_conda(prefix: str) -> bool:
    """Whether a folder is a conda environment."""
    return os.path.isdir(os.path.join(prefix, "conda-meta"))


def key(place: Place) -> str:
    """What is the same for two places exactly when they are one environment.

    A virtual environment is its folder: its interpreter is often a link to another one's. Anything
    else is its interpreter: two of them may share ``/usr``.
    """
    return os.path.realpath(place.prefix if is_venv(place.prefix) else place.python)


def version(place: Place) -> Optional[str]:
    """Return the version of a place's Python as exactly as the files tell, or None."""
    if is_venv(place.prefix):
        config = venv_config(place.prefix)
        told = [config[name] for name in _VENV_VERSION if name in config]
        match = _NUMBER.match(told[0]) if told else None
        return match.group() if match else _minor(place)
    real = os.path.realpath(place.python)
    if real == os.path.realpath(sys.executable):
        return "{}.{}.{}".format(*sys.version_info)
    return _conda_version(place.prefix) or _header_version(place) or _folder_version(real) or _minor(place)


def venv_config(prefix: str) -> Dict[str, str]:
    """Return the lines of ``pyvenv.cfg`` by name."""
    text = read_start(os.path.join(prefix, "pyvenv.cfg")).decode("utf-8", "surrogateescape")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs}


def _conda_version(prefix: str) -> Optional[str]:
    for entry in listing(os.path.join(prefix, "conda-meta")):
        match = _CONDA_META.match(entry)
        if match:
            return match.group(1)
    return None


def _header_version(place: Place) -> Optional[str]:
    """The version in the C headers, where those are installed."""
    minor = _minor(place)
    if minor is None:
        return None
    path = os.path.join(place.prefix, "include", "python" + minor, "patchlevel.h")
    match = _PATCHLEVEL.search(read_start(path))
    return match.group(1).decode("ascii", "replace") if match else None


def _folder_version(real: str) -> Optional[str]:
    """The version in the folder's name, as pyenv and uv have it: ``3.9.18``, ``cpython-3.12.3-linux``."""
    folder = os.path.basename(os.path.dirname(os.path.dirname(real)))
    match = re.search(r"(?:\A|-)(\d+\.\d+\.\d+)", folder)
    return match.group(1) if match else None


def _minor(place: Place) -> Optional[str]:
    match = _MINOR.search(os.path.basename(os.path.realpath(place.python)))
    if match and not is_venv(place.prefix):
        return match.group(1)
    libs = [_MINOR.match(entry) for entry in listing(os.path.join(place.prefix, "lib"))]
    found = [lib.group(1) for lib in libs if lib]
    return max(found, key=_numeric) if found else None


def _numeric(text: str) -> List[int]:
    return [int(part) for part in text.split(".")]


def site_folders(place: Place, home: str) -> List[str]:
    """Return the folders that the environment imports packages from, in the order of ``sys.path``."""
    own = list(_own_folders(place.prefix, _minor(place)))
    if not is_venv(place.prefix):
        return _user_folders(home, _minor(place)) + own
    config = venv_config(place.prefix)
    if config.get("include-system-site-packages", "").lower() != "true":
        return own
    base = os.path.dirname(config.get("home", "")) or "/usr"
    return own + _user_folders(home, _minor(place)) + list(_own_folders(base, _minor(place)))


def _user_folders(home: str, minor: Optional[str]) -> List[str]:
    return [os.path.join(home, ".local", "lib", f"python{minor}", "site-packages")] if minor else []


def _own_folders(prefix: str, minor: Optional[str]) -> Iterator[str]:
    python = f"python{minor}" if minor else "python3"
    roots = [prefix]
    if prefix == "/usr":  # Debian's and Fedora's administrators install below /usr/local.
        roots = ["/usr/local", "/usr"]
    for root in roots:
        for lib in ("lib", "lib64"):
            yield os.path.join(root, lib, python, "site-packages")
            yield os.path.join(root, lib, python, "dist-packages")
        yield os.path.join(root, "lib", "python3", "dist-packages")


def listing(folder: str) -> List[str]:
    """Return the names in a folder, sorted; empty when it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
