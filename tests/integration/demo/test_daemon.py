"""The demo's use of ``runicornctl``, against a made-up daemon."""

import shutil
import tempfile
from pathlib import Path

import pytest

from runicornd.demo.daemon import Daemon
from runicornd.demo.failure import DemoFailed
from runicornd.protocol import models
from tests.fakes.daemon import FINGERPRINT, Refusal, a_session
from tests.helpers.ctl import Ctl

KEY = Path("/cache/demo/client_key")
ADDRESS = "demo@127.0.0.1:4022"


@pytest.fixture
def ctl(tmp_path):
    # Short: a socket's path has 107 bytes at most.
    runtime = Path(tempfile.mkdtemp(prefix="demo-"))
    home = tmp_path / "home"
    home.mkdir()
    yield Ctl(home, runtime)
    shutil.rmtree(runtime)


@pytest.fixture
def fake(ctl):
    with ctl.daemon() as fake:
        fake.saved = []
        fake.aliases = []
        fake.calls = []
        fake.handlers["hosts.list"] = lambda _: models.HostsResult(fake.saved, fake.aliases, [])
        for method in ("hosts.save", "hosts.trust", "hosts.untrust", "hosts.forget", "sessions.remove"):
            fake.handlers[method] = lambda params, method=method: record(fake, method, params)
        yield fake


@pytest.fixture
def daemon(ctl):
    return Daemon(ctl.env)


def record(fake, method, params):
    fake.calls.append((method, params))
    return models.Done()


async def test_it_sees_whether_a_daemon_runs(ctl):
    """Who started the daemon decides who ends it."""
    daemon = Daemon(ctl.env)
    assert not await daemon.is_running()
    with ctl.daemon():
        assert await daemon.is_running()


async def test_the_host_is_saved_and_its_key_trusted(fake, daemon):
    """The demo knows its own fingerprint, so nobody is asked."""
    await daemon.save_host("demo", ADDRESS, KEY, FINGERPRINT)
    assert fake.calls == [
        ("hosts.save", {"name": "demo", "address": ADDRESS, "identity_file": str(KEY)}),
        ("hosts.trust", {"target": "demo", "fingerprint": FINGERPRINT}),
    ]


async def test_what_an_earlier_demo_left_is_replaced(fake, daemon):
    """After a power cut the next demo starts as usual, also on another port."""
    fake.saved = [models.SavedHost("demo", "demo@127.0.0.1:1111", str(KEY))]
    fake.aliases = ["demo"]
    await daemon.save_host("demo", ADDRESS, KEY, FINGERPRINT)
    assert [method for method, _ in fake.calls] == ["hosts.save", "hosts.trust"]


@pytest.mark.parametrize("where", ["saved", "aliases"])
async def test_a_host_of_the_user_is_not_replaced(fake, daemon, where):
    """Neither a saved one nor an alias of the OpenSSH configuration."""
    if where == "saved":
        fake.saved = [models.SavedHost("demo", "ada@gpu.example.org", None)]
    else:
        fake.aliases = ["demo"]
    with pytest.raises(DemoFailed, match="another host of that name") as caught:
        await daemon.save_host("demo", ADDRESS, KEY, FINGERPRINT)
    assert "--name" in caught.value.hint
    assert fake.calls == []


async def test_everything_is_forgotten(fake, daemon):
    """Session, key and host go, in this order."""
    assert await daemon.forget("demo") == []
    assert fake.calls == [
        ("sessions.remove", {"session": "demo"}),
        ("hosts.untrust", {"target": "demo"}),
        ("hosts.forget", {"name": "demo"}),
    ]


async def test_one_thing_that_cannot_be_undone_does_not_stop_the_rest(fake, daemon):
    """What went wrong is returned in the daemon's own words; a session that never was is no problem."""

    def refuse(kind, message):
        def handler(_params):
            raise Refusal(kind, message)

        return handler

    fake.handlers["sessions.remove"] = refuse("unknown_session", "there is none")
    fake.handlers["hosts.untrust"] = refuse("known_hosts_unreadable", "cannot untrust: no such luck")
    assert await daemon.forget("demo") == ["cannot untrust: no such luck"]
    assert [method for method, _ in fake.calls] == ["hosts.forget"]


async def test_a_refusal_comes_with_its_hint(fake, daemon):
    """The demo shows what the daemon says, not that a program failed."""

    def refuse(_params):
        raise Refusal("host_unreachable", "cannot reach demo: refused", "is it on?")

    fake.handlers["hosts.list"] = refuse
    with pytest.raises(DemoFailed, match="cannot reach demo: refused") as caught:
        await daemon.call("hosts.list", {})
    assert caught.value.hint == "is it on?"
    assert caught.value.kind == "host_unreachable"


async def test_other_sessions_are_seen(fake, daemon):
    """A daemon with sessions of the user is not ended."""
    fake.sessions["gpu"] = a_session("gpu")
    assert [session["id"] for session in await daemon.sessions()] == ["gpu"]
