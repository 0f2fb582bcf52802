"""Where environments usually are: conda, pyenv, uv, pipx, virtual environments, system Pythons."""

import os
import re
from typing import Dict, Iterator, List, Optional

from .interpreter import Place, is_conda, is_venv, listing, python_of
from .packages import read_start

CONDA_ROOTS = (
    "miniconda3",
    "anaconda3",
    "miniforge3",
    "mambaforge",
    "micromamba",
    "conda",
    "miniconda",
    "anaconda",
)
VENV_FOLDERS = (".virtualenvs", "venvs", "envs", ".venvs", ".local/share/virtualenvs")
PLAIN_NAMES = ("venv", ".venv", "env", ".env", "virtualenv", ".virtualenv")
"""What a project's environment is called when its project is the better name."""

_INTERPRETER = re.compile(r"python(3(\.\d+)?)?\Z")
_LISTED_FOLDER = re.compile(r"^\s*-\s*(.+?)\s*$")


class Account:
    """Where to look: the account's home and the variables that move things."""

    def __init__(self, home: str, variables: Dict[str, str]) -> None:
        self.home = home
        self.variables = variables

    def path(self, *parts: str) -> str:
        """A path below home."""
        return os.path.join(self.home, *parts)

    def chosen(self, name: str, *default: str) -> str:
        """The folder that a variable names, else one below home."""
        return self.variables.get(name) or self.path(*default)

    def expand(self, path: str) -> str:
        """A path of a configuration file as an absolute one."""
        return os.path.join(self.home, os.path.expanduser(path))


def known_places(account: Account) -> Iterator[Place]:
    """Yield the environments in well-known folders; the same one may come more than once."""
    yield from conda_places(account)
    yield from pyenv_places(account)
    yield from uv_places(account)
    yield from pipx_places(account)
    yield from venv_folder_places(account)


def place_at(prefix: str, kind: Optional[str] = None, name: Optional[str] = None) -> Optional[Place]:
    """Return the environment with that prefix; None when no Python 3 is there.

    Args:
        prefix: An absolute path.
        kind: Its kind, where the folder's own signs do not tell.
        name: Its name, where the folder's is not the right one.
    """
    python = python_of(prefix)
    if python is None or os.path.basename(os.path.realpath(python)).startswith("python2"):
        return None
    own = "venv" if is_venv(prefix) else "conda" if is_conda(prefix) else "system"
    return Place(kind or own, prefix, python, name or folder_name(prefix))


def folder_name(prefix: str) -> str:
    """Return what an environment is called by its folder, or by its project's folder."""
    parent, name = os.path.split(prefix.rstrip("/"))
    return os.path.basename(parent) or name if name in PLAIN_NAMES else name


def _children(folder: str, kind: str) -> Iterator[Place]:
    for entry in listing(folder):
        place = place_at(os.path.join(folder, entry), kind)
        if place is not None:
            yield place


def conda_places(account: Account) -> Iterator[Place]:
    """Conda's and mamba's roots, their named environments, and those that conda has noted down."""
    folders = _conda_environment_folders(account)
    for root in _conda_roots(account):
        if is_conda(root):
            yield from _conda_place(root, "base" if os.path.isdir(os.path.join(root, "condabin")) else None)
        folders.append(os.path.join(root, "envs"))
    for folder in folders:
        for entry in listing(folder):
            yield from _conda_place(os.path.join(folder, entry), entry)
    for line in read_start(account.path(".conda", "environments.txt")).splitlines():
        yield from _conda_place(os.fsdecode(line.strip()), None)


def _conda_place(prefix: str, name: Optional[str]) -> Iterator[Place]:
    if os.path.isabs(prefix) and is_conda(prefix):
        is_root = os.path.isdir(os.path.join(prefix, "condabin"))
        place = place_at(prefix, "conda", "base" if is_root else name)
        if place is not None:
            yield place


def _conda_roots(account: Account) -> List[str]:
    roots = [account.path(name) for name in CONDA_ROOTS]
    roots += [os.path.join("/opt", name) for name in CONDA_ROOTS]
    roots += [account.path(".local", "share", "mamba"), "/usr/local/miniconda3", "/usr/local/anaconda3"]
    for variable, ups in (("MAMBA_ROOT_PREFIX", 0), ("CONDA_EXE", 2)):
        path = account.variables.get(variable, "")
        for _ in range(ups):
            path = os.path.dirname(path)
        if os.path.isabs(path):
            roots.append(path)
    return roots


def _conda_environment_folders(account: Account) -> List[str]:
    folders = [account.path(".conda", "envs")]
    for variable in ("CONDA_ENVS_PATH", "CONDA_ENVS_DIRS"):
        folders += account.variables.get(variable, "").split(":")
    for name in (account.path(".condarc"), account.path(".conda", "condarc"), account.path(".mambarc")):
        folders += _listed(read_start(name).decode("utf-8", "surrogateescape"), "envs_dirs")
    return [account.expand(folder) for folder in folders if folder]


def _listed(text: str, name: str) -> List[str]:
    """The items of a list in a simple YAML file: what people write by hand, not all of YAML."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(name + ":"):
            inline = line.partition(":")[2].strip(" []").split(",")
            items = [_LISTED_FOLDER.match(item) for item in _until_key(lines)]
            found = [item.group(1) for item in items if item] + inline
            return [item.strip(" \"'") for item in found if item.strip(" \"'")]
    return []


def _until_key(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line and not line[0].isspace() and not line.startswith(("-", "#")):
            return
        yield line


def pyenv_places(account: Account) -> Iterator[Place]:
    """Versions that pyenv has built, and the virtual environments made from them."""
    versions = os.path.join(account.chosen("PYENV_ROOT", ".pyenv"), "versions")
    yield from _children(versions, "pyenv")
    for entry in listing(versions):
        yield from _children(os.path.join(versions, entry, "envs"), "pyenv")


def uv_places(account: Account) -> Iterator[Place]:
    """Pythons that uv has downloaded, and the environments of its tools."""
    data = account.chosen("XDG_DATA_HOME", ".local", "share")
    pythons = account.variables.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python")
    for entry in listing(pythons):
        # cpython-3.12.3-linux-x86_64-gnu: the system's name says nothing here.
        place = place_at(os.path.join(pythons, entry), "uv", "-".join(entry.split("-")[:2]))
        if place is not None and not os.path.islink(place.prefix):
            yield place
    yield from _children(account.variables.get("UV_TOOL_DIR") or os.path.join(data, "uv", "tools"), "uv")


def pipx_places(account: Account) -> Iterator[Place]:
    """The environments of pipx, old place and new."""
    homes = [account.variables.get("PIPX_HOME", ""), account.path(".local", "share", "pipx")]
    for home in [*homes, account.path(".local", "pipx")]:
        if home:
            yield from _children(os.path.join(home, "venvs"), "pipx")


def venv_folder_places(account: Account) -> Iterator[Place]:
    """Virtual environments in the folders where people collect them."""
    folders = [account.path(name) for name in VENV_FOLDERS]
    folders.append(account.variables.get("WORKON_HOME", ""))
    for folder in folders:
        for entry in listing(account.expand(folder)) if folder else ():
            prefix = os.path.join(account.expand(folder), entry)
            place = place_at(prefix) if is_venv(prefix) else None
            if place is not None:
                yield place


def path_places(search_path: str) -> Iterator[Place]:
    """Every Python on a PATH, and in the system's own folders, as what it really is."""
    folders = [folder for folder in search_path.split(":") if os.path.isabs(folder)]
    folders += ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    folders += [os.path.join("/opt", entry, "bin") for entry in listing("/opt")]
    seen = set()
    for folder in folders:
        real = os.path.realpath(folder)
        if real not in seen and os.path.basename(real) != "shims":
            seen.add(real)
            yield from _interpreters(real)


def _interpreters(folder: str) -> Iterator[Place]:
    for entry in listing(folder):
        path = os.path.join(folder, entry)
        if _INTERPRETER.match(entry) and os.path.isfile(path) and os.access(path, os.X_OK):
            place = interpreter_place(path)
            if place is not None:
                yield place


def interpreter_place(path: str) -> Optional[Place]:
    """Return the environment that an interpreter belongs to; None for Python 2."""
    prefix = os.path.dirname(os.path.dirname(path))
    if is_venv(prefix):
        return place_at(prefix)
    real = os.path.realpath(path)
    prefix = os.path.dirname(os.path.dirname(real))
    if is_conda(prefix) and not os.path.basename(real).startswith("python2"):
        return place_at(prefix, None, "base" if os.path.isdir(os.path.join(prefix, "condabin")) else None)
    name = os.path.basename(real)
    return None if name.startswith("python2") else Place("system", prefix, path, name)
