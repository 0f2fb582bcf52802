"""The command line itself: unknown words, completion, ``rpc``, ``demo``."""

import json
import subprocess

import pytest
from click.testing import CliRunner

from runicornctl.cli import cli
from runicornd.protocol import models
from tests.fakes.daemon import Refusal, a_session
from tests.fakes.stores import a_download, a_store, a_summary, an_artifact


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (["statsu"], "status"),
        (["conect", "gpu"], "connect"),
        (["hosts", "lst"], "list"),
        (["daemon", "strat"], "start"),
        (["artifacts", "pul"], "pull"),
    ],
)
def test_a_misspelt_command_gets_a_suggestion(words, suggestion):
    """Exit 2 and the nearest command."""
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert f"Did you mean '{suggestion}'?" in result.stderr


def test_a_wrong_option_in_json_mode_is_json(ctl):
    """Programs get usage errors as JSON as well."""
    result = CliRunner().invoke(cli, ["status", "--json", "--nonsense"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["kind"] == "usage"


@pytest.mark.parametrize(
    "words",
    [[], ["hosts"], ["daemon"], ["store"], ["artifacts"], ["runs"], ["downloads"], ["cache"]],
)
def test_help_lists_every_command(words):
    """Each command can be imported and has a line of help."""
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert "Commands:" in result.stdout


def test_a_command_imports_only_what_it_needs(ctl, daemon):
    """`status` loads none of the other commands and nothing heavy."""
    heavy = "asyncio asyncssh aiohttp structlog platformdirs importlib.metadata subprocess"
    code = (
        "import sys\nfrom runicornctl.cli import cli\n"
        "try: cli.main(['status'])\nexcept SystemExit: pass\n"
        f"print([n for n in {heavy.split()} if n in sys.modules],"
        " [n for n in sys.modules if n.startswith('runicornctl.commands.')])"
    )
    command = [ctl.command()[0], "-c", code]
    out = subprocess.run(command, env=ctl.env, capture_output=True, check=True, text=True, timeout=20).stdout
    assert out.splitlines()[-1] == "[] ['runicornctl.commands.status']"


def test_a_mistake_of_ours_is_one_line_without_a_traceback(ctl, daemon):
    """RUNICORNCTL_DEBUG=1 shows the traceback."""
    daemon.handlers["sessions.list"] = lambda _params: None
    daemon.handlers["daemon.status"] = lambda _params: (_ for _ in ()).throw(Refusal("internal", "x" * 20))
    done = ctl.run("status")
    assert "Traceback" not in done.err
    assert "Traceback" in ctl.run("status", env={"RUNICORNCTL_DEBUG": "1"}).err


def test_rpc_prints_the_result(ctl, daemon):
    """The result alone, as JSON; parameters from the command line or standard input."""
    daemon.sessions["gpu"] = a_session()
    for words, stdin in ((['{"session": "gpu"}'], ""), (["-"], '{"session": "gpu"}')):
        done = ctl.run("rpc", "sessions.get", *words, stdin=stdin)
        assert done.code == 0
        assert json.loads(done.out)["id"] == "gpu"


def test_rpc_prints_errors_as_json_on_standard_error(ctl, daemon):
    """Exit 1 whatever the kind, nothing on standard output."""
    for kind in ("unknown_session", "needs_input"):
        daemon.handlers["sessions.get"] = lambda _params, kind=kind: (_ for _ in ()).throw(
            Refusal(kind, "no")
        )
        done = ctl.run("rpc", "sessions.get", '{"session": "x"}')
        assert (done.code, done.out) == (1, "")
        assert json.loads(done.err)["error"]["kind"] == kind


def test_rpc_without_a_daemon_is_3(ctl):
    """The error is JSON as well."""
    done = ctl.run("rpc", "daemon.status")
    assert done.code == 3
    assert json.loads(done.err)["error"]["kind"] == "daemon_not_running"


@pytest.mark.parametrize("params", ["{", "[1]", "7"])
def test_rpc_refuses_what_is_no_object(ctl, params):
    """A usage error, before anything is sent."""
    assert ctl.run("rpc", "daemon.status", params).code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(ctl, shell):
    """The script names our command and asks it for words."""
    done = ctl.run("completion", shell)
    assert done.code == 0
    assert "_RUNICORNCTL_COMPLETE" in done.out


def offered(ctl, *words):
    env = {"_RUNICORNCTL_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words)),
           "COMP_WORDS": " ".join(["runicornctl", *words])}  # fmt: skip
    done = ctl.run(env=env)
    assert done.err == ""
    return [line.partition(",")[2] for line in done.out.splitlines() if line]


def test_the_shell_is_offered_sessions_and_targets(ctl, daemon):
    """Sessions by id; targets from saved hosts and aliases; no names that would have to be escaped."""
    daemon.sessions = {name: a_session(name) for name in ("gpu", "gpu-2", "other")}
    saved = [models.SavedHost("gpu", "x"), models.SavedHost("g\x1bx", "x")]
    daemon.handlers["hosts.list"] = lambda _params: models.HostsResult(saved, ["gold", "gpu"], [])
    assert offered(ctl, "stop", "gp") == ["gpu", "gpu-2"]
    assert offered(ctl, "connect", "g") == ["gpu", "gold"]
    assert offered(ctl, "hosts", "remove", "") == ["gpu"]


def test_the_shell_is_offered_stores_artifacts_and_downloads(ctl, daemon):
    """Artifacts with or without their type; behind a colon their versions and aliases."""
    daemon.handlers["stores.list"] = lambda _params: models.StoresResult([a_store("gpu"), a_store("lab")])
    page = models.ArtifactsResult("gpu", [a_summary("resnet50"), a_summary("bert")], 2, [])
    daemon.handlers["artifacts.list"] = lambda _params: page
    daemon.handlers["artifacts.get"] = lambda _params: an_artifact()
    daemon.handlers["downloads.list"] = lambda _params: models.DownloadsResult([a_download()])
    assert offered(ctl, "store", "sync", "l") == ["lab"]
    assert offered(ctl, "artifacts", "show", "--store", "g") == ["gpu"]
    assert offered(ctl, "artifacts", "show", "res") == ["resnet50"]
    assert offered(ctl, "artifacts", "pull", "model/b") == ["model/bert"]
    assert offered(ctl, "artifacts", "pull", "resnet50:") == [
        "resnet50:v3", "resnet50:v2", "resnet50:v1", "resnet50:latest", "resnet50:prod",
    ]  # fmt: skip
    assert offered(ctl, "downloads", "cancel", "d") == ["d1"]


def test_the_shell_is_offered_nothing_without_a_daemon(ctl):
    """Silence, and no daemon is started."""
    assert offered(ctl, "connect", "g") == []
    assert not ctl.socket.exists()


def test_demo_becomes_the_demo(ctl, tmp_path):
    """Words, output and exit code are the demo's own."""
    package = tmp_path / "fake" / "runicornd"
    (package / "demo").mkdir(parents=True)
    real = models.__file__.rpartition("/protocol/")[0]
    (package / "__init__.py").write_text(f"__path__.append({real!r})\n")
    (package / "demo/__init__.py").write_text("")
    (package / "demo/__main__.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")
    path = f"{package.parent}:{ctl.env['PYTHONPATH']}"
    done = ctl.run("demo", "--name", "x", "--help", env={"PYTHONPATH": path})
    assert (done.code, done.out) == (7, "['--name', 'x', '--help']\n")
