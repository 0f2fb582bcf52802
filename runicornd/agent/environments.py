"""All Python environments of this account, each once, each with a name of its own."""

import os
from typing import Dict, Iterable, Iterator, List, Optional, Set, Tuple

from .failures import Failure
from .interpreter import KINDS, Place, is_conda, is_venv, key, site_folders, version
from .login_shell import LoginShell
from .packages import versions
from .places import (
    PLAIN_NAMES,
    Account,
    conda_places,
    interpreter_place,
    path_places,
    pipx_places,
    place_at,
    pyenv_places,
    uv_places,
    venv_folder_places,
)
from .projects import project_places
from .storage_root import storage_root

MOST = 2000
"""Environments that are reported at most."""

KNOWN = (conda_places, pyenv_places, uv_places, pipx_places, venv_folder_places)


class Environments:
    """Finds environments by reading files; no interpreter is started.

    Args:
        shell: Knows what the account's start-up files set.
    """

    def __init__(self, shell: LoginShell) -> None:
        self._shell = shell
        self._home = os.path.expanduser("~")

    def list(self, packages: Iterable[str]) -> Dict[str, object]:
        """Return all environments and the storage root, as the protocol has them."""
        names = tuple(packages)
        projects = list(_tolerant(project_places(self._home)))  # While the login shell still starts.
        account = Account(self._home, self._variables())
        places = [place for find in KNOWN for place in _tolerant(find(account))] + projects
        places += _tolerant(path_places(account.variables.get("PATH", "")))
        return {
            "environments": [self._described(place, names) for place in named(unique(places))[:MOST]],
            "storage_root": storage_root(self._home, account.variables),
        }

    def inspect(self, path: str, packages: Iterable[str]) -> Dict[str, object]:
        """Return the environment at a path: a prefix, a Python, or a project's folder.

        Raises:
            Failure: ``no_environment``.
        """
        absolute = os.path.normpath(os.path.join(self._home, os.path.expanduser(path)))
        place = None if "\0" in path else environment_at(absolute)
        if place is None:
            raise Failure("no_environment", f"cannot find a Python environment at {absolute}", path=absolute)
        return self._described(place, tuple(packages))

    def _variables(self) -> Dict[str, str]:
        """The login shell's variables, and this process's own where it has none or could not be asked."""
        found = dict(os.environ, **self._shell.variables())
        found["PATH"] = ":".join((found.get("PATH", ""), os.environ.get("PATH", "")))
        return found

    def _described(self, place: Place, packages: Tuple[str, ...]) -> Dict[str, object]:
        return {
            "name": place.name,
            "kind": place.kind,
            "prefix": place.prefix,
            "python": place.python,
            "python_version": version(place),
            "packages": versions(site_folders(place, self._home), packages),
        }


def environment_at(path: str) -> Optional[Place]:
    """Return the environment that a path means, or None."""
    if os.path.isfile(path) and os.access(path, os.X_OK):
        is_python = os.path.basename(path).startswith("python") or os.path.basename(path) == "pypy3"
        return interpreter_place(path) if is_python else None
    if is_venv(path) or is_conda(path):
        return place_at(path)
    for name in PLAIN_NAMES:
        if is_venv(os.path.join(path, name)):
            return place_at(os.path.join(path, name))
    return place_at(path)


def _tolerant(places: Iterator[Place]) -> Iterator[Place]:
    """What a source finds before something in it is so odd that it breaks."""
    try:
        yield from places
    except (OSError, ValueError):
        return


def unique(places: Iterable[Place]) -> List[Place]:
    """Return each environment once, as it was found first."""
    found: Dict[str, Place] = {}
    for place in places:
        found.setdefault(key(place), place)
    return list(found.values())


def named(places: Iterable[Place]) -> List[Place]:
    """Return the environments in a settled order, each with a name that no other has."""
    taken: Set[str] = set()
    result = []
    for place in sorted(places, key=lambda place: (KINDS.index(place.kind), place.name, place.prefix)):
        name = next(name for name in _names(place) if name not in taken)
        taken.add(name)
        result.append(place._replace(name=name))
    return result


def _names(place: Place) -> Iterator[str]:
    """The environment's name, then longer ones: with the folders above it, then with a number."""
    yield place.name
    above = os.path.dirname(place.prefix)
    if os.path.basename(above) == place.name:
        above = os.path.dirname(above)
    name = place.name
    while os.path.basename(above):
        above, folder = os.path.split(above)
        name = folder + "/" + name
        yield name
    number = 2
    while True:
        yield f"{place.name}-{number}"
        number += 1
