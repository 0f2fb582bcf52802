"""``daemon install`` and ``uninstall``: the unit that is written, as systemd itself reads it."""

import os
import plistlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from runicornctl import units

NASTY = ["plain", "a b", "100%h", "$HOME and $$", "it's", 'say "x"', "back\\slash", "é ü"]


def unit_of(ctl):
    return ctl.home / ".config/systemd/user/runicornd.service"


def socket_unit_of(ctl):
    return unit_of(ctl).with_name("runicornd.socket")


@pytest.fixture
def offline(ctl):
    """A user whose service manager cannot be reached."""
    ctl.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    return ctl


def analyze(unit):
    """What `systemd-analyze --user verify` says about a unit: its code and its words.

    The runtime folder has a short path, for systemd looks at the sockets of the system's own units too.
    """
    program = shutil.which("systemd-analyze")
    if program is None:
        assert os.environ.get("CI") != "true", "CI must have systemd-analyze"
        pytest.skip("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory(prefix="rd-") as runtime:
        done = subprocess.run(
            [program, "--user", "verify", str(unit)],
            env={"PATH": os.environ["PATH"], "HOME": runtime, "XDG_RUNTIME_DIR": runtime},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


def test_the_installed_unit_is_clean(offline):
    """`systemd-analyze --user verify` has nothing to say about it."""
    done = offline.run("daemon", "install")
    assert done.code == 0
    assert "systemctl --user enable --now runicornd" in done.out
    assert analyze(unit_of(offline)) == (0, "")
    assert analyze(socket_unit_of(offline)) == (0, "")


def test_the_socket_unit_listens_where_commands_connect(offline):
    """A path of the user's own choice too, with a percent sign in it; others cannot reach it."""
    for chosen in (None, str(offline.runtime / "100% mine" / "s")):
        env = {"RUNICORND_SOCKET": chosen} if chosen else {}
        assert offline.run("daemon", "install", env=env).code == 0
        text = socket_unit_of(offline).read_text()
        assert f"\nListenStream={(chosen or str(offline.socket)).replace('%', '%%')}\n" in text
        assert "\nSocketMode=0600\nDirectoryMode=0700\n" in text
        assert analyze(socket_unit_of(offline)) == (0, "")


def test_the_unit_runs_this_python_and_can_tell_when_it_is_ready(offline):
    """The command is ours, variables that decide on paths are kept, the type is notify."""
    offline.run("daemon", "install")
    text = unit_of(offline).read_text()
    assert f'ExecStart="{sys.executable}" "-P" "-m" "runicornd"\n' in text
    assert f'Environment="XDG_STATE_HOME={offline.home}/.local/state"\n' in text
    for line in ("Type=notify", "NotifyAccess=main", "Restart=on-failure", "UMask=0077", "KillMode=mixed"):
        assert f"\n{line}\n" in text


@pytest.mark.parametrize("name", NASTY)
def test_nasty_paths_reach_systemd_whole(tmp_path, name):
    """Spaces, quotes, percent and dollar signs in the path of Python are escaped as systemd wants."""
    program = tmp_path / name / "python"
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    unit = tmp_path / "runicornd.service"
    unit.write_text(units.unit_text([str(program), "-m", "runicornd"], {"PATH": f"/x/{name}"}))
    assert analyze(unit) == (0, "")


def test_uninstall_undoes_install(offline):
    """Both files are gone, and a second time there is nothing to do."""
    offline.run("daemon", "install")
    assert offline.run("daemon", "uninstall").code == 0
    assert not unit_of(offline).exists()
    assert not socket_unit_of(offline).exists()
    assert "not installed" in offline.run("daemon", "uninstall").out


def test_a_folder_that_cannot_be_written_is_told(offline):
    """The path is named; nothing half-written is left."""
    (offline.home / ".config").write_text("a file where a folder should be")
    done = offline.run("daemon", "install")
    assert done.code == 1
    assert "cannot write" in done.err
    assert str(unit_of(offline)) in done.err


def fake_systemctl(ctl, tmp_path):
    """A service manager that answers everything and writes down what it was asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "systemctl").write_text(f'#!/bin/sh\nshift 2\necho "$@" >> "{tmp_path}/calls"\n')
    (tools / "systemctl").chmod(0o755)
    ctl.env["PATH"] = f"{tools}:{os.environ['PATH']}"
    return tmp_path / "calls"


def test_a_reachable_manager_is_told_to_start_it(ctl, tmp_path):
    """The unit is loaded, enabled and started; a missing ssh agent is pointed out."""
    calls = fake_systemctl(ctl, tmp_path)
    done = ctl.run("daemon", "install", env={"SSH_AUTH_SOCK": "/tmp/agent"})
    assert done.code == 0
    assert "import-environment SSH_AUTH_SOCK" in done.out
    wanted = ["daemon-reload", "enable --now runicornd.service"]
    assert [line for line in calls.read_text().splitlines() if line in wanted] == wanted


def test_a_running_daemon_gives_its_place_to_the_service(ctl, tmp_path):
    """It ends, and its viewers stay."""
    fake_systemctl(ctl, tmp_path)
    with ctl.daemon() as daemon:
        assert ctl.run("daemon", "install").code == 0
        assert daemon.asked("daemon.shutdown") == [{"keep": True}]


def test_uninstall_stops_the_service_first(ctl, tmp_path):
    """It is disabled and stopped while its unit still exists."""
    calls = fake_systemctl(ctl, tmp_path)
    ctl.run("daemon", "install")
    assert ctl.run("daemon", "uninstall").code == 0
    assert "disable --now runicornd.service runicornd.socket" in calls.read_text()


def test_the_launchd_agent_is_a_property_list():
    """macOS: the same command, at login, again after a failure, private files."""
    agent = plistlib.loads(units.agent_plist(["/a b/python", "-m", "runicornd"], {"PATH": "/x"}))
    assert agent["ProgramArguments"] == ["/a b/python", "-m", "runicornd"]
    assert agent["EnvironmentVariables"] == {"PATH": "/x"}
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077


def test_a_line_break_in_a_path_is_refused():
    """It would be a line of its own in the unit."""
    with pytest.raises(Exception, match="line break"):
        units.unit_text(["/a\nExecStartPre=/bin/evil"], {})


def test_the_wheel_has_the_unit_where_it_is_looked_for():
    """The build puts `systemd` where the package reads it."""
    text = (Path(units.__file__).parent.parent / "pyproject.toml").read_text()
    assert '"systemd" = "runicornctl/_units"' in text
