"""Requests over the real socket: good ones, bad ones, and many at once."""

import asyncio
import json

import pytest

from runicornd.errors import PortTaken
from runicornd.protocol.framing import MAX_LINE_BYTES
from runicornd.protocol.methods import METHODS
from runicornd.rpc.connection import Limits
from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from runicornd.ssh.lifecycle import LinkPhase
from tests.fakes.services import session_view
from tests.helpers.waiting import eventually
from tests.helpers.wire import WireClient

pytestmark = pytest.mark.usefixtures("server")

START = {"target": "gpu"}


async def test_hello_comes_first(daemon):
    """Anything else before it is refused, in words, and the connection lives."""
    async with WireClient(daemon.socket, greets=False) as client:
        error = await client.error("daemon.status")
        assert error["data"]["kind"] == "hello_required"
        assert error["code"] == 1001
        assert (await client.error("no.such"))["data"]["kind"] == "hello_required"
        hello = {"client": "t", "version": "1", "protocol": [1, 7]}
        assert await client.result("daemon.hello", hello) == {
            "protocol": 1,
            "daemon": "runicornd",
            "version": "9.9",
            "pid": 4242,
        }
        assert (await client.result("daemon.status"))["version"] == "9.9"


@pytest.mark.parametrize(("spoken", "fix"), [([0, 0], "pip install -U"), ([2, 9], "daemon stop")])
async def test_protocols_that_do_not_meet(daemon, spoken, fix):
    """The refusal names the side to mend."""
    async with WireClient(daemon.socket, greets=False) as client:
        hello = {"client": "t", "version": "1", "protocol": spoken}
        error = await client.error("daemon.hello", hello)
        assert error["data"]["kind"] == "version_mismatch"
        assert fix in error["data"]["hint"]
        assert (await client.error("daemon.status"))["data"]["kind"] == "hello_required"


async def test_hello_and_more_in_one_write(daemon):
    """A client need not wait for the answer to hello."""
    async with WireClient(daemon.socket, greets=False) as client:
        hello = {"client": "t", "version": "1", "protocol": [1, 1]}
        lines = [
            {"jsonrpc": "2.0", "id": "h", "method": "daemon.hello", "params": hello},
            {"jsonrpc": "2.0", "id": "s", "method": "daemon.status"},
        ]
        await client.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        assert (await client.read())["id"] == "h"
        assert "result" in await client.read()


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"hello",
        b'{"jsonrpc": "2.0", "id": 1, "method": "daemon.status"',
        b'{"id": "\xff\xfe"}',
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
        b"\x00",
    ],
)
async def test_what_is_not_json(daemon, line):
    """It is a parse error, and the connection lives."""
    async with WireClient(daemon.socket) as client:
        await client.write(line + b"\n")
        reply = await client.read()
        assert (reply["id"], reply["error"]["code"]) == (None, -32700)
        assert reply["error"]["data"]["kind"] == "parse_error"
        assert "result" in await client.request("daemon.status")


@pytest.mark.parametrize(
    ("request_", "number"),
    [
        (7, None),
        ([], None),
        ([1], None),
        ({"jsonrpc": "1.0", "id": 5, "method": "daemon.status"}, 5),
        ({"jsonrpc": "2.0", "id": 5}, 5),
        ({"jsonrpc": "2.0", "id": 5, "method": 1}, 5),
        ({"jsonrpc": "2.0", "id": 5, "method": "daemon.status", "params": 3}, 5),
        ({"jsonrpc": "2.0", "id": True, "method": "daemon.status"}, None),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "daemon.status"}, None),
        ({"jsonrpc": "2.0", "id": "x" * 300, "method": "daemon.status"}, None),
        ({"jsonrpc": "2.0", "id": 5, "method": "daemon.status", "extra": 1}, 5),
        ([{"jsonrpc": "2.0", "id": 1, "method": "daemon.status"}] * 51, None),
    ],
)
async def test_json_that_is_no_request(daemon, request_, number):
    """It is an invalid request, answered under its id where it has one."""
    async with WireClient(daemon.socket) as client:
        await client.send(request_)
        reply = await client.read()
        assert (reply["id"], reply["error"]["code"]) == (number, -32600)
        assert reply["error"]["data"]["kind"] == "invalid_request"
        assert "result" in await client.request("daemon.status")


async def test_a_batch(daemon):
    """Its answers come as one list; its notifications are done and not answered."""
    async with WireClient(daemon.socket) as client:
        await client.send(
            [
                {"jsonrpc": "2.0", "id": 1, "method": "daemon.status"},
                {"jsonrpc": "2.0", "method": "hosts.save", "params": {"name": "n", "address": "h"}},
                {"jsonrpc": "2.0", "id": 2, "method": "no.such"},
            ]
        )
        first, second = await client.read()
        assert (first["id"], "result" in first) == (1, True)
        assert (second["id"], second["error"]["code"]) == (2, -32601)
        assert "n" in daemon.hosts.by_name


async def test_a_notification_is_not_answered(daemon):
    """Not even a wrong one."""
    async with WireClient(daemon.socket) as client:
        await client.send({"jsonrpc": "2.0", "method": "hosts.save", "params": {"nope": 1}})
        await client.send({"jsonrpc": "2.0", "method": "no.such"})
        await client.send({"jsonrpc": "2.0", "id": 9, "method": "daemon.status"})
        assert (await client.read())["id"] == 9


async def test_an_unknown_method(daemon):
    """The nearest one is named."""
    async with WireClient(daemon.socket) as client:
        error = await client.error("session.start")
        assert error["code"] == -32601
        assert error["data"]["kind"] == "method_not_found"
        assert "sessions.start" in error["data"]["hint"]
        assert len((await client.error("x" * 100_000))["message"]) < 200


async def test_every_wrong_parameter_is_named(daemon):
    """Unknown, missing and wrong ones, all in one answer."""
    async with WireClient(daemon.socket) as client:
        error = await client.error("sessions.start", {"targt": "x", "local_port": 70000, "env": 5})
        assert (error["code"], error["data"]["kind"]) == (-32602, "invalid_params")
        assert set(error["data"]["context"]["fields"]) == {"targt", "target", "local_port", "env"}
        assert "did you mean 'target'?" in error["message"]
        assert "list" in (await client.error("sessions.get", ["gpu"]))["message"]
        assert not daemon.sessions.requests


async def test_a_wrong_secret_is_not_repeated(daemon):
    """What was sent as a secret does not come back in the error."""
    async with WireClient(daemon.socket) as client:
        params = {"target": "x", "auth": {"password": ["hunter2"], "passphras": "hunter3"}}
        assert "hunter" not in json.dumps(await client.error("sessions.start", params))


async def test_an_error_of_the_tree(daemon):
    """Kind, message, hint, retry and context arrive, under the kind's own code."""
    daemon.sessions.failure = PortTaken("cannot use port 81: taken", hint="take another", port=81)
    async with WireClient(daemon.socket) as client:
        assert await client.error("sessions.start", START) == {
            "code": 1203,
            "message": "cannot use port 81: taken",
            "data": {
                "kind": "port_taken",
                "message": "cannot use port 81: taken",
                "hint": "take another",
                "retryable": False,
                "context": {"port": 81},
            },
        }


async def test_an_unexpected_exception(daemon):
    """It tells the client nothing but where to look."""
    daemon.sessions.failure = RuntimeError("the password is hunter2")
    async with WireClient(daemon.socket) as client:
        error = await client.error("sessions.start", START)
        assert (error["code"], error["data"]["kind"]) == (-32603, "internal")
        assert error["data"]["context"]["reference"] in error["message"]
        assert str(daemon.services.daemon.log) in error["data"]["hint"]
        assert "hunter2" not in json.dumps(error)
        assert "RuntimeError" not in json.dumps(error)


async def test_a_line_that_is_too_long(daemon):
    """It is refused in words, and the connection ends."""
    async with WireClient(daemon.socket) as client:
        await client.write(b"x" * (MAX_LINE_BYTES + 1))
        assert (await client.read())["error"]["data"]["kind"] == "line_too_long"
        client.writer.write_eof()
        assert await client.read() is None


async def test_the_longest_line(daemon):
    """A line of exactly the limit is read."""
    async with WireClient(daemon.socket) as client:
        line = b'{"jsonrpc": "2.0", "id": 1, "method": "daemon.status"}'
        await client.write(line.ljust(MAX_LINE_BYTES) + b"\n")
        assert "result" in await client.read()


async def test_an_answer_that_is_too_long(daemon):
    """The request fails, and the connection lives."""
    daemon.sessions.add(session_view())
    daemon.sessions.lines = ["x" * 2**20] * 17
    async with WireClient(daemon.socket) as client:
        error = await client.error("sessions.logs", {"session": "gpu"})
        assert error["data"]["kind"] == "answer_too_long"
        logs = await client.result("sessions.logs", {"session": "gpu", "lines": 2})
        assert len(logs["lines"]) == 2


async def test_requests_do_not_wait_for_each_other(daemon):
    """A quick request is answered while a slow one runs."""
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(daemon.socket) as client:
        slow = await client.begin("sessions.start", START)
        assert "result" in await client.request("daemon.status")
        daemon.sessions.hold.set()
        assert (await client.reply(slow))["result"]["id"] == "gpu"


async def test_requests_at_once_are_bounded(folder, daemon):
    """No more run than are allowed, and in the end all are answered."""
    limits = Limits(in_flight=4)
    server = Server(ControlPlane(daemon.services), folder / "t" / "d.sock", limits=limits)
    await server.start()
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(folder / "t" / "d.sock") as client:
        numbers = [await client.begin("sessions.start", START) for _ in range(12)]
        await eventually(lambda: daemon.sessions.running == 4)
        daemon.sessions.hold.set()
        for number in numbers:
            assert "result" in await client.reply(number)
    assert daemon.sessions.most_running == 4
    await server.close()


async def test_the_contract_describes_itself(daemon):
    """The OpenRPC document has every method and defines whatever it refers to."""
    async with WireClient(daemon.socket) as client:
        document = await client.result("rpc.discover")
    assert [method["name"] for method in document["methods"]] == list(METHODS)
    assert document["components"]["errors"]["port_taken"]["code"] == 1203
    names = set(document["components"]["schemas"])
    refs = [part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]]
    assert refs
    assert set(refs) <= names
    start = next(method for method in document["methods"] if method["name"] == "sessions.start")
    assert [param["name"] for param in start["params"] if param["required"]] == ["target"]


async def test_status_of_one_subject(daemon):
    """Only what belongs to it; an unknown subject is an error."""
    daemon.sessions.add(session_view("a"))
    daemon.sessions.add(session_view("b"))
    daemon.pool.add("a-server", LinkPhase.UP)
    daemon.pool.add("b-server", LinkPhase.UP)
    async with WireClient(daemon.socket) as client:
        for subject in ("a", "a-server"):
            status = await client.result("daemon.status", {"subject": subject})
            assert [one["id"] for one in status["sessions"]] == ["a"]
            assert [one["target"] for one in status["hosts"]] == ["a-server"]
        error = await client.error("daemon.status", {"subject": "c"})
        assert error["data"]["kind"] == "unknown_session"
