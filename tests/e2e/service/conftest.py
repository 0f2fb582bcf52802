"""A user with a service manager."""

import contextlib

import pytest

from tests.helpers.furnished import with_stand_in
from tests.helpers.sshd import Sshd
from tests.helpers.user_manager import UserManager


@pytest.fixture
def user(tmp_path):
    """A user whose manager runs; all that it started ends with the test."""
    with UserManager(tmp_path / "user") as user:
        yield user


@pytest.fixture
def server(tmp_path, user):
    """A server with a viewer that starts in no time, known to the user as ``gpu``."""
    with contextlib.ExitStack() as stack:
        server = with_stand_in(stack.enter_context(Sshd(tmp_path / "gpu")))
        user.know(server, "gpu")
        yield server
