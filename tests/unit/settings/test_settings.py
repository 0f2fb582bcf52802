"""Settings from file and variables, and everything that can be wrong with them."""

import tomllib
from pathlib import Path

import pytest

from runicornd.errors import ConfigInvalid
from runicornd.settings import Settings, find_paths, load_settings, sample_config


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config.toml"


@pytest.fixture
def load(config):
    """Load the given text, with the given variables."""

    def load(text=None, **variables):
        if text is not None:
            config.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings({"RUNICORND_CONFIG": str(config), **variables})

    return load


@pytest.fixture
def problems(load):
    """What is wrong with the given text and variables."""

    def problems(text=None, **variables):
        with pytest.raises(ConfigInvalid) as caught:
            load(text, **variables)
        found = caught.value.context["problems"]
        assert all(problem in caught.value.message for problem in found)
        return found

    return problems


def test_no_file_at_all(load, config):
    """Then everything is as by default, and no file is made."""
    settings = load()
    assert settings.local_ports == (8081, 8999)
    assert settings.ssh_config is None
    assert settings.paths.config == config
    assert not config.exists()


def test_file_and_variables(load):
    """Variables go before the file, the file before the defaults."""
    settings = load(
        'local_ports = "9000 - 9010"\nkeepalive_count = 5\nconnect_timeout = 3\nlog_level = "debug"',
        RUNICORND_KEEPALIVE_COUNT="7",
        RUNICORND_HOLD_TIME="2.5",
        RUNICORND_SSH_CONFIG="/etc/other",
    )
    assert settings.local_ports == (9000, 9010)
    assert settings.keepalive_count == 7
    assert (settings.connect_timeout, settings.hold_time) == (3.0, 2.5)
    assert settings.ssh_config == Path("/etc/other")
    assert settings.log_level == "debug"


def test_stores(load):
    """They are synced every ten minutes, and cost this machine little, unless told otherwise."""
    settings = load()
    assert (settings.sync_interval, settings.metadata_max_bytes) == (600.0, 2**20)
    assert settings.cache_limit_bytes == 10 * 10**9
    changed = load("sync_interval = 60\ncache_limit_bytes = 0", RUNICORND_METADATA_MAX_BYTES="2048")
    assert (changed.sync_interval, changed.metadata_max_bytes, changed.cache_limit_bytes) == (60.0, 2048, 0)


def test_any_port(load):
    """``"0"`` leaves the choice to the system."""
    assert load('local_ports = "0"').local_ports == (0, 0)


def test_a_home_folder(load, monkeypatch):
    """``~`` is resolved."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert load('ssh_config = "~/.ssh/config"').ssh_config == Path("/home/ada/.ssh/config")


def test_all_problems_together(problems, config):
    """Each is told with its file or variable, its key, and what would be right."""
    found = problems(
        'local_prots = "1-2"\nkeepalive_count = 0\nlog_level = "loud"\nconnect_timeout = "5"',
        RUNICORND_HOLD_TIME="soon",
        RUNICORND_LOCAL_PORT="8081",
    )
    assert len(found) == 6
    text = "\n".join(found)
    assert f"{config}: local_prots: no such key; did you mean 'local_ports'?" in text
    assert f"{config}: keepalive_count: 0 is not a whole number from 1 to 100" in text
    assert "'loud' is none of debug, info, warning, error" in text
    assert f"{config}: connect_timeout: '5' is not a number" in text
    assert "RUNICORND_HOLD_TIME: 'soon' is not a number" in text
    assert "RUNICORND_LOCAL_PORT: no such key; did you mean 'local_ports'?" in text


def test_the_error_helps(load, config):
    """It names the file, and how to see a right one."""
    with pytest.raises(ConfigInvalid) as caught:
        load("nope = 1")
    assert caught.value.context["file"] == str(config)
    assert "--print-config" in caught.value.hint
    assert config.read_text() == "nope = 1"


def test_variables_of_others(load):
    """What is no key, and not nearly one, is for somebody else."""
    load("", RUNICORND_NO_AUTOSTART="1", RUNICORND_SOCKET="/x", LOCAL_PORTS="no", RUNICORND_="")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = 1\nb = = 2", "line 2"),
        ("a = 1\n" + "[" * 5000, "config.toml"),
        (b"a = 1\nb = '\xff'", "not UTF-8 (at line 2)"),
        ("x = " + "9" * 5000, "config.toml"),
        ("#" * (1024 * 1024 + 1), "larger than"),
    ],
)
def test_files_that_are_no_toml(problems, text, why):
    """The place is told, and the variables are checked all the same."""
    found = problems(text, RUNICORND_LOG_LEVEL="loud")
    assert len(found) == 2
    assert why in found[0]
    assert "RUNICORND_LOG_LEVEL" in found[1]


def test_a_file_that_cannot_be_read(config, problems):
    """A folder in its place is an error, not an empty file."""
    config.mkdir()
    assert problems() == [f"{config}: Is a directory"]


@pytest.mark.parametrize(
    "value",
    ["8081", "0-10", "10-9", "1-65536", "a-b", "", "8081-", "-1-5", "٨-٩"],
)
def test_ranges_that_are_none(problems, value):
    """They are refused with the value."""
    assert repr(value) in problems(RUNICORND_LOCAL_PORTS=value)[0]


@pytest.mark.parametrize(
    "line",
    [
        "local_ports = 8081",
        "keepalive_count = true",
        "keepalive_count = 1.5",
        "connect_timeout = nan",
        "connect_timeout = inf",
        "connect_timeout = true",
        "connect_timeout = []",
        "viewer_lease = 1",
        "sync_interval = 9",
        "metadata_max_bytes = 0",
        "cache_limit_bytes = -1",
        "cache_limit_bytes = 1.5",
        'default_viewer = "--help"',
        'ssh_config = "relative"',
        'ssh_config = ""',
        'ssh_config = "~nobody-at-all/x"',
        "log_level = 1",
    ],
)
def test_values_that_cannot_be(problems, line):
    """Each is one problem with the key's name."""
    (problem,) = problems(line)
    assert line.split(" ")[0] in problem


def test_the_sample_is_valid_and_changes_nothing(load, config):
    """As it is, and with every line made active."""
    text = sample_config()
    assert load(text) == load("")
    active = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line)
    keys = tomllib.loads(active).keys()
    assert keys == {name for name in Settings.__dataclass_fields__ if name not in {"paths", "sources"}}
    changed = load(active)
    assert changed.ssh_config is not None
    assert changed.local_ports == load("").local_ports


def test_xdg_moves_everything(monkeypatch):
    """Each folder follows its variable."""
    for variable in ("CONFIG_HOME", "STATE_HOME", "CACHE_HOME"):
        monkeypatch.setenv(f"XDG_{variable}", f"/xdg/{variable}")
    paths = find_paths({})
    assert paths.config == Path("/xdg/CONFIG_HOME/runicornd/config.toml")
    assert paths.state == Path("/xdg/STATE_HOME/runicornd")
    assert paths.cache == Path("/xdg/CACHE_HOME/runicornd")
    assert Path("/xdg/STATE_HOME") in paths.log.parents
