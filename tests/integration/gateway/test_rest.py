"""The REST paths: the guides' names in, the control plane's methods behind, known shapes out."""

import json

import pytest

from runicornd.ssh.lifecycle import LinkPhase
from tests.fakes.services import session_view
from tests.fakes.storage import download_view, store_view
from tests.helpers.raw_http import Ask, send

LOGIN = {"host": "gpu", "port": 2222, "username": "ada", "password": "pw"}


@pytest.fixture
def rest(port, token):
    """Does requests as curl does: a token, no origin."""

    async def ask(verb, path, body=None):
        headers = [("Host", f"localhost:{port}"), ("Authorization", f"Bearer {token}")]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        data = b"" if body is None else json.dumps(body).encode()
        return await send(port, Ask(verb, f"/api/remote{path}", tuple(headers), data))

    return ask


async def test_connecting_to_storage(daemon, rest):
    """A root is mirrored and used; the login stays in memory."""
    body = LOGIN | {"remote_root": "/data/runs", "auto_sync": False, "sync_interval_minutes": 10}
    answer = await rest("POST", "/connect", body)
    assert (answer.status, answer.json["ok"], answer.json["status"]) == (200, True, "connected")
    (request,) = daemon.stores.requests
    assert (request.target, request.root, request.is_automatic) == ("ada@gpu:2222", "/data/runs", False)
    assert (request.interval_s, request.login.password) == (600, "pw")
    assert "pw" not in answer.body.decode()


async def test_connecting_alone(daemon, rest):
    """Without a root it is seen that one can log in."""
    answer = await rest("POST", "/connect", LOGIN)
    assert answer.json["connection_id"] == "ada@gpu:2222"
    assert daemon.folders.logins[0].password == "pw"


@pytest.mark.parametrize(
    "body",
    [{}, {"host": ""}, LOGIN | {"port": 0}, LOGIN | {"sync_interval_minutes": 0}, LOGIN | {"more": 1}, []],
)
async def test_connections_that_cannot_be(rest, body):
    """It is said which field is wrong."""
    answer = await rest("POST", "/connect", body)
    assert (answer.status, answer.kind) == (400, "invalid_params")


async def test_status_and_mode(daemon, rest):
    """Both generations of clients find what they look for."""
    daemon.sessions.add(session_view("gpu"))
    daemon.pool.add("gpu-server", LinkPhase.UP)
    daemon.stores.show(store_view("gpu"))
    status = (await rest("GET", "/status")).json
    assert (status["mode"], status["connected"], status["status"]) == ("remote", True, "syncing")
    assert status["stats"]["total_artifacts"] == 50
    assert status["sync_progress"]["status"] == "running"
    assert (status["connection_count"], status["viewer_session_count"]) == (1, 1)
    assert (await rest("GET", "/mode")).json["remote_available"] is True


async def test_switching(daemon, rest):
    """To local makes the local store; to remote uses the one there is."""
    refused = await rest("POST", "/mode/switch", {"mode": "remote"})
    assert (refused.status, refused.kind) == (404, "unknown_store")
    assert "/api/remote/connect" in refused.json["error"]["hint"]
    daemon.stores.show(store_view("gpu"))
    assert (await rest("POST", "/mode/switch", {"mode": "remote"})).json["store"] == "gpu"
    assert (await rest("POST", "/mode/switch", {"mode": "local"})).json["store"] == "local"
    assert (await rest("POST", "/mode/switch", {"mode": "other"})).status == 400


async def test_changes_of_artifacts(daemon, rest):
    """They are done at the source, on the version that the path names."""
    path = "/artifacts/resnet50/v3"
    assert (await rest("POST", f"{path}/alias", {"alias": "production"})).json["ok"]
    assert (await rest("POST", f"{path}/tags?type=model", {"tags": ["a", "b"]})).json["ok"]
    assert (await rest("DELETE", path)).json["ok"]
    alias, tags, deletion = daemon.stores.calls
    assert {"resnet50:v3", "production"} <= set(alias)
    assert "model/resnet50:v3" in tags
    assert "resnet50:v3" in deletion
    assert True not in deletion  # never for good


@pytest.mark.parametrize(
    "path", ["/artifacts/a/v/alias", "/artifacts/a/v-1/alias", "/artifacts/a/b/v1/alias"]
)
async def test_paths_that_are_none(rest, path):
    """They are not there."""
    assert (await rest("POST", path, {"alias": "x"})).status in {404, 405}


async def test_downloads(daemon, rest):
    """Begun, watched, listed and ended by their task."""
    begun = await rest("POST", "/download/resnet50/v3", {"target_dir": "/tmp/here"})
    task = begun.json["task_id"]
    status = (await rest("GET", f"/download/{task}/status")).json
    assert (status["task_id"], status["artifact_name"], status["status"]) == (task, "resnet50", "running")
    assert 0 <= status["progress_percent"] <= 100
    assert (await rest("GET", "/downloads")).json["total_count"] == 1
    assert (await rest("DELETE", f"/download/{task}")).json["ok"]
    gone = await rest("GET", "/download/none/status")
    assert (gone.status, gone.kind) == (404, "unknown_download")


async def test_the_cache(daemon, rest):
    """Cleared and cleaned up, with no body as the guides do it."""
    assert (await rest("POST", "/cache/clear")).json["ok"]
    assert (await rest("POST", "/cache/cleanup")).json["files_removed"] >= 0


async def test_syncing(daemon, rest):
    """Begun at once; without a store it is said that there is none."""
    assert (await rest("POST", "/sync")).status == 404
    daemon.stores.show(store_view("gpu"))
    daemon.stores.in_use = "gpu"
    assert (await rest("POST", "/sync", {})).json["ok"]


async def test_viewers(daemon, rest):
    """Started, found, shown and stopped."""
    body = LOGIN | {"remote_root": "/data/runs", "conda_env": "torch", "local_port": 9000, "remote_port": 1}
    assert (await rest("POST", "/viewer/start", body)).json["ok"]
    (request,) = daemon.sessions.requests
    assert (request.target, request.env, request.root) == ("ada@gpu:2222", "torch", "/data/runs")
    assert (request.local_port, request.login.password) == (9000, "pw")
    daemon.sessions.add(session_view("gpu"))
    shown = (await rest("GET", "/viewer/status/gpu")).json
    assert (shown["sessionId"], shown["url"], shown["isActive"]) == ("gpu", "http://localhost:8081", True)
    assert shown in (await rest("GET", "/viewer/sessions")).json["sessions"]
    assert (await rest("POST", "/viewer/stop", {"session_id": "gpu"})).json["ok"]
    assert (await rest("GET", "/viewer/status/none")).status == 404


async def test_environments(rest):
    """Those of a connection, with what can be used."""
    found = (await rest("GET", "/conda-envs?connection_id=ada@gpu:22")).json["envs"]
    assert [(each["name"], each["usable"], each["is_default"]) for each in found] == [
        ("torch", True, True),
        ("bare", False, False),
    ]
    assert (await rest("GET", "/conda-envs")).status == 400
    assert (await rest("GET", "/conda-envs?connection_id=a&connection_id=b")).status == 400


async def test_host_keys(daemon, rest):
    """Looked at, trusted by the fingerprint, and forgotten."""
    checked = (await rest("GET", "/known-hosts/check?connection_id=gpu")).json
    assert (checked["verdict"], checked["fingerprint_sha256"]) == ("changed", "SHA256:abc")
    key = {"host": "gpu", "port": 22, "key_type": "ssh-ed25519"}
    trust = key | {"public_key": "ssh-ed25519 AAAA", "fingerprint_sha256": "SHA256:abc"}
    assert (await rest("POST", "/known-hosts/accept", trust)).json == {"ok": True}
    assert daemon.hosts.trusted == [("gpu", "SHA256:abc")]
    assert (await rest("POST", "/known-hosts/remove", key)).json == {"ok": True, "changed": True}
    entries = (await rest("GET", "/known-hosts/list")).json["entries"]
    assert [(each["host"], each["port"]) for each in entries] == [("gpu", 22), ("gpu", 2222)]
    assert entries[0]["fingerprint_sha256"] == "SHA256:abc"
    unreachable = await rest("GET", "/known-hosts/check?connection_id=gone")
    assert (unreachable.status, unreachable.json["error"]["hint"]) == (504, "check the VPN")


async def test_the_document(port, token):
    """It is served to those who have a token."""
    headers = (("Host", f"localhost:{port}"), ("Authorization", f"Bearer {token}"))
    found = await send(port, Ask(target="/openapi.json", headers=headers))
    assert found.json["info"]["version"] == "9.9"
    assert "/api/remote/artifacts/{artifact_name}/v{version}/alias" in found.json["paths"]


async def test_downloads_that_ended(daemon, rest):
    """They are listed with the words that clients know."""
    daemon.downloads.show(download_view("d9"))
    (only,) = (await rest("GET", "/downloads")).json["downloads"]
    assert only["task_id"] == "d9"
