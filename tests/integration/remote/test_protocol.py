"""The agent's side of the protocol, spoken by hand."""

import asyncio
import json

import pytest

from runicornd.remote import bootstrap
from runicornd.remote.lines import LineReader
from tests.helpers.far_end import is_alive
from tests.helpers.waiting import eventually, within


class Conversation:
    """An agent that was started by hand and has greeted."""

    @classmethod
    async def begin(cls, far):
        self = cls()
        self.process = await far.connection.execute(bootstrap.command())
        await self.process.stream.write(bootstrap.program())
        self.reader = LineReader(self.process.stream)
        await self.reader.skip_past(b"runicornd-says:python\n", 10000)
        self.greeting = await self.hear()
        return self

    async def say(self, data):
        line = data if isinstance(data, bytes) else json.dumps(data).encode()
        await self.process.stream.write(line + b"\n")

    async def hear(self):
        return json.loads(await within(self.reader.line()))

    async def ask(self, method, number=1, **params):
        await self.say({"id": number, "method": method, "params": params})
        return await self.hear()


@pytest.fixture
async def agent(make_far_end, python):
    return await Conversation.begin(make_far_end(python=python))


async def test_the_greeting_says_who_and_where(agent):
    """Every field of the contract, of the right type."""
    types = {name: type(value) for name, value in agent.greeting.items()}
    texts = dict.fromkeys(("python", "platform", "user", "home", "boot_id"), str)
    assert types == {"agent": int, "uid": int, "pid": int, **texts}
    assert agent.greeting["agent"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b"\xff\xfe",
        b"[" * 200000,
        b'{"id": 1}',
        b'{"id": [], "method": "ping"}',
        b'{"id": 1, "method": 5}',
        b'{"id": 1, "method": "ping", "params": []}',
        b"x" * (17 * 1024 * 1024),
    ],
)
async def test_malformed_requests_are_answered(agent, line):
    """No request that can be read: an error without a number, and the agent goes on."""
    await agent.say(line)
    answer = await agent.hear()
    assert (answer["id"], answer["error"]["kind"]) == (None, "invalid_params")
    assert await agent.ask("ping") == {"id": 1, "result": {}}


async def test_an_unknown_method_has_its_kind(agent):
    """The daemon may be newer than the contract."""
    answer = await agent.ask("viewer.paint", number=7)
    assert (answer["id"], answer["error"]["kind"]) == (7, "unknown_method")


async def test_parameters_of_the_wrong_type_are_named(agent):
    """Missing or wrong, the message has the name."""
    answer = await agent.ask("viewer.stop", instance="x", pid="1", start_time="", boot_id="")
    assert answer["error"]["kind"] == "invalid_params"
    assert "pid" in answer["error"]["message"]


async def test_a_slow_request_does_not_hold_up_a_ping(make_far_end):
    """While the scan waits for a slow login shell, pings are answered."""
    far = make_far_end()
    (far.home / ".profile").write_text("sleep 60\n")
    agent = await Conversation.begin(far)
    await agent.say({"id": 1, "method": "environments.list"})
    await agent.say({"id": 2, "method": "ping"})
    assert [(await agent.hear())["id"] for _ in range(2)] == [2, 1]


async def test_the_agent_ends_with_its_input(agent):
    """End of input: no agent, status 0."""
    await agent.process.stream.finish()
    assert await within(agent.process.wait()) == 0
    await eventually(lambda: not is_alive(agent.greeting["pid"]))


async def test_a_reader_who_does_not_read_cannot_hold_the_agent(make_far_end):
    """Answers that nobody takes fill no memory without end: the agent leaves."""
    agent = await Conversation.begin(make_far_end())
    request = {"id": 1, "method": "x" * 80}

    async def ask_on():
        while True:
            await agent.say(request)

    asking = asyncio.create_task(ask_on())
    await eventually(lambda: not is_alive(agent.greeting["pid"]), patience_s=30)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
