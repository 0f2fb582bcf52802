"""Servers that do not keep to the protocol: an error of its own kind, and never more than that."""

import asyncio
import json

import pytest

from runicornd.errors import AgentFailed, DiskFull, NotConnected, RemoteUnsupported
from runicornd.remote.host import RemoteHost
from runicornd.remote.models import ViewerIdentity
from tests.helpers.scripted_agent import ScriptedConnection
from tests.helpers.waiting import within

GREETING = {
    "agent": 1,
    "python": "3.9.1",
    "platform": "linux",
    "user": "ada",
    "uid": 1000,
    "home": "/home/ada",
    "boot_id": "b",
    "pid": 7,
}
START = b"noise\nrunicornd-says:here\nrunicornd-says:python\n"
IDENTITY = ViewerIdentity("i", 5, "1", "b")


def line(value):
    return json.dumps(value).encode() + b"\n"


def greets_and(answer):
    """An agent that greets well and then answers each request with what ``answer(request)`` makes of it."""

    async def behave(process, _command):
        await process.say(START + line(GREETING))
        await process.heard.get()
        while True:
            for request in (await process.heard.get()).splitlines():
                await process.say(answer(json.loads(request)))

    return behave


@pytest.fixture
async def play():
    """Play a script; return the host that talks with it."""
    made = []

    def play(behave):
        connection = ScriptedConnection(behave)
        made.append((RemoteHost(connection), connection))
        return made[-1][0]

    yield play
    for host, connection in made:
        await host.close()
        await connection.close()


def says(data, status=None):
    async def behave(process, _command):
        await process.say(data)
        if status is not None:
            await process.end(status, "what a pity")

    return behave


@pytest.mark.parametrize(
    "first",
    [
        b"hello\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"agent": 1}\n',
        line({**GREETING, "uid": "root"}),
        line({**GREETING, "pid": -1}),
        line({**GREETING, "agent": 99}),
        b"[" * 100000 + b"\n",
        b"x" * (17 * 1024 * 1024),
    ],
)
async def test_what_is_no_greeting_is_refused(play, first):
    """Nonsense, wrong types, another version, endless depth and length."""
    host = play(says(START + first))
    with pytest.raises(AgentFailed):
        await within(host.greeting())


async def test_a_system_that_is_not_supported_says_so_itself(play):
    """The loader refuses where it cannot run."""
    error = {"error": {"kind": "remote_unsupported", "message": "cannot run on win32"}}
    host = play(says(START + line(error)))
    with pytest.raises(RemoteUnsupported, match="win32"):
        await host.greeting()


async def test_an_end_before_the_greeting_has_the_servers_words(play):
    """Exit status and standard error are in the message."""
    host = play(says(START, status=9))
    with pytest.raises(AgentFailed, match=r"(?s)status 9.*what a pity"):
        await host.greeting()


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\n",
        b"[]\n",
        line({"id": 999, "result": {}}),
        line({"id": "x", "result": {}}),
        line({"id": 1, "result": []}),
        line({"id": 1, "result": {"viewers": "many"}}),
        line({"id": 1, "result": {"viewers": [{"pid": -5}]}}),
        line({"id": 1, "error": {"kind": 3}}),
        line({"id": 1, "error": {"kind": "made_up", "message": "x" * 10**6, "context": {"hint": 1}}}),
        line({"event": "viewer.exited", "params": {"instance": 4}}),
        line({"event": "viewer.log", "params": []}),
        b"y" * (17 * 1024 * 1024),
    ],
)
async def test_answers_that_are_none_fail_the_call(play, answer):
    """Every kind of wrong answer is ``agent_failed``, and the next call can start afresh."""
    host = play(greets_and(lambda _request: answer))
    with pytest.raises(AgentFailed) as caught:
        await within(host.viewers())
    assert len(caught.value.message) < 10000


async def test_an_error_of_a_known_kind_keeps_it(play):
    """Kind, message and facts come through; the hint is ours."""
    error = {"kind": "disk_full", "message": "cannot write: full", "context": {"path": "/x"}}
    host = play(greets_and(lambda request: line({"id": request["id"], "error": error})))
    with pytest.raises(DiskFull, match="cannot write: full") as caught:
        await host.viewers()
    assert caught.value.context == {"path": "/x"}
    assert caught.value.hint


async def test_the_kinds_of_other_parts_are_not_the_agents(play):
    """A server cannot pretend that a host key changed."""
    error = {"kind": "host_key_changed", "message": "be afraid", "context": {}}
    host = play(greets_and(lambda request: line({"id": request["id"], "error": error})))
    with pytest.raises(AgentFailed):
        await host.viewers()


async def test_exits_nobody_asked_for_are_not_kept(play):
    """A stranger's exit is no news."""
    event = {"instance": "other", "code": 0, "signal": None, "log_tail": []}

    def answer(request):
        return line({"event": "viewer.exited", "params": event}) + line(
            {"id": request["id"], "result": {"viewers": []}}
        )

    host = play(greets_and(answer))
    assert await host.viewers() == ()
    with pytest.raises(AgentFailed, match="not attached"):
        await host.exits("other")


async def test_answers_in_any_order_find_their_callers(play):
    """Two calls, answered the other way round."""
    waiting = []

    def answer(request):
        waiting.append(request)
        if len(waiting) < 2:
            return b""
        return b"".join(
            line({"id": one["id"], "result": {"stopped": one["params"]["pid"] == 1}})
            for one in reversed(waiting)
        )

    host = play(greets_and(answer))
    identities = [ViewerIdentity("i", pid, "1", "b") for pid in (1, 2)]
    assert await within(asyncio.gather(*map(host.stop_viewer, identities))) == [True, False]


async def test_a_call_in_flight_learns_that_the_link_is_gone(play):
    """The connection drops in the middle of a call: ``not_connected``, not a riddle."""

    async def behave(process, _command):
        await process.say(START + line(GREETING))
        await process.heard.get()
        await process.heard.get()
        connection.lose()
        await process.end(None)

    connection = ScriptedConnection(behave)
    host = RemoteHost(connection)
    with pytest.raises(NotConnected):
        await within(host.stop_viewer(IDENTITY))
    with pytest.raises(NotConnected, match="link is down"):
        await host.viewers()
    await host.close()
    await connection.close()


async def test_an_agent_that_does_not_answer_pings_is_given_up():
    """Silence within an open connection ends the agent, and whoever waits for it is told."""

    async def behave(process, _command):
        await process.say(START + line(GREETING))
        await process.heard.get()
        request = json.loads(await process.heard.get())
        await process.say(line({"id": request["id"], "result": {"alive": False}}))
        await process.heard.get()
        await process.say(line({"id": 2, "error": {"kind": "agent_failed", "message": "no"}}))

    connection = ScriptedConnection(behave)
    host = RemoteHost(connection, ping_interval_s=0.05)
    assert await host.attach_viewer(IDENTITY) is None
    await within(connection.processes[0].playing)
    await host.close()
    await connection.close()
