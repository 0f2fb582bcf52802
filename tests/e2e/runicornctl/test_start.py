"""``runicornctl`` and the real daemon: starting, several at once, dying, ending."""

import json
import os
import signal
import subprocess

from tests.helpers.waiting import eventually, stays


def test_a_changing_command_starts_the_real_daemon(ctl):
    """It answers, tells its paths, and is gone after `daemon stop`."""
    assert ctl.run("status").code == 3
    assert ctl.run("hosts", "add", "gpu", "ada@gpu.lab").code == 0
    status = json.loads(ctl.run("daemon", "status", "--json").out)
    assert status["socket"] == str(ctl.socket)
    assert "daemon is ready" in ctl.run("daemon", "logs").out
    assert ctl.run("daemon", "stop").code == 0
    assert ctl.run("status").code == 3


def test_several_starts_at_once_end_with_one_daemon(ctl):
    """Whoever loses the race is served by the winner."""
    command = ctl.command("daemon", "start", "--json")
    started = [subprocess.Popen(command, env=ctl.env, cwd=ctl.home, stdout=subprocess.PIPE) for _ in range(4)]
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert len({json.loads(output)["pid"] for output in outputs}) == 1


def test_a_loser_does_not_take_the_place_of_a_winner_that_is_stopped(ctl):
    """A daemon that was still starting when another one answered is ended, not left to come later."""
    for _ in range(3):
        command = ctl.command("daemon", "start", "--json")
        started = [subprocess.Popen(command, env=ctl.env, cwd=ctl.home, stdout=-1) for _ in range(4)]
        for process in started:
            process.communicate(timeout=60)
        assert ctl.run("daemon", "stop").code == 0
        stays(lambda: ctl.run("status").code == 3, for_s=0.7)


def test_problems_of_the_configuration_reach_the_user(ctl):
    """All of them, at the command that would have started the daemon."""
    config = ctl.home / ".config/runicornd/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('log_levle = "info"\nkeepalive_count = "many"\n')
    done = ctl.run("hosts", "add", "gpu", "ada@gpu.lab")
    assert done.code == 3
    assert "log_levle" in done.err
    assert "keepalive_count" in done.err
    config.unlink()


async def test_what_a_killed_daemon_left_behind_is_no_obstacle(ctl):
    """After `kill -9` the next command starts a new one."""
    first = json.loads(ctl.run("daemon", "start", "--json").out)["pid"]
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: ctl.run("status").code == 3, "the daemon's end")
    assert json.loads(ctl.run("daemon", "start", "--json").out)["pid"] != first


def test_rpc_discover_knows_what_rpc_can_call(ctl):
    """The contract can be read by the command line."""
    ctl.run("daemon", "start")
    document = json.loads(ctl.run("rpc", "rpc.discover").out)
    assert {"sessions.start", "daemon.hello"} <= {method["name"] for method in document["methods"]}
