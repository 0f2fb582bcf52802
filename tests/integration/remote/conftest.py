"""A far end with a home of its own, and an agent on it."""

import os
import secrets
import sys

import pytest

from tests.helpers.far_end import VIEWER, FarEnd, python_of_version

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture(params=["", "3.6", "3.13"])
def python(request):
    """The Python that runs the agent: this one, the oldest that is supported, and a new one."""
    if not request.param:
        return sys.executable
    found = python_of_version(request.param)
    if found is None:
        pytest.skip(f"Python {request.param} is not installed")
    return found


@pytest.fixture
async def make_far_end(tmp_path):
    """Make far ends that are cleared away at the end."""
    made = []

    def make(**settings):
        home = tmp_path / f"home{len(made)}"
        home.mkdir()
        made.append(FarEnd(home, **settings))
        return made[-1]

    yield make
    for far in made:
        await far.dispose()


@pytest.fixture
async def far(make_far_end):
    return make_far_end()


@pytest.fixture
async def host(far):
    """The far end's ``RemoteHost``, closed at the end."""
    one = far.host()
    yield one
    await one.close()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def start(root):
    """Start the small viewer on a host, in some of its modes."""

    async def start(host, *modes, **changes):
        order = {
            "instance": secrets.token_hex(8),
            "session": "gpu-1",
            "argv": [PYTHON, str(VIEWER), "{fd}", *modes],
            "root": str(root),
            "env": {"RUNICORN_DIR": str(root)},
        }
        return await host.start_viewer(**{**order, **changes})

    return start
