"""Which environment runs the viewer: the one asked for, the last one, the only one, or a question."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from runicornd.errors import NoEnvironment, ViewerIncompatible, ViewerNotInstalled
from runicornd.prompts import Choice, Question, QuestionKind
from runicornd.ssh.targets import LOCAL_TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.errors import RunicorndError
    from runicornd.sessions.model import JudgedEnvironment

SHOWN_FIXES = 20


def is_path(requested: str) -> bool:
    """Say whether the user named an environment by path rather than by name."""
    return "/" in requested or requested.startswith("~")


def named(environments: Sequence[JudgedEnvironment], name: str, target: str) -> JudgedEnvironment:
    """Return the environment of that name.

    Raises:
        NoEnvironment: None has it.
    """
    for judged in environments:
        if judged.environment.name == name:
            return judged
    names = [judged.environment.name for judged in environments]
    close = get_close_matches(name, names, n=1)
    raise NoEnvironment(
        f"cannot use environment {name!r} on {target}: there is none of that name",
        hint=f"did you mean {close[0]!r}?" if close else f"'runicornctl envs {target}' lists what is there",
        environments=list(names),
    )


def insist_usable(judged: JudgedEnvironment) -> JudgedEnvironment:
    """Return the environment if the viewer can run in it.

    Raises:
        ViewerNotInstalled, ViewerIncompatible: It cannot.
    """
    if judged.error is not None:
        raise judged.error
    return judged


def obvious(environments: Sequence[JudgedEnvironment], last_python: str | None) -> JudgedEnvironment | None:
    """Return the environment to take without asking: the last one used, else the only usable one."""
    usable = [judged for judged in environments if judged.usable]
    for judged in usable:
        if judged.environment.python == last_python:
            return judged
    return usable[0] if len(usable) == 1 else None


def none_usable(environments: Sequence[JudgedEnvironment], target: str, package: str) -> RunicorndError:
    """Return the error that says why no environment will do, with a command line for each."""
    if not environments:
        return NoEnvironment(
            f"cannot start a viewer on {target}: no Python environment was found there",
            hint=f"name one by its path: runicornctl connect {target} --env /path/to/environment",
        )
    too_old = [judged for judged in environments if judged.version]
    mendable = too_old or list(environments)
    what = (
        f"{package} is too old in every environment that has it"
        if too_old
        else f"no environment has {package}"
    )
    lines = [f"  {judged.environment.name}: {judged.reason}" for judged in mendable[:SHOWN_FIXES]]
    fixes = [f"  {judged.fix}" for judged in mendable[:SHOWN_FIXES] if judged.fix]
    kind = ViewerIncompatible if too_old else ViewerNotInstalled
    place = "this machine" if target == LOCAL_TARGET else "the server"
    return kind(
        "\n".join([f"cannot start a viewer on {target}: {what}", *lines]),
        hint="\n".join([f"on {place}, run one of:", *fixes]),
        fixes=[judged.fix for judged in mendable if judged.fix],
    )


def question(environments: Sequence[JudgedEnvironment], target: str, package: str) -> Question:
    """Return the question which of the usable environments to take."""
    return Question(
        kind=QuestionKind.ENVIRONMENT,
        target=target,
        message=f"Which environment of {target} shall run the viewer?",
        detail="Take the one that your training scripts use. It is remembered for the next time.",
        choices=tuple(
            Choice(
                value=judged.environment.python,
                label=judged.environment.name,
                detail=f"Python {judged.environment.python_version or '?'}, {package} {judged.version}",
            )
            for judged in environments
            if judged.usable
        ),
    )
