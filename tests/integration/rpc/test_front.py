"""Forwards, folders, settings and the dashboard over the wire."""

from tests.helpers.wire import WireClient


async def test_forwards(daemon, server):
    """They are opened, listed, shown in the status, told of, and closed."""
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe")
        opened = await client.result("forwards.open", {"target": "gpu", "spec": "16006:tb:6006"})
        assert (opened["id"], opened["remote"], opened["address"]) == (
            "gpu-6006",
            "tb:6006",
            "localhost:16006",
        )
        assert (await client.result("forwards.list"))["forwards"] == [opened]
        assert (await client.result("daemon.status"))["forwards"] == [opened]
        await client.result("forwards.close", {"forward": "gpu-6006"})
        assert (await client.result("forwards.list"))["forwards"] == []
        topics = [(event["topic"], event["data"]["id"]) for event in client.events]
        assert topics == [("forward", "gpu-6006"), ("forward.removed", "gpu-6006")]


async def test_forwards_that_cannot_be(daemon, server):
    """The reason is said by its kind."""
    async with WireClient(daemon.socket) as client:
        wrong = await client.error("forwards.open", {"target": "gpu", "spec": "0"})
        assert wrong["data"]["kind"] == "invalid_params"
        assert (await client.error("forwards.close", {"forward": "x"}))["data"]["kind"] == "unknown_forward"


async def test_folders(daemon, server):
    """The home folder by itself, and any other by its path; the login comes along."""
    async with WireClient(daemon.socket) as client:
        params = {"target": "gpu", "auth": {"password": "pw"}}
        assert await client.result("folders.list", params) == {
            "path": "/home/ada",
            "parent": "/home",
            "folders": [{"name": "runs", "path": "/home/ada/runs", "is_root_candidate": True}],
            "is_root": False,
            "is_cut": False,
        }
        error = await client.error("folders.list", {"target": "gpu", "path": "/no"})
        assert error["data"]["kind"] == "root_not_found"
    assert daemon.folders.logins[0].password == "pw"


async def test_settings(daemon, server, folder):
    """All keys, and what a reload comes to."""
    async with WireClient(daemon.socket) as client:
        found = await client.result("settings.get")
        assert found["file"] == str(folder / "config.toml")
        ports = next(each for each in found["settings"] if each["key"] == "local_ports")
        assert (ports["value"], ports["source"], ports["needs_restart"]) == ("8081-8999", "default", False)
        (folder / "config.toml").write_text("hold_time = 3\nviewer_lease = 60")
        reloaded = await client.result("settings.reload")
        assert reloaded == {"taken": ["hold_time"], "needs_restart": ["viewer_lease"]}
        (folder / "config.toml").write_text("hold_time = 'x'")
        assert (await client.error("settings.reload"))["data"]["kind"] == "config_invalid"


async def test_trusted_keys(daemon, server):
    """Each with the name that it is for."""
    async with WireClient(daemon.socket) as client:
        first, _ = (await client.result("hosts.keys"))["keys"]
        assert first == {
            "host": "gpu",
            "key": {"type": "ssh-ed25519", "fingerprint": "SHA256:abc", "source": ""},
        }


async def test_the_dashboard_in_the_status(daemon, server):
    """Its address without any code, or nothing while it is not served."""
    async with WireClient(daemon.socket) as client:
        assert (await client.result("daemon.status"))["dashboard"] == {
            "url": "http://localhost:23300/",
            "port": 23300,
        }
        daemon.dashboard.served = None
        assert (await client.result("daemon.status"))["dashboard"] is None
