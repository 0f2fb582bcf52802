"""Choosing an environment."""

import pytest

from runicornd.errors import NoEnvironment, ViewerIncompatible, ViewerNotInstalled
from runicornd.remote.models import Environment
from runicornd.sessions import choice
from runicornd.sessions.model import JudgedEnvironment


def judged(name, version="0.7.2", usable=True, error=None):
    python = f"/envs/{name}/bin/python"
    return JudgedEnvironment(
        environment=Environment(name, "conda", f"/envs/{name}", python, "3.11.4"),
        version=version,
        usable=usable,
        reason="" if usable else "Runicorn is not installed",
        fix="" if usable else f"{python} -m pip install -U runicorn",
        error=error,
    )


BARE = judged("bare", None, usable=False, error=ViewerNotInstalled("cannot use bare"))
OLD = judged("old", "0.4.1", usable=False, error=ViewerIncompatible("cannot use old"))


def test_the_last_one_used_is_taken():
    """What ran there before runs there again."""
    envs = [judged("a"), judged("b"), BARE]
    assert choice.obvious(envs, "/envs/b/bin/python") is envs[1]


def test_the_only_usable_one_is_taken():
    """Nobody is asked when there is nothing to choose."""
    envs = [BARE, judged("a"), OLD]
    assert choice.obvious(envs, None) is envs[1]


@pytest.mark.parametrize("last", [None, "/envs/gone/bin/python", "/envs/bare/bin/python"])
def test_several_usable_ones_are_asked_about(last):
    """A last one that is gone or unusable decides nothing."""
    envs = [judged("a"), judged("b"), BARE]
    assert choice.obvious(envs, last) is None
    question = choice.question(envs, "gpu", "runicorn")
    assert [option.label for option in question.choices] == ["a", "b"]
    assert question.choices[0].value == "/envs/a/bin/python"


def test_a_misspelt_name_is_guessed():
    """The error names the nearest environment."""
    with pytest.raises(NoEnvironment) as caught:
        choice.named([judged("pytorch")], "pytroch", "gpu")
    assert "did you mean 'pytorch'" in caught.value.hint


def test_insisting_on_an_unusable_one_says_why():
    """The kind's own error is raised."""
    with pytest.raises(ViewerNotInstalled, match="cannot use bare"):
        choice.insist_usable(choice.named([BARE], "bare", "gpu"))


def test_nothing_installed_names_a_line_for_each():
    """Every environment gets its own pip line."""
    error = choice.none_usable([BARE, judged("b2", None, usable=False)], "gpu", "runicorn")
    assert isinstance(error, ViewerNotInstalled)
    assert "/envs/bare/bin/python -m pip install -U runicorn" in error.hint
    assert "/envs/b2/bin/python -m pip install -U runicorn" in error.hint


@pytest.mark.parametrize(("target", "where"), [("gpu", "on the server,"), ("local", "on this machine,")])
def test_where_it_has_to_be_installed(target, where):
    """There may be no server at all."""
    assert choice.none_usable([BARE], target, "runicorn").hint.startswith(where)


def test_too_old_beats_not_installed():
    """With an old one about, the old one is what to mend."""
    error = choice.none_usable([BARE, OLD], "gpu", "runicorn")
    assert isinstance(error, ViewerIncompatible)
    assert "/envs/bare" not in error.hint


def test_no_environment_at_all():
    """The user can still name one by path."""
    error = choice.none_usable([], "gpu", "runicorn")
    assert isinstance(error, NoEnvironment)
    assert "--env" in error.hint
