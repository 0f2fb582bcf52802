"""Environments that cannot run the viewer, and viewers that do not come up."""

import os

import pytest

from tests.helpers.standin import EXITS, HANGS, MISSES_A_PACKAGE


@pytest.fixture
def bare(far):
    """A server whose system has no Runicorn outside of the home."""
    own = [
        env["python"] for env in far.laptop.json("envs", far.alias)["environments"] if env["runicorn_version"]
    ]
    if own:
        pytest.skip(f"this machine has environments with Runicorn: {own}")
    return far


def test_only_environments_without_runicorn(bare):
    """The error has the line that installs it for each of them."""
    pythons = [
        bare.home.venv("envs/one"),
        bare.home.conda_environment(bare.home.path / "miniconda3/envs/two"),
    ]
    refusal = bare.refused()
    assert refusal.kind == "viewer_not_installed"
    assert refusal.message.startswith(f"cannot start a viewer on {bare.alias}: no environment has runicorn")
    lines = [f"{python.parent / 'python3'} -m pip install -U runicorn" for python in pythons]
    assert set(lines) <= set(refusal.context["fixes"])
    for line in lines:
        assert line in refusal.hint
        assert line in refusal.shown


def test_a_runicorn_that_is_too_old(bare):
    """0.4.1 is refused, with the oldest version that will do and the line that updates it."""
    python = bare.home.venv("envs/old", claims="0.4.1")
    refusal = bare.refused()
    assert refusal.kind == "viewer_incompatible"
    assert "Runicorn 0.4.1 is too old, 0.5.0 or later is needed" in refusal.message
    assert f"{python.parent / 'python3'} -m pip install -U runicorn" in refusal.hint


def test_a_runicorn_that_is_too_old_and_insisted_upon(far):
    """The same for --env."""
    far.viewer()
    python = far.home.venv("envs/old", claims="0.4.1")
    refusal = far.refused("--env", "old")
    assert refusal.kind == "viewer_incompatible"
    assert refusal.message.startswith("cannot start the viewer in 'old': Runicorn 0.4.1 is too old")
    assert f"{python.parent / 'python3'} -m pip install -U runicorn" in refusal.hint


def test_an_environment_without_runicorn_that_is_insisted_upon(far):
    """--env with a path to one."""
    far.viewer()
    python = far.home.venv("envs/bare")
    refusal = far.refused("--env", str(python))
    assert refusal.kind == "viewer_not_installed"
    assert refusal.message.endswith("Runicorn is not installed there")
    assert "-m pip install -U runicorn" in refusal.hint


def test_no_environment_of_that_name(far):
    """A near miss is pointed out."""
    far.viewer(name="envs/train")
    refusal = far.refused("--env", "trian")
    assert refusal.kind == "no_environment"
    assert refusal.message == f"cannot use environment 'trian' on {far.alias}: there is none of that name"
    assert "'train'" in refusal.hint


def test_no_environment_at_that_path(far):
    """The absolute path is told, and how to list what there is."""
    far.viewer()
    refusal = far.refused("--env", "~/nothing/here")
    assert refusal.kind == "no_environment"
    assert refusal.message == f"cannot find a Python environment at {far.home.path}/nothing/here"
    assert f"runicornctl envs {far.alias}" in refusal.hint


def test_a_viewer_that_exits_at_once(far):
    """How it ended and its last log lines are in the error."""
    far.viewer(EXITS)
    refusal = far.refused("--env", "train")
    assert refusal.kind == "viewer_crashed"
    assert refusal.message.startswith("cannot run the viewer: it exited with status 1:\n")
    assert refusal.context["log_tail"] == [
        "reading the configuration",
        "the database is locked by process 4711",
    ]
    assert "the database is locked by process 4711" in refusal.shown
    assert "runicornctl connect" in refusal.hint


def test_a_viewer_that_misses_a_package(far):
    """The traceback's last line is shown, and what to do about it."""
    far.viewer(MISSES_A_PACKAGE)
    refusal = far.refused("--env", "train")
    assert refusal.kind == "viewer_crashed"
    assert "ModuleNotFoundError: No module named 'fastapi_that_nobody_has'" in refusal.shown
    assert "install Runicorn again" in refusal.hint


def test_a_viewer_that_never_answers(far):
    """The wait is bounded, and the viewer that hung is gone."""
    far.viewer(HANGS)
    refusal = far.refused("--env", "train")
    assert refusal.kind == "viewer_unresponsive"
    assert refusal.message.startswith("cannot use the viewer: no good answer within 2 s")
    assert "waiting for a lock" in refusal.shown  # its log is gone with it
    assert "runicornctl connect" in refusal.hint
    assert refusal.took_s < 10


def test_a_python_that_cannot_be_executed(bare):
    """An environment whose interpreter is gone is not taken for a good one."""
    python = bare.viewer()
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert bare.refused().kind in {"no_environment", "viewer_not_installed"}


ODD = [
    "with  blanks, 'single' and \"double\" quotes",
    "$(touch owned) `touch owned` ;touch owned& #",
    "two\nlines",
    "-rf",
    "größe-模型-🦄 {fd} %h ~ back\\slash",
    b"caf\xe9",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_environments(far, name):
    """They run the viewer like any other, by name and by path; nothing is executed on the way."""
    far.viewer(name=b"envs/" + os.fsencode(name))
    listed = far.laptop.json("envs", far.alias)
    (env,) = [each for each in listed["environments"] if str(far.home.path) in each["python"]]
    session = far.connect(f"--env={env['name']}")
    assert session["env"]["name"] == env["name"]
    if isinstance(name, str):
        assert env["name"] == name
        assert far.connect("--env", f"{far.home.path}/envs/{name}")["id"] == session["id"]
    assert not list(far.home.path.rglob("owned"))
    before = far.laptop.listeners()
    far.forget()
    assert len(far.laptop.listeners()) < len(before)
