"""Settings as they are shown."""

import pytest

from runicornd.errors import ConfigInvalid
from runicornd.settings import load_settings
from runicornd.settings.configuration import Configuration
from runicornd.settings.keys import KEYS


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


@pytest.fixture
def used():
    return []


@pytest.fixture
def configuration(file, used):
    def load():
        return load_settings({"RUNICORND_CONFIG": str(file), "RUNICORND_LOG_LEVEL": "debug"})

    return Configuration(load(), load, used.append)


def shown(configuration):
    return {each.key: each for each in configuration.settings()}


def test_every_key_is_shown(configuration, file):
    """With its value as one would write it, and where it is from."""
    found = shown(configuration)
    assert found.keys() == KEYS.keys()
    assert (found["local_ports"].value, found["local_ports"].source) == ("8081-8999", "default")
    assert (found["log_level"].value, found["log_level"].source) == ("debug", "variable")
    assert (found["ssh_config"].value, found["dashboard"].value) == (None, True)
    assert configuration.file == file


def test_reloading(configuration, file, used):
    """What can be taken over is; the rest keeps its value and its source."""
    file.write_text('hold_time = 3.0\nviewer_lease = 60.0\nssh_config = "/etc/ssh/c"\nlocal_ports = "0"\n')
    made = configuration.reload()
    assert set(made.taken) == {"hold_time", "local_ports"}
    assert set(made.postponed) == {"viewer_lease", "ssh_config"}
    found = shown(configuration)
    assert (found["hold_time"].value, found["hold_time"].source) == (3.0, "file")
    assert (found["viewer_lease"].source, found["viewer_lease"].needs_restart) == ("default", True)
    assert found["local_ports"].value == "0"
    assert used == [configuration.current]


def test_a_broken_file(configuration, file, used):
    """It is told, and the settings of before stay in force."""
    before = configuration.current
    file.write_text("hold_time = 'x'")
    with pytest.raises(ConfigInvalid):
        configuration.reload()
    assert (configuration.current, used) == (before, [])


@pytest.mark.parametrize(("text", "value"), [("true", True), ("0", False), ("FALSE", False), ("1", True)])
def test_flags_of_variables(tmp_path, text, value):
    """They are written in several ways."""
    found = load_settings({"RUNICORND_CONFIG": str(tmp_path / "n"), "RUNICORND_DASHBOARD": text})
    assert found.dashboard is value


def test_a_flag_that_is_none(tmp_path):
    """It is said what would be one."""
    with pytest.raises(ConfigInvalid, match="neither true nor false"):
        load_settings({"RUNICORND_CONFIG": str(tmp_path / "n"), "RUNICORND_DASHBOARD": "maybe"})
