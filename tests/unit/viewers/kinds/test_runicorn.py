import shlex

import pytest

from runicornd.errors import NoEnvironment, ViewerIncompatible, ViewerNotInstalled
from runicornd.remote.models import Environment
from runicornd.viewers.kinds.runicorn import Runicorn


def environment(
    version=None, *, python="/opt/conda/envs/ml/bin/python", kind="conda", python_version="3.10.8"
):
    packages = {} if version is None else {"runicorn": version}
    return Environment("ml", kind, "/opt/conda/envs/ml", python, python_version, packages)


@pytest.mark.parametrize("version", ["0.5.0", "0.5.3", "0.7.2", "0.8.0rc1", "1.0"])
def test_an_environment_with_a_new_enough_runicorn_is_usable(version):
    """From 0.5.0 on the viewer is started."""
    judgement = Runicorn().judge(environment(version))
    assert judgement.usable
    assert judgement.version == version
    assert judgement.error is None


@pytest.mark.parametrize("version", ["0.4.1", "0.5.0rc1", "0.5.0.dev7"])
def test_an_older_runicorn_is_refused_with_the_line_that_updates_it(version):
    """The error names the version, the one that is needed, and the exact command."""
    judgement = Runicorn().judge(environment(version))
    assert not judgement.usable
    assert judgement.fix == "/opt/conda/envs/ml/bin/python -m pip install -U runicorn"
    assert isinstance(judgement.error, ViewerIncompatible)
    assert version in judgement.error.message
    assert "0.5.0" in judgement.error.message
    assert judgement.fix in judgement.error.hint


def test_a_version_that_is_no_version_is_refused():
    """A broken metadata file does not make an environment usable."""
    judgement = Runicorn().judge(environment("unknown"))
    assert isinstance(judgement.error, ViewerIncompatible)
    assert "not understood" in judgement.reason


def test_an_environment_without_runicorn_gets_the_install_line():
    """Nothing is installed for the user, but the exact line is given."""
    judgement = Runicorn().judge(environment())
    assert not judgement.usable
    assert judgement.version is None
    assert isinstance(judgement.error, ViewerNotInstalled)
    assert judgement.fix in judgement.error.hint


def test_the_install_line_survives_a_hostile_path():
    """The path of an environment is one shell word, whatever is in it."""
    python = "/home/ada/my env's/$(touch x)/bin/python"
    judgement = Runicorn().judge(environment(python=python))
    assert shlex.split(judgement.fix) == [python, "-m", "pip", "install", "-U", "runicorn"]


def test_an_environment_of_uv_is_mended_with_uv():
    """uv makes environments without pip, so the usual line would fail there."""
    judgement = Runicorn().judge(environment(kind="uv", python="/p/.venv/bin/python"))
    assert judgement.fix == "uv pip install --python /p/.venv/bin/python -U runicorn"


def test_an_old_python_is_told_apart_from_a_missing_package():
    """Installing Runicorn under Python 3.6 cannot work, so that line is not offered."""
    judgement = Runicorn().judge(environment(python_version="3.6.15"))
    assert not judgement.usable
    assert judgement.fix == ""
    assert isinstance(judgement.error, NoEnvironment)
    assert "3.8" in judgement.reason


def test_the_command_inherits_one_socket_and_runs_in_the_environment():
    """The environment's own Python runs, and the number of the socket is left to the keeper."""
    argv = Runicorn().argv("/e/bin/python")
    assert argv[:3] == ["/e/bin/python", "-m", "uvicorn"]
    assert argv[argv.index("--fd") + 1] == "{fd}"


def test_the_viewer_reads_the_wanted_root_and_never_idles_out():
    """The account's own variables for Runicorn's remote mode are overruled."""
    variables = Runicorn().environment("/data/My Runs")
    assert variables["RUNICORN_DIR"] == "/data/My Runs"
    assert variables["RUNICORN_IDLE_TIMEOUT"] == "0"
    assert variables["RUNICORN_REMOTE_MODE"] == "0"
