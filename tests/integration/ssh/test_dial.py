"""The TCP connection: which address it goes to, and which one it comes from."""

import socket

import pytest

from runicornd.errors import HostUnreachable
from runicornd.ssh.dial import dial, look_up
from runicornd.ssh.targets import Host


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


def host(port, **changes):
    return Host(target="server", hostname="localhost", port=port, user="ada", **changes)


@pytest.mark.parametrize(("family", "wanted"), [("inet", socket.AF_INET), ("inet6", socket.AF_INET6)])
async def test_one_family_only(family, wanted):
    """Names are looked up for the chosen family."""
    addresses = {"inet": "127.0.0.1", "inet6": "::1"}
    found = await look_up(Host(target="x", hostname=addresses[family], address_family=family))
    assert {address[0] for address in found} == {wanted}
    other = addresses["inet6" if family == "inet" else "inet"]
    with pytest.raises(HostUnreachable):
        await look_up(Host(target="x", hostname=other, address_family=family))


async def test_the_address_that_it_comes_from(listener):
    """The server sees the chosen address of this machine."""
    port = listener.getsockname()[1]
    with await dial(host(port, address_family="inet", bind_address="127.0.0.9")):
        connection, peer = listener.accept()
        connection.close()
    assert peer[0] == "127.0.0.9"


async def test_an_address_that_this_machine_does_not_have(listener):
    """The error says so."""
    port = listener.getsockname()[1]
    with pytest.raises(HostUnreachable, match="this machine has no address of that sort"):
        await dial(host(port, address_family="inet", bind_address="192.0.2.1"))
