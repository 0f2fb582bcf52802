"""Forwards on a link of this machine: real sockets, no SSH."""

import asyncio
import itertools

import pytest

from runicornd.errors import AuthFailed, InvalidParams, PortTaken, UnknownForward
from runicornd.events import EventHub
from runicornd.forwards.manager import Forwards
from runicornd.forwards.model import ForwardPhase
from runicornd.prompts import Prompts
from runicornd.ssh.link import Link
from runicornd.ssh.local import LocalConnector
from runicornd.ssh.pool import Pool
from runicornd.ssh.targets import Host
from runicornd.tunnels.ports import Ports
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeInterview
from tests.helpers.waiting import eventually


class Targets:
    """Every target is this machine."""

    async def resolve(self, target):
        return Host(target=target, hostname="localhost", is_local=True)


class Connector(LocalConnector):
    """Refuses for the reasons that are put into ``refusals``."""

    def __init__(self):
        super().__init__()
        self.refusals = []

    async def connect(self, host, interviewer):
        if self.refusals:
            raise self.refusals.pop()
        return await super().connect(host, interviewer)


class World:
    def __init__(self, folder):
        self.folder = folder
        self.connector = Connector()
        self.events = EventHub()
        self.pool = Pool(
            lambda host: Link(
                host,
                connector=self.connector,
                interviews=FakeInterview,
                prompts=Prompts(self.events),
                events=self.events,
                clock=FakeClock(),
                backoff=lambda: itertools.repeat(0.0),
            )
        )
        self.forwards = self.manager()

    def manager(self):
        return Forwards(
            self.folder,
            targets=Targets(),
            pool=self.pool,
            ports=Ports(0, 0),
            events=self.events,
            clock=FakeClock(),
            hold_s=1.0,
        )

    @property
    def link(self):
        (link,) = self.pool.links()
        return link

    def phase(self):
        (view,) = self.forwards.list()
        return view.phase

    async def close(self):
        await self.forwards.close()
        await self.pool.close()


@pytest.fixture
async def world(tmp_path):
    world = World(tmp_path / "forwards")
    yield world
    await world.close()


@pytest.fixture
async def echo():
    """A server that sends back a line, and its port."""

    async def answer(reader, writer):
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def said(port, text=b"hello\n"):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_it_leads_to_a_port(world, echo):
    """Bytes go there and back."""
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    assert await said(view.intent.local_port) == b"hello\n"
    assert world.phase() is ForwardPhase.READY


async def test_it_leads_to_a_unix_socket(world, tmp_path):
    """So do they to a socket."""

    async def answer(reader, writer):
        writer.write(b"socket:" + await reader.readline())
        writer.close()

    async with await asyncio.start_unix_server(answer, tmp_path / "s"):
        view = await world.forwards.open("gpu", str(tmp_path / "s"), None)
        assert await said(view.intent.local_port) == b"socket:hello\n"


async def test_its_port_outlives_the_link(world, echo):
    """After a cut the same address works again."""
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    await eventually(lambda: world.link.connection)
    await world.link.connection.close()
    assert await said(view.intent.local_port) == b"hello\n"
    await eventually(lambda: world.phase() is ForwardPhase.READY)


async def test_what_needs_a_person_is_shown(world, echo):
    """It waits until somebody has acted, and goes on by itself then."""
    world.connector.refusals.append(AuthFailed("cannot log in"))
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    await eventually(lambda: world.phase() is ForwardPhase.BLOCKED)
    (blocked,) = world.forwards.list()
    assert isinstance(blocked.error, AuthFailed)
    world.link.kick()
    await eventually(lambda: world.phase() is ForwardPhase.READY)
    assert await said(view.intent.local_port) == b"hello\n"


async def test_asked_for_twice_it_is_one(world, echo):
    """The same way again is the same forward; another port makes another one."""
    first = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    again = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    assert again.intent == first.intent
    await world.forwards.open("gpu", f"127.0.0.1:{echo + 1 if echo < 65535 else 1}", None)
    assert len(world.forwards.list()) == 2


async def test_a_taken_port_is_an_error_and_leaves_nothing(world, echo):
    """Nobody is led elsewhere than asked."""
    with pytest.raises(PortTaken):
        await world.forwards.open("gpu", f"{echo}:127.0.0.1:{echo}", None)
    assert world.forwards.list() == []
    assert not list(world.folder.glob("*"))


async def test_a_bad_spec_begins_nothing(world):
    """It is refused before anything is resolved."""
    with pytest.raises(InvalidParams):
        await world.forwards.open("gpu", "nonsense", None)
    assert world.pool.links() == ()


async def test_closed_it_is_gone(world, echo):
    """The port is free, and the next daemon does not open it."""
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    await world.forwards.shut(view.intent.id)
    with pytest.raises(ConnectionRefusedError):
        await said(view.intent.local_port)
    assert not list(world.folder.glob("*.json"))
    with pytest.raises(UnknownForward, match="cannot find"):
        await world.forwards.shut(view.intent.id)


async def test_closed_it_keeps_no_port(world, echo):
    """Another one may name the port that it had."""
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    port = view.intent.local_port
    await world.forwards.shut(view.intent.id)
    again = await world.forwards.open("other", f"{port}:127.0.0.1:{echo}", None)
    assert again.intent.local_port == port


async def test_how_long_connections_wait_can_change(world, echo):
    """Those that come while the link is down wait as long as is set now."""
    world.forwards.hold_for(0.0)
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    world.forwards.hold_for(0.1)
    await eventually(lambda: world.phase() is ForwardPhase.READY)
    assert await said(view.intent.local_port) == b"hello\n"


async def test_the_next_daemon_opens_it_on_the_same_port(world, echo):
    """What was wanted stays wanted."""
    view = await world.forwards.open("gpu", f"127.0.0.1:{echo}", None)
    await world.forwards.close()
    world.forwards = world.manager()
    await world.forwards.restore()
    assert [each.intent for each in world.forwards.list()] == [view.intent]
    assert await said(view.intent.local_port) == b"hello\n"
