import asyncio
import itertools
from dataclasses import replace

from runicornd.errors import HostUnreachable
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.ssh.lifecycle import LinkPhase
from runicornd.ssh.link import Link
from runicornd.ssh.pool import Pool
from runicornd.ssh.targets import Host
from tests.fakes.clock import FakeClock, settle
from tests.fakes.connector import FakeConnector, FakeInterview

ONE = Host(target="one", hostname="one.example", user="ada")
TWO = Host(target="two", hostname="two.example", user="ada")


def pool_with(connector):
    events = EventHub()
    clock = FakeClock()
    return Pool(
        lambda host: Link(
            host,
            connector=connector,
            interviews=FakeInterview,
            prompts=Prompts(events),
            events=events,
            clock=clock,
            backoff=lambda: itertools.repeat(100.0),
        )
    )


async def test_the_same_account_shares_a_link_under_every_name():
    """Two targets that resolve to the same key are one link; another host is another."""
    pool = pool_with(FakeConnector())
    first = pool.link(ONE)
    assert pool.link(replace(ONE, target="alias")) is first
    second = pool.link(TWO)
    assert list(pool.links()) == [first, second]
    await pool.close()


async def test_a_closed_link_is_replaced():
    """Nobody gets a link that can do nothing any more."""
    pool = pool_with(FakeConnector())
    first = pool.link(ONE)
    await first.close()
    assert pool.link(ONE) is not first
    await pool.link(ONE).up()
    await pool.close()


async def test_kick_all_skips_every_backoff():
    """A change of the network makes all waiting links try at once."""
    connector = FakeConnector(HostUnreachable("cannot"), HostUnreachable("cannot"))
    pool = pool_with(connector)
    for host in (ONE, TWO):
        pool.link(host).acquire()
    await settle()
    assert {link.state.phase for link in pool.links()} == {LinkPhase.BACKOFF}
    pool.kick_all("the network changed")
    await settle()
    assert {link.state.phase for link in pool.links()} == {LinkPhase.UP}
    await pool.close()


async def test_kick_all_probes_what_is_up():
    """A connection that died while the machine slept is found soon."""
    connector = FakeConnector()
    pool = pool_with(connector)
    for host in (ONE, TWO):
        pool.link(host).acquire()
    await settle()
    pool.kick_all("woke up")
    await settle()
    assert [connection.probes for connection in connector.connections] == [1, 1]
    await pool.close()


async def test_close_closes_all_links_and_leaves_no_task():
    """After close every connection is closed and nothing runs."""
    connector = FakeConnector()
    pool = pool_with(connector)
    links = [pool.link(host) for host in (ONE, TWO)]
    await asyncio.gather(*(link.up() for link in links))
    await pool.close()
    assert all(connection.closed for connection in connector.connections)
    assert {link.state.phase for link in links} == {LinkPhase.CLOSED}
    assert asyncio.all_tasks() == {asyncio.current_task()}
