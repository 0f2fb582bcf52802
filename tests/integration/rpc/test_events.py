"""Subscriptions: a snapshot with its number, then every change in order."""

import asyncio

import pytest

from runicornd.events import QUEUE_LIMIT
from runicornd.prompts import Choice, Field, Question, QuestionKind
from runicornd.rpc.connection import Limits
from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from runicornd.sessions.model import Phase
from runicornd.ssh.lifecycle import LinkChanged, LinkPhase, LinkState
from runicornd.ssh.targets import Host
from tests.fakes.services import session_view
from tests.helpers.waiting import eventually
from tests.helpers.wire import WireClient

pytestmark = pytest.mark.usefixtures("server")


async def test_snapshot_then_changes(daemon):
    """What was before is in the snapshot, what comes after follows with rising numbers."""
    daemon.sessions.add(session_view("a"))
    async with WireClient(daemon.socket) as client:
        first = await client.result("events.subscribe")
        assert [one["id"] for one in first["snapshot"]["sessions"]] == ["a"]
        daemon.sessions.add(session_view("b", phase=Phase.STARTING))
        await daemon.sessions.remove("a")
        events = [await client.event(), await client.event()]
        assert [event["sequence"] for event in events] == [first["sequence"] + 1, first["sequence"] + 2]
        assert [event["topic"] for event in events] == ["session", "session.removed"]
        assert (events[0]["data"]["id"], events[0]["data"]["state"]) == ("b", "starting")
        assert events[1]["data"] == {"id": "a"}


async def test_nothing_missed_needs_no_snapshot(daemon):
    """``since`` at the latest number leaves the snapshot out; an older one does not."""
    daemon.sessions.add(session_view("a"))
    async with WireClient(daemon.socket) as client:
        sequence = (await client.result("events.subscribe"))["sequence"]
        assert (await client.result("events.subscribe", {"since": sequence}))["snapshot"] is None
        assert (await client.result("events.subscribe", {"since": sequence - 1}))["snapshot"]


async def test_subscribing_again_replaces(daemon):
    """Each event comes once, however often a client subscribes."""
    async with WireClient(daemon.socket) as client:
        for _ in range(3):
            await client.result("events.subscribe")
        daemon.sessions.add(session_view("a"))
        daemon.sessions.add(session_view("b"))
        assert [(await client.event())["data"]["id"] for _ in range(2)] == ["a", "b"]
        await client.result("daemon.status")
        assert client.events == []


async def test_questions_and_links(daemon):
    """A question appears with its fields, and is closed when it has been answered."""
    question = Question(
        QuestionKind.CODE, "gpu", "one-time code?", fields=(Field("Code", echo=True),), detail="round 1"
    )
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe")
        asked = asyncio.create_task(daemon.prompts.ask(question, timeout_s=5))
        event = await client.event()
        assert event["topic"] == "prompt"
        assert event["data"]["fields"] == [{"label": "Code", "echo": True}]
        listed = (await client.result("prompts.list"))["prompts"]
        assert listed == [event["data"]]
        await client.result("prompts.answer", {"prompt": event["data"]["id"], "values": ["123456"]})
        assert await asked == ("123456",)
        assert (await client.event())["topic"] == "prompt.closed"
        host = Host(target="gpu", hostname="gpu", user="ada")
        daemon.events.publish(LinkChanged(host, LinkState(LinkPhase.BACKOFF, 1.0, retry_at=2.0)))
        event = await client.event()
        assert (event["topic"], event["data"]["state"], event["data"]["retry_at"]) == ("host", "backoff", 2.0)


async def test_events_while_a_request_runs(daemon):
    """A client that starts a session hears of it, and answers a question, before the start returns."""
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe")
        start = await client.begin("sessions.start", {"target": "gpu"})
        with daemon.prompts.asking(
            Question(QuestionKind.ENVIRONMENT, "gpu", "which?", choices=(Choice("t", "torch"),))
        ) as prompt:
            event = await client.event()
            await client.result("prompts.answer", {"prompt": event["data"]["id"], "values": ["t"]})
            assert await prompt.answer == ("t",)
        daemon.sessions.hold.set()
        assert (await client.reply(start))["result"]["state"] == "ready"


async def test_logs_go_to_those_who_ask(daemon):
    """The first follower turns the log on, the last one off; others get no line."""
    daemon.sessions.add(session_view("a"))
    async with WireClient(daemon.socket) as one, WireClient(daemon.socket) as other:
        await other.result("events.subscribe")
        assert daemon.sessions.followed == []
        await one.result("events.subscribe", {"topics": ["log:a"]})
        async with WireClient(daemon.socket) as third:
            # A target stands for its session's id.
            await third.result("events.subscribe", {"topics": ["log:a-server"]})
            assert daemon.sessions.followed == ["a"]
            daemon.sessions.write_log("a", "epoch 1", "epoch 2")
            for client in (one, third):
                event = await client.event()
                assert event["data"] == {"session": "a", "lines": ["epoch 1", "epoch 2"]}
        daemon.sessions.add(session_view("b"))
        assert (await other.event())["topic"] == "session"
        assert (await one.event())["topic"] == "session"
        assert daemon.sessions.followed == ["a"]
        await one.result("events.subscribe")
        assert daemon.sessions.followed == []


async def test_a_follower_that_goes_away(daemon):
    """The log is turned off when its only follower is cut."""
    daemon.sessions.add(session_view("a"))
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe", {"topics": ["log:a"]})
        client.writer.transport.abort()
        await eventually(lambda: not daemon.sessions.followed)


@pytest.mark.parametrize(("topic", "kind"), [("logs:a", "invalid_params"), ("log:zz", "unknown_session")])
async def test_topics_that_are_not(daemon, topic, kind):
    """They are refused, and nothing is subscribed."""
    async with WireClient(daemon.socket) as client:
        assert (await client.error("events.subscribe", {"topics": [topic]}))["data"]["kind"] == kind
        daemon.sessions.add(session_view("a"))
        await client.result("daemon.status")
        assert client.events == []


async def test_a_reader_that_is_too_slow(daemon):
    """Its backlog becomes one resync; after it events go on, and others miss nothing."""
    async with WireClient(daemon.socket) as slow, WireClient(daemon.socket) as quick:
        await slow.result("events.subscribe")
        await quick.result("events.subscribe")
        slow.writer.transport.pause_reading()
        long = "x" * 4096
        # Fill the slow one's socket, then its queue, reading with the quick one all the time.
        count = 0
        while count < QUEUE_LIMIT + 200:
            daemon.sessions.add(session_view(f"{long}{count}"))
            count += 1
            while (await quick.event())["data"]["id"] != f"{long}{count - 1}":
                pass
        slow.writer.transport.resume_reading()
        topics = []
        while "resync" not in topics:
            topics.append((await slow.event())["topic"])
        assert len(topics) < count
        daemon.sessions.add(session_view("last"))
        while (await slow.event())["data"]["id"] != "last":
            pass


async def test_a_reader_that_never_reads(folder, daemon):
    """It is cut off after its time, and holds nobody up."""
    path = folder / "t" / "d.sock"
    server = Server(ControlPlane(daemon.services), path, limits=Limits(write_s=0.2))
    await server.start()
    async with WireClient(path) as deaf:
        await deaf.result("events.subscribe")
        deaf.writer.transport.pause_reading()
        daemon.sessions.add(session_view("x" * 4096))
        for _ in range(500):
            daemon.sessions.add(session_view("x" * 4096))
        async with WireClient(path) as other:
            assert "result" in await other.request("daemon.status")
        await eventually(lambda: not daemon.events._subscriptions)
    await server.close()


async def test_events_that_are_gathered(daemon):
    """The first comes at once and by itself; those that follow close behind come together, in order."""
    async with WireClient(daemon.socket) as client:
        sequence = (await client.result("events.subscribe", {"gather_ms": 200}))["sequence"]
        daemon.sessions.add(session_view("a"))
        assert (await client.read())["params"]["data"]["id"] == "a"
        for name in "bcd":
            daemon.sessions.add(session_view(name))
        together = await client.read()
        assert [each["method"] for each in together] == ["event"] * 3
        assert [each["params"]["data"]["id"] for each in together] == ["b", "c", "d"]
        assert [each["params"]["sequence"] - sequence for each in together] == [2, 3, 4]


async def test_a_flood_that_is_gathered(daemon):
    """It does not wait for its time when there is more than is sent together, and nothing of it is lost."""
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe", {"gather_ms": 1000})
        count = QUEUE_LIMIT - 1
        for number in range(count):
            daemon.sessions.add(session_view(f"{number}"))
        seen, messages = [], 0
        while len(seen) < count:
            messages += 1
            seen += [each["params"]["data"]["id"] for each in await client.read()]
        assert seen == [f"{number}" for number in range(count)]
        assert messages < 10


async def test_long_events_that_are_gathered(daemon):
    """They are put together only as far as the message does not get too long."""
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe", {"gather_ms": 50})
        daemon.sessions.add(session_view("first"))
        assert (await client.read())["params"]["data"]["id"] == "first"
        for letter in "abc":
            daemon.sessions.add(session_view(letter * 200_000))
        assert [each["params"]["data"]["id"][0] for each in await client.read()] == ["a", "b"]
        assert (await client.read())["params"]["data"]["id"][0] == "c"


@pytest.mark.parametrize("gather_ms", [-1, 1001, "50"])
async def test_times_to_gather_that_make_no_sense(daemon, gather_ms):
    """They are refused."""
    async with WireClient(daemon.socket) as client:
        error = await client.error("events.subscribe", {"gather_ms": gather_ms})
        assert error["data"]["kind"] == "invalid_params"
