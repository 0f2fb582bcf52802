"""Real virtual environments with Runicorn, made once on a machine, and made-up homes around them.

``runicorn_env("0.7.2")`` makes the environment at first use, with the ordinary pip, in a cache that all
test processes share: ``RUNICORND_TEST_CACHE`` or ``~/.cache/runicornd-tests``. Where the package index
cannot be reached, the test is skipped; with ``CI=true`` it fails.
"""

import fcntl
import functools
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

OLDEST = "0.4.1"
OLD = "0.5.3"
NEW = "0.7.2"
MAKING_S = 540
LOG_RUNS_S = 60
PYTHON_TAG = f"py{sys.version_info[0]}{sys.version_info[1]}"
SITE = Path("lib") / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
PYTHON_VERSION = ".".join(str(part) for part in sys.version_info[:3])


@dataclass(frozen=True)
class RunicornEnv:
    """A real environment; ``version`` is Runicorn's."""

    prefix: Path
    version: str

    @property
    def python(self):
        """Its Python. Scripts such as ``bin/uvicorn`` are not to be relied on: use ``-m``."""
        return self.prefix / "bin" / "python"

    @property
    def site_packages(self):
        """Where its packages are."""
        return self.prefix / SITE


def cache_dir():
    """Where environments are kept between test runs."""
    named = os.environ.get("RUNICORND_TEST_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "runicornd-tests"


def runicorn_env(version):
    """Return the environment with that Runicorn; make it when it is not there."""
    try:
        return _made(version)
    except EnvironmentUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


class EnvironmentUnavailable(Exception):
    """The environment could not be made; the text says why."""


@functools.cache
def _attempt(version):
    # A failure is kept as well: the next test shall not wait for the same time-out again.
    prefix = cache_dir() / "venvs" / f"{version}-{PYTHON_TAG}"
    if (prefix / "complete").exists():  # perhaps made by another account, whose lock is not ours to take
        return RunicornEnv(prefix, version)
    try:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with locked(prefix.with_name(f"{prefix.name}.lock")):
            if not (prefix / "complete").exists():
                _make(prefix, version)
    except (OSError, subprocess.SubprocessError, TimeoutError) as error:
        detail = getattr(error, "stderr", None) or ""
        return EnvironmentUnavailable(
            f"cannot make an environment with runicorn {version}: {error}\n{detail[-500:]}"
        )
    return RunicornEnv(prefix, version)


def _made(version):
    result = _attempt(version)
    if isinstance(result, EnvironmentUnavailable):
        raise result
    return result


@contextmanager
def locked(path):
    """Hold the file's lock, so that two test processes never make the same environment."""
    deadline = time.monotonic() + MAKING_S
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"another test process holds {path}") from None
                time.sleep(0.2)
        yield


def _make(prefix, version):
    shutil.rmtree(prefix, ignore_errors=True)
    _run([base_python(), "-m", "venv", str(prefix)])
    # No compiled files now: they are made at the first import of each.
    pip = [str(prefix / "bin" / "python"), "-m", "pip", "install", "--quiet", "--retries", "2"]
    _run([*pip, f"runicorn=={version}"])
    (prefix / "complete").touch()


def _run(argv):
    subprocess.run(
        argv, check=True, capture_output=True, text=True, timeout=MAKING_S, stdin=subprocess.DEVNULL
    )


def base_python():
    """The interpreter that environments are made from: never one inside of another environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


RUNS_SCRIPT = """
import sys
import runicorn

def start(group, name):
    try:
        return runicorn.init(path=group + "/" + name, capture_env=False)
    except TypeError:  # before 0.6
        return runicorn.init(project=group, name=name, capture_env=False)

for name, status in (("baseline", "finished"), ("wide", "finished"), ("broken", "failed")):
    run = start("vision", name)
    for step in range(1, 21):
        run.log({"loss": 1.0 / step, "accuracy": 1 - 1.0 / step}, step=step)
    run.log_text("the last line of " + name)
    run.finish(status)
    print(run.id)
"""


def log_runs(env, root):
    """Log three small runs with the real SDK into a storage root; return their ids.

    They are ``vision/baseline``, ``vision/wide`` and ``vision/broken``, which failed.
    """
    root.mkdir(parents=True, exist_ok=True)
    home = root.parent / f".{root.name}-home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(env.python), "-c", RUNS_SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        timeout=LOG_RUNS_S,
        stdin=subprocess.DEVNULL,
        cwd=root,
        env={**os.environ, "RUNICORN_DIR": str(root), "HOME": str(home)},
    )
    shutil.rmtree(home, ignore_errors=True)
    return [line for line in done.stdout.splitlines() if line[:2] == "20"]


class MadeUpHome:
    """A home folder with environments as they are found on servers, made in milliseconds.

    ``version`` is a Runicorn that really runs there (``0.5.3`` or ``0.7.2``), or None for none. With
    ``claims`` only the metadata of a Runicorn of that version is there.
    """

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def venv(self, name, version=None, *, claims=None):
        """A virtual environment at a path below the home; returns its Python."""
        prefix = self.path / name
        (prefix / "bin").mkdir(parents=True)
        (prefix / "bin" / "python").symlink_to(base_python())
        (prefix / "bin" / "python3").symlink_to("python")
        (prefix / "pyvenv.cfg").write_text(
            f"home = {Path(base_python()).parent}\n"
            f"include-system-site-packages = false\nversion = {PYTHON_VERSION}\n"
        )
        self._packages(prefix, version, claims)
        return prefix / "bin" / "python"

    def conda(self, name="miniconda3", *, environments=(), version=None):
        """A conda installation as its installer leaves it, base environment included.

        Args:
            name: Its folder below the home.
            environments: Pairs of a name and a Runicorn version, for ``envs/NAME``.
            version: The Runicorn of the base environment.

        Returns:
            The Python of every environment by name; ``base`` is one of them.
        """
        root = self.path / name
        pythons = {"base": self.conda_environment(root, version)}
        (root / "condabin").mkdir()
        conda = root / "condabin" / "conda"
        conda.write_text("#!/bin/sh\nexit 1\n")
        conda.chmod(0o755)
        for label, wanted in environments:
            pythons[label] = self.conda_environment(root / "envs" / label, wanted)
        return pythons

    def conda_environment(self, prefix, version=None, *, claims=None):
        """One conda environment at any place, entered in ``~/.conda/environments.txt``."""
        (prefix / "bin").mkdir(parents=True)
        (prefix / "conda-meta").mkdir()
        (prefix / "conda-meta" / "history").touch()
        build = prefix / "conda-meta" / f"python-{PYTHON_VERSION}-h955ad1f_0.json"
        build.write_text(json.dumps({"name": "python", "version": PYTHON_VERSION, "build": "h955ad1f_0"}))
        self._packages(prefix, version, claims)
        python = prefix / "bin" / "python"
        # conda's Python finds its packages beside itself; this one is told where they are.
        site, real = shlex.quote(str(prefix / SITE)), shlex.quote(base_python())
        python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {real} "$@"\n')
        python.chmod(0o755)
        (prefix / "bin" / "python3").symlink_to("python")
        register = self.path / ".conda" / "environments.txt"
        register.parent.mkdir(exist_ok=True)
        with register.open("a") as file:
            file.write(f"{prefix}\n")
        return python

    def root(self, name="RunicornData"):
        """An empty storage root below the home; ``RunicornData`` is where Runicorn looks by itself."""
        root = self.path / name
        (root / "runs").mkdir(parents=True)
        return root

    def _packages(self, prefix, version, claims):
        site = prefix / SITE
        if version is not None:
            site.parent.mkdir(parents=True)
            site.symlink_to(runicorn_env(version).site_packages)
            return
        site.mkdir(parents=True)
        if claims is not None:
            info = site / f"runicorn-{claims}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: runicorn\nVersion: {claims}\n")
