"""The worker's connection: made ahead, shared, made again."""

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.errors import AuthFailed
from runicornd.ssh.targets import Host
from runicornd.storage.worker.link import WorkerLink
from tests.fakes.clock import settle
from tests.fakes.connector import FakeConnector

HOST = Host(target="gpu", hostname="gpu")


class Interview:
    """Judges a failure: raises those that no further attempt can mend."""

    async def failed(self, failure):
        raise failure


@pytest.fixture
async def make():
    links = []

    def make(*outcomes):
        async def begin(_number, _host):
            return Interview()

        connector = FakeConnector(*outcomes)
        links.append(WorkerLink(HOST, connector, begin, lambda _detail: None, SystemClock()))
        return links[-1], connector

    yield make
    for link in links:
        await link.close()


async def test_what_was_begun_is_what_comes_up(make):
    """One connection, however often it is begun and asked for."""
    link, connector = make()
    link.begin()
    link.begin()
    await settle()
    assert await link.up() is connector.connections[0]
    assert await link.up() is connector.connections[0]
    link.begin()
    assert connector.tries == 1


async def test_a_failure_ahead_is_told_once(make):
    """Whoever wants the connection hears of it, and is not asked for a password twice."""
    link, connector = make(AuthFailed("cannot log in"))
    link.begin()
    await settle()
    with pytest.raises(AuthFailed):
        await link.up()
    assert connector.tries == 1
    assert await link.up() is connector.connections[0]


async def test_a_connection_that_went_before_it_was_wanted_is_made_again(make):
    """Nobody gets a dead one."""
    link, connector = make()
    link.begin()
    await settle()
    connector.connections[0].drop()
    await settle()
    assert await link.up() is connector.connections[1]
    connector.connections[1].drop()
    await settle()
    assert await link.up() is connector.connections[2]
