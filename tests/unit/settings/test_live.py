"""What a reload takes over."""

from dataclasses import replace

import pytest

from runicornd.settings import load_settings
from runicornd.settings.keys import KEYS
from runicornd.settings.live import LIVE, reload_of


@pytest.fixture
def settings(tmp_path):
    """Settings that nobody has changed."""
    return load_settings({"RUNICORND_CONFIG": str(tmp_path / "none.toml")})


def test_only_what_can_change_does(settings):
    """The rest stays as it was, and is named until it is what it was again."""
    new = replace(settings, hold_time=3.0, viewer_lease=60.0, log_level="debug")
    found = reload_of(settings, new)
    assert found.settings == replace(settings, hold_time=3.0, log_level="debug")
    assert found.summary == "changed: hold_time, log_level; needs a restart: viewer_lease"
    assert reload_of(found.settings, new).summary == "needs a restart: viewer_lease"


def test_nothing_changed(settings):
    """Then the same settings stay in force."""
    found = reload_of(settings, settings)
    assert (found.settings, found.summary) == (settings, "nothing changed")


def test_live_keys_are_keys():
    """A renamed key does not silently stop being live."""
    assert set(KEYS) >= LIVE
