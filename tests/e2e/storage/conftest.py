"""Stores of a real daemon."""

import pytest

from tests.helpers.calling import Calls


@pytest.fixture
def call(laptop):
    """Call the daemon's methods."""
    with Calls(laptop.socket) as call:
        yield call
