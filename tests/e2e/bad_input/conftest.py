"""A laptop for each module, and for each test servers of its own that leave nothing behind."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.helpers.faults import Traces, refused
from tests.helpers.laptop import Laptop
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.sshd import Sshd
from tests.helpers.standin import SERVES, stand_in, system_python

_numbers = itertools.count(1)


def missing(what):
    """Skip the test; in CI everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


class Far:
    """A server that the laptop knows by an alias, with a home and a private folder of its own.

    Args:
        laptop: Who connects.
        folder: An empty folder of its own with a short path.
        extra: More lines for the client's OpenSSH configuration.
        options: More of ``Sshd``.
    """

    def __init__(self, laptop, folder, *, extra=(), variables=(), **options):
        self.laptop = laptop
        self.alias = f"gpu{next(_numbers)}"
        self.run = folder / "run"
        # PATH as it is on most servers, whatever that of the tests is.
        variables = {
            "RUNICORND_RUN_DIR": str(self.run),
            "PATH": "/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict(variables),
        }
        self.server = Sshd(folder / "sshd", variables=variables, **options)
        self.extra = extra

    def __enter__(self):
        self.server.start()
        self.server.known_hosts.write_text(self.server.known_hosts_line + "\n")
        self.laptop.know(self.server, self.alias, extra=self.extra)
        self.home = MadeUpHome(self.server.home)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def viewer(self, source=SERVES, name="envs/train", **options):
        """Make an environment with a light viewer, and the default storage root."""
        root = self.server.home / "RunicornData"
        root.mkdir(exist_ok=True)
        shutil.chown(root, self.server.user)
        return stand_in(self.server.home, name, source, **options)

    def traces(self):
        return Traces(self.laptop, self.server, [self.run, self.server.home])

    def refused(self, *options, code=1):
        """``connect``, which has to fail and to leave nothing; return what it says."""
        before = self.traces()
        refusal = refused(self.laptop, "connect", self.alias, "--no-browser", *options, code=code)
        before.nothing_added()
        return refusal

    def connect(self, *options):
        return self.laptop.connect(self.alias, *options)

    def forget(self):
        """Stop the session and forget it."""
        self.laptop.json("stop", self.alias, "--forget")


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    """A laptop that all tests of a module share; at the end its daemon has to stop in order."""
    with Laptop(tmp_path_factory.mktemp("laptop"), viewer_start_timeout=2) as laptop:
        yield laptop


@pytest.fixture
def make_far(laptop):
    """Makes servers; they end with the test."""
    with contextlib.ExitStack() as stack:

        def make(**options):
            folder = Path(tempfile.mkdtemp(prefix="rd-", dir="/tmp"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.chmod(0o755)
            return stack.enter_context(Far(laptop, folder, **options))

        yield make


@pytest.fixture
def far(make_far):
    """One server."""
    return make_far()


@pytest.fixture
def make_account(make_far):
    """Makes a server and an account on it, with a chosen login shell; as root only."""
    with contextlib.ExitStack() as stack:

        def make(shell="/bin/sh", **options):
            if os.getuid() != 0:
                pytest.skip("only root can make accounts")
            for lacks, what in (
                (not Path(shell).exists(), shell),
                (not system_python(), "the system's Python"),
            ):
                if lacks:
                    missing(f"{what} is not installed")
            name = f"rd{os.getpid()}-{next(_numbers)}"
            far = make_far(user=name, **options)
            # A star is no password, but unlike an exclamation mark it does not lock the account.
            add = ["useradd", "--no-create-home", "--no-log-init", "--password", "*"]
            subprocess.run(
                [*add, "--home-dir", far.server.home, "--shell", shell, name], check=True, timeout=30
            )
            stack.callback(subprocess.run, ["userdel", name], check=True, timeout=30)
            stack.callback(far.server.stop)
            far.server.folder.chmod(0o755)
            far.run.mkdir(mode=0o700)
            for folder in (far.server.home, far.run):
                shutil.chown(folder, name)
            return far

        yield make
