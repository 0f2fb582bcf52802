"""The main job on real parts: from a target to the real viewer at a local address."""

import json
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.helpers.laptop import fetch
from tests.helpers.runicorn_env import NEW, OLD, MadeUpHome, log_runs, runicorn_env
from tests.helpers.waiting import until


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_viewer_of_a_server_opens_at_a_local_address(laptop, server, home, version):
    """Page, API and runs of the real viewer come through the tunnel; stop leaves nothing on either side."""
    python = home.venv("envs/train", version)
    runs = log_runs(runicorn_env(version), home.path / "RunicornData")

    session = laptop.connect("gpu", "--env", "train")

    assert (session["id"], session["state"]) == ("gpu", "ready")
    assert (session["env"]["name"], session["env"]["runicorn_version"]) == ("train", version)
    assert Path(session["env"]["python"]).parent == python.parent
    assert session["root"] == str(home.path / "RunicornData")
    assert (session["remote"]["exposed"], session["url"]) == (
        False,
        f"http://localhost:{session['local_port']}",
    )
    status, page = fetch(session["url"])
    assert status == 200
    assert b"<!doctype html>" in page.lower()
    status, listed = fetch(session["url"] + "/api/runs")
    assert {run["run_id"] if "run_id" in run else run["id"] for run in json.loads(listed)} == set(runs)

    laptop.json("stop", "gpu")
    assert laptop.listeners() == set()
    assert laptop.session("gpu")["state"] == "stopped"


async def test_the_viewers_web_socket_comes_through(laptop, server, home):
    """The live log of the real viewer's diagnostics page streams through the tunnel."""
    home.venv("envs/train", NEW)
    url = laptop.connect("gpu", "--env", "train")["url"]
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{url}/api/diagnostics/sources") as answer:
            sources = await answer.json()
        name = sources["sources"][0]["id"]
        address = f"{url}/api/diagnostics/logs/ws?source={name}&lines=5"
        async with client.ws_connect(address, headers={"Origin": url}) as socket:
            message = await socket.receive(timeout=20)
            assert message.type is aiohttp.WSMsgType.TEXT
            assert message.data


def test_two_hosts_run_side_by_side(laptop, servers):
    """Each has its own address and its own data."""
    for name in ("one", "two"):
        server = servers(name)
        laptop.know(server, name)
        home = MadeUpHome(server.home)
        home.root()
        home.venv("envs/train", NEW)
    sessions = [laptop.connect(name, "--env", "train") for name in ("one", "two")]
    roots = [json.loads(fetch(session["url"] + "/api/health")[1])["storage"] for session in sessions]
    assert roots == [session["root"] for session in sessions]
    assert len(set(roots)) == 2


def test_two_sessions_of_one_host_share_its_connection(laptop, server, home):
    """Another root is another session beside the first, on the same link."""
    home.venv("envs/train", NEW)
    other = home.root("other data $(touch x) 'quoted'")
    first, second = (
        laptop.connect("gpu", "--env", "train"),
        laptop.connect("gpu", "--env", "train", "--root", str(other)),
    )
    assert (first["id"], second["id"]) == ("gpu", "gpu-2")
    assert json.loads(fetch(second["url"] + "/api/health")[1])["storage"] == str(other)
    assert len([pid for pid in server.processes() if pid]) >= 2
    assert [host["state"] for host in laptop.json("status")["hosts"]] == ["up"]


def test_a_server_behind_another_one(laptop, servers):
    """ProxyJump goes through a second real server."""
    jump, target = servers("jump"), servers("behind")
    laptop.know(jump, "jump")
    laptop.know(target, "behind", extra=["ProxyJump jump"])
    home = MadeUpHome(target.home)
    home.root()
    home.venv("envs/train", NEW)
    session = laptop.connect("behind", "--env", "train")
    assert fetch(session["url"] + "/api/health")[0] == 200


def test_this_machine_is_a_host_too(laptop):
    """The target 'local' needs no SSH."""
    home = MadeUpHome(laptop.home)
    home.root()
    home.venv("envs/train", NEW)
    session = laptop.connect("local", "--env", "train")
    assert fetch(session["url"] + "/api/health")[0] == 200
    laptop.json("stop", "local")


def test_an_environment_by_name_and_by_path(laptop, server, home):
    """With several usable ones, --env takes the one that is named."""
    home.venv("envs/old", OLD)
    new = home.venv("envs/new", NEW)
    assert laptop.connect("gpu", "--env", "old")["env"]["runicorn_version"] == OLD
    assert laptop.connect("gpu", "--env", str(new.parent.parent))["env"]["name"] == "new"


def test_the_environment_used_last_is_taken_again(laptop, server, home):
    """After a choice, a plain connect does not ask."""
    home.venv("envs/a", NEW)
    home.venv("envs/b", NEW)
    first = laptop.connect("gpu", "--env", "b")
    laptop.json("stop", "gpu")
    again = laptop.connect("gpu")
    assert (again["env"]["name"], again["url"]) == ("b", first["url"])


def test_environments_are_listed_with_what_is_missing(laptop, server, home):
    """Conda, virtual environments, and one without Runicorn with the line that installs it."""
    pythons = home.conda(environments=[("torch", NEW)])
    bare = home.venv("project/.venv")
    listed = laptop.json("envs", "gpu")
    found = {Path(each["python"]).parent: each for each in listed["environments"]}
    torch, without = found[pythons["torch"].parent], found[bare.parent]
    assert (torch["name"], torch["kind"], torch["runicorn_version"], torch["usable"]) == (
        "torch",
        "conda",
        NEW,
        True,
    )
    assert torch["storage_root"] == str(home.path / "RunicornData")
    assert (without["name"], without["usable"]) == ("project", False)
    assert without["reason"]
    assert without["fix"] == f"{without['python']} -m pip install -U runicorn"


def test_a_conda_environment_runs_the_viewer(laptop, server, home):
    """The environment's own Python starts it."""
    home.conda(environments=[("torch", NEW)])
    assert laptop.connect("gpu", "--env", "torch")["env"]["name"] == "torch"


def test_logs_show_what_the_viewer_printed(laptop, server, home):
    """The remote log is read through the agent."""
    home.venv("envs/train", NEW)
    laptop.connect("gpu", "--env", "train")
    assert any("Uvicorn running" in line for line in laptop.json("logs", "gpu")["lines"])


def test_restart_replaces_the_viewer_at_the_same_address(laptop, server, home):
    """Another process answers at the same URL."""
    home.venv("envs/train", NEW)
    before = laptop.connect("gpu", "--env", "train")
    laptop.json("restart", "gpu")
    after = laptop.wait_for("gpu", "ready")
    assert after["url"] == before["url"]
    assert after["remote"]["pid"] != before["remote"]["pid"]
    assert fetch(after["url"] + "/api/health")[0] == 200


def test_stop_leaves_no_process_on_the_server(laptop, server, home):
    """Viewer and keeper are gone at once; the agent when the connection is."""
    home.venv("envs/train", NEW)
    session = laptop.connect("gpu", "--env", "train")
    laptop.json("stop", "gpu")
    assert session["remote"]["pid"] not in server.processes()
    laptop.stop_daemon()
    until(lambda: server.processes() == [])


def test_a_killed_daemon_finds_its_viewer_again(laptop, server, home):
    """After kill -9 the next daemon has the same session, address and remote process."""
    home.venv("envs/train", NEW)
    before = laptop.connect("gpu", "--env", "train")
    laptop.stop_daemon(signal.SIGKILL)
    laptop.start_daemon()
    after = laptop.wait_for("gpu", "ready")
    assert (after["url"], after["remote"]) == (before["url"], before["remote"])
    assert fetch(after["url"] + "/api/health")[0] == 200


def test_a_dropped_connection_comes_back_by_itself(laptop, server, home):
    """The same viewer answers at the same address."""
    home.venv("envs/train", NEW)
    before = laptop.connect("gpu", "--env", "train")
    assert server.drop_connections() > 0
    status, _ = fetch(before["url"] + "/api/health")
    assert status == 200
    assert laptop.wait_for("gpu", "ready")["remote"] == before["remote"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_and_keeps_the_viewer(laptop, server, home, number):
    """It is gone within five seconds; the viewer lives on for its lease."""
    home.venv("envs/train", NEW)
    session = laptop.connect("gpu", "--env", "train")
    laptop.stop_daemon(number)
    assert session["remote"]["pid"] in server.processes()


def test_daemon_stop_ends_the_viewers(laptop, server, home):
    """Nothing is left on the server."""
    home.venv("envs/train", NEW)
    laptop.connect("gpu", "--env", "train")
    assert laptop.run("daemon", "stop").code == 0
    laptop.await_end()
    until(lambda: server.processes() == [])
