"""Streaming the agent through every login shell, and what is said where that cannot be."""

import asyncio
import os
import shutil
import stat

import pytest

from runicornd.errors import AgentFailed, NoPython, RemoteUnsupported
from runicornd.remote import bootstrap
from tests.helpers.far_end import is_alive, python_of_version
from tests.helpers.waiting import within

BANNER = "Welcome to the cluster! $(date) 'have fun'"


def shell_path(name):
    """The path of a shell; CI installs all of them."""
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("CI"), f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return found


def greet_from(far, shell):
    """Let the shell's start-up files print."""
    if shell == "bash":
        (far.home / "noise").write_text(f"echo {BANNER!r}\n")
        far.env["BASH_ENV"] = str(far.home / "noise")
    elif shell == "fish":
        config = far.home / ".config" / "fish"
        config.mkdir(parents=True, exist_ok=True)
        (config / "config.fish").write_text(f'echo "{BANNER}"\n')
    elif shell == "tcsh":
        (far.home / ".tcshrc").write_text("echo Welcome to the cluster; printf 'no line end'\n")


@pytest.mark.parametrize("shell", ["dash", "bash", "fish", "tcsh"])
async def test_any_login_shell_starts_the_agent(make_far_end, python, shell):
    """Each shell, with and without a banner, runs the same command."""
    far = make_far_end(shell=shell_path(shell), python=python)
    for _ in range(2):
        host = far.host()
        greeting = await host.greeting()
        assert greeting.home == str(far.home)
        assert greeting.uid == os.geteuid()
        await host.close()
        greet_from(far, shell)


async def test_the_home_may_have_an_odd_name(make_far_end, tmp_path):
    """A space and a quote in the home's name break nothing."""
    far = make_far_end()
    odd = tmp_path / "it's a home"
    far.home.rename(odd)
    far.home = odd
    far.env.update(HOME=str(odd), PATH=f"{odd}/.test-bin:/usr/bin:/bin")
    host = far.host()
    assert (await host.greeting()).home == str(odd)
    await host.close()


async def test_nothing_is_written_to_the_disk(far, host):
    """An agent that greets and looks around leaves no file."""
    before = sorted(far.home.rglob("*"))
    await host.environments(["runicorn"])
    assert sorted(far.home.rglob("*")) == before
    assert not far.run.exists()


async def test_nothing_secret_and_nothing_odd_is_in_the_command():
    """The command is plain enough for every shell, and the same for everyone."""
    command = bootstrap.command()
    assert command.count("'") == 2
    assert not set(command) & set("\\!\n`")
    assert bootstrap.HERE.decode() not in command


async def run(far, command):
    process = await far.connection.execute(command)
    heard = b""
    while data := await process.stream.read(4096):
        heard += data
    return heard


async def test_a_server_without_python_says_so(far):
    """No candidate: the second word says that none was found."""
    heard = await run(far, bootstrap.command(["no-such-python"], []))
    assert heard.split() == [bootstrap.HERE, bootstrap.NONE_FOUND]


async def test_a_python_that_is_too_old_or_broken_is_passed_over(far):
    """What is no Python 3.6 is not used, the next one is."""
    folder = far.home / ".test-bin"
    broken = folder / "python3.15"
    broken.write_text("#!/bin/sh\necho nonsense\nexit 1\n")
    broken.chmod(0o755)
    candidates = ["python3.15"]
    if old := python_of_version("2.7"):
        (folder / "python3.14").symlink_to(old)
        candidates.append("python3.14")
    heard = await run(far, bootstrap.command(candidates, []))
    assert heard.split() == [bootstrap.HERE, bootstrap.NONE_FOUND]
    (folder / "python3.15").unlink()
    (folder / "python3.15").symlink_to((folder / "python3").resolve())
    host = far.host()
    await host.greeting()
    await host.close()


async def test_a_script_that_looks_for_the_real_python_runs_once(far):
    """pyenv's take a tenth of a second each time; the agent is started by what one has found."""
    folder = far.home / ".test-bin"
    real = (folder / "python3").resolve()
    script = folder / "python3"
    script.unlink()
    script.write_text(f'#!/bin/sh\necho asked >> "{folder}/asked"\nexec "{real}" "$@"\n')
    script.chmod(0o755)
    host = far.host()
    await host.greeting()
    await host.close()
    assert (folder / "asked").read_text() == "asked\n"


def imitate(far, name, text):
    """Make a login shell that is a script of ours."""
    shell = far.home / name
    shell.write_text(f"#!/bin/sh\n{text}\n")
    shell.chmod(shell.stat().st_mode | stat.S_IXUSR)
    far.shell = (str(shell), "-c")


GERMAN = """
case "$2" in
    "cmd /c ver") echo "Microsoft Windows [Version 10.0.20348.2113]" ;;
    *) echo "Der Befehl konnte nicht gefunden werden." >&2; exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    "text",
    [
        "echo 'The system cannot find the path specified.' >&2; exit 1",
        "echo 'exec is not recognized as an internal or external command,' >&2; exit 1",
        "echo 'exec : The term exec is not recognized as the name of a cmdlet' >&2; exit 1",
        GERMAN,
    ],
)
async def test_windows_is_recognized(far, host, text):
    """cmd.exe and PowerShell answer, in English and in other languages."""
    imitate(far, "cmd", text)
    with pytest.raises(RemoteUnsupported, match="Windows") as caught:
        await host.greeting()
    assert "WSL" in caught.value.hint


async def test_a_shell_that_lets_nobody_in_is_quoted(far, host):
    """What nologin says is in the message."""
    imitate(far, "nologin", "echo This account is currently not available.; exit 1")
    with pytest.raises(AgentFailed, match="currently not available"):
        await host.greeting()


async def test_endless_noise_is_given_up(far, host):
    """A login shell that never stops talking costs a megabyte, not the daemon."""
    imitate(far, "chatter", "exec yes welcome")
    with pytest.raises(AgentFailed, match="too much"):
        await within(host.greeting())


async def test_no_python_at_all_has_its_own_kind(far, host):
    """The second word becomes ``no_python`` with a hint."""
    imitate(far, "bare", "echo runicornd-says:here; echo runicornd-says:none")
    with pytest.raises(NoPython) as caught:
        await host.greeting()
    assert "python3" in caught.value.hint


async def test_callers_share_one_start(far, host):
    """Many calls at once start one agent."""
    await asyncio.gather(*(host.greeting() for _ in range(10)))
    assert len(far.commands) == 1


async def test_an_agent_leaves_when_its_channel_ends(far, host):
    """End of input ends the agent."""
    pid = (await host.greeting()).pid
    await host.close()
    assert not is_alive(pid)
