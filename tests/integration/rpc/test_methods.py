"""Each noun's methods: what reaches the daemon's parts, and how their answers look on the wire."""

import pytest

from runicornd.errors import ViewerCrashed
from runicornd.sessions.model import Phase
from runicornd.ssh.auth import Login
from runicornd.ssh.lifecycle import LinkPhase
from tests.fakes.services import NOW, session_view
from tests.helpers.wire import WireClient


@pytest.fixture
async def client(daemon, server):
    async with WireClient(daemon.socket) as client:
        yield client


async def test_status_shows_everything(daemon, client):
    """Daemon, hosts, sessions and questions, with every field of the contract."""
    crash = ViewerCrashed("cannot keep the viewer: it exited with 1", hint="see logs", log_tail=["boom"])
    daemon.sessions.add(session_view("gpu", phase=Phase.FAILED, error=crash))
    daemon.pool.add("gpu-server", LinkPhase.BLOCKED, error=crash)
    error = {
        "kind": "viewer_crashed",
        "message": crash.message,
        "hint": "see logs",
        "retryable": True,
        "context": {"log_tail": ["boom"]},
    }
    assert await client.result("daemon.status") == {
        "version": "9.9",
        "daemon": {
            "pid": 4242,
            "started": NOW,
            "socket": str(daemon.socket),
            "log": str(daemon.services.daemon.log),
            "config": str(daemon.services.daemon.config),
        },
        "hosts": [
            {
                "target": "gpu-server",
                "address": "ada@gpu-server:22",
                "state": "blocked",
                "since": NOW,
                "retry_at": None,
                "error": error,
                "prompt": None,
            }
        ],
        "sessions": [
            {
                "id": "gpu",
                "target": "gpu-server",
                "viewer": "runicorn",
                "state": "failed",
                "url": "http://localhost:8081",
                "local_port": 8081,
                "env": {"name": "torch", "python": "/opt/torch/bin/python", "runicorn_version": "0.7.2"},
                "root": "/data/runs",
                "remote": {"pid": 4711, "endpoint": "/run/user/1000/v.sock", "exposed": False},
                "since": NOW,
                "step": None,
                "detail": "",
                "prompt": None,
                "error": error,
            }
        ],
        "forwards": [],
        "prompts": [],
        "stores": [],
        "downloads": [],
        "dashboard": {"url": "http://localhost:23300/", "port": 23300},
    }


async def test_start_hands_everything_over(daemon, client):
    """The request reaches the manager whole, the login as a value of the core."""
    auth = {"identity_file": "/keys/k", "private_key": "PEM", "passphrase": "pp", "password": "pw"}
    params = {"target": "gpu", "env": "torch", "root": "/d", "viewer": "tb", "local_port": 9000, "auth": auth}
    await client.result("sessions.start", params)
    (request,) = daemon.sessions.requests
    assert (request.target, request.env, request.root) == ("gpu", "torch", "/d")
    assert (request.viewer, request.local_port) == ("tb", 9000)
    assert isinstance(request.login, Login)
    assert (str(request.login.identity_file), request.login.private_key) == ("/keys/k", "PEM")
    assert (request.login.passphrase, request.login.password) == ("pp", "pw")


async def test_start_with_nothing_but_a_target(daemon, client):
    """What is not said is left to the core; the viewer is the default one."""
    await client.result("sessions.start", {"target": "gpu"})
    (request,) = daemon.sessions.requests
    assert (request.env, request.root, request.local_port, request.login) == (None, None, None, None)
    assert request.viewer == daemon.services.default_viewer


async def test_the_agent_of_a_client_is_used_from_now_on(daemon, client):
    """By itself it is no login: what was given for the host before stays."""
    await client.result("sessions.start", {"target": "gpu", "auth": {"agent_socket": "/run/agent"}})
    assert [str(path) for path in daemon.agents] == ["/run/agent"]
    assert daemon.sessions.requests[0].login is None


async def test_a_relative_key(daemon, client):
    """A relative path means another file to the daemon, so it is refused."""
    error = await client.error("sessions.start", {"target": "g", "auth": {"identity_file": "id_rsa"}})
    assert error["data"]["kind"] == "invalid_params"
    assert "absolute" in error["message"]
    assert (await client.error("hosts.save", {"name": "n", "address": "h", "identity_file": "k"}))["data"]
    assert daemon.hosts.by_name == {}


async def test_a_session_from_start_to_end(daemon, client):
    """Start, list, get by target, restart, logs, stop, remove."""
    started = await client.result("sessions.start", {"target": "gpu"})
    assert (await client.result("sessions.list"))["sessions"] == [started]
    assert await client.result("sessions.get", {"session": "gpu-server"}) == started
    assert await client.result("sessions.restart", {"session": "gpu"}) == started
    logs = await client.result("sessions.logs", {"session": "gpu-server", "lines": 1})
    assert logs == {"session": "gpu", "lines": ["two"]}
    assert (await client.result("sessions.stop", {"session": "gpu"}))["state"] == "stopped"
    assert await client.result("sessions.remove", {"session": "gpu"}) == {"done": True}
    for method in ("get", "stop", "restart", "remove", "logs"):
        error = await client.error(f"sessions.{method}", {"session": "gpu"})
        assert error["data"]["kind"] == "unknown_session"


@pytest.mark.parametrize("lines", [0, 10001, "5", None])
async def test_log_lines_have_bounds(client, lines):
    """A number that is none, or out of range, is refused."""
    error = await client.error("sessions.logs", {"session": "gpu", "lines": lines})
    assert list(error["data"]["context"]["fields"]) == ["lines"]


async def test_environments(daemon, client):
    """Those without the viewer say why and how to mend it."""
    result = await client.result("envs.list", {"target": "gpu", "auth": {"password": "pw"}})
    assert result["chosen"] == "/opt/torch/bin/python"
    torch, bare = result["environments"]
    assert (torch["runicorn_version"], torch["storage_root"], torch["usable"]) == (
        "0.7.2",
        "/data/runs",
        True,
    )
    assert (bare["runicorn_version"], bare["storage_root"], bare["usable"]) == (None, None, False)
    assert (bare["reason"], bare["fix"]) == ("no runicorn", "pip install runicorn")
    assert daemon.sessions.logins[0].password == "pw"


async def test_hosts(daemon, client):
    """Save, list, forget; forgetting twice is an error."""
    daemon.pool.add("gpu", LinkPhase.UP)
    save = {"name": "lab", "address": "ada@lab:2222", "identity_file": "/keys/k"}
    assert await client.result("hosts.save", save) == {"done": True}
    listed = await client.result("hosts.list")
    assert (listed["saved"], listed["aliases"]) == ([save], ["alias-one"])
    assert [link["state"] for link in listed["links"]] == ["up"]
    await client.result("hosts.forget", {"name": "lab"})
    assert (await client.error("hosts.forget", {"name": "lab"}))["data"]["kind"] == "unknown_host"


async def test_host_keys(daemon, client):
    """Check shows both fingerprints; trust and untrust go through."""
    key = {"type": "ssh-ed25519", "fingerprint": "SHA256:abc", "source": ""}
    assert await client.result("hosts.check", {"target": "gpu"}) == {
        "target": "gpu",
        "address": "ada@gpu:22",
        "verdict": "changed",
        "shown": key,
        "known": [key | {"fingerprint": "SHA256:old"}],
    }
    error = await client.error("hosts.check", {"target": "gone"})
    assert (error["data"]["kind"], error["data"]["retryable"]) == ("host_unreachable", True)
    await client.result("hosts.trust", {"target": "gpu", "fingerprint": "SHA256:abc"})
    assert daemon.hosts.trusted == [("gpu", "SHA256:abc")]
    assert await client.result("hosts.untrust", {"target": "gpu"}) == {
        "removed": [key | {"source": "known_hosts"}],
        "elsewhere": ["/home/ada/.ssh/known_hosts"],
    }


async def test_answers_to_no_question(client):
    """They are refused by name."""
    error = await client.error("prompts.answer", {"prompt": "p9", "values": ["x"]})
    assert error["data"]["kind"] == "unknown_prompt"
    assert (await client.result("prompts.list")) == {"prompts": []}
