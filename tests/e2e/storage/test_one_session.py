"""A store on a real sshd that allows one session for each connection (``MaxSessions 1``)."""

from tests.helpers.real_roots import OLD, real_root
from tests.helpers.sshd import needs_sshd

pytestmark = needs_sshd


def test_the_agent_has_the_only_session(servers, laptop):
    """Syncs go over a connection of their own; where there can be none, the error has both reasons."""
    server = servers("narrow", lines=["MaxSessions 1"])
    laptop.know(server, "narrow")
    root = real_root(OLD, server.home / "RunicornData")
    laptop.json("store", "add", "narrow", "--no-auto")

    laptop.json("artifacts", "tag", "model/resnet50:v3", "+fast")  # the agent stays
    assert "fast" in laptop.json("artifacts", "show", "model/resnet50:v3")["tags"]
    (root.path / "artifacts/model/resnet50/v3/metadata.json").write_text("{")
    store = laptop.json("store", "sync")
    assert (store["state"], store["error"], store["unreadable"]) == ("idle", None, 1)
    (problem,) = laptop.json("store", "problems")["problems"]
    assert (problem["label"], problem["path"]) == ("model/resnet50:v3", "artifacts/model/resnet50/v3")

    laptop.json("store", "disconnect")  # closes the connection of its own
    server.close_door()
    error = laptop.json("store", "connect", code=1)["error"]
    assert error["kind"] == "not_connected"
    assert "refuses another channel" in error["message"]
    assert "there is no second connection: cannot reach" in error["message"]
    server.start()
    assert laptop.json("store", "sync")["state"] == "idle"
