import errno
import socket

import pytest

from runicornd.errors import InvalidParams, PortTaken
from runicornd.tunnels.ports import Ports


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.fixture
def hold():
    """Makes listeners of a stranger."""
    held = []

    def hold(address="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        other = socket.socket(family)
        held.append(other)
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind((address, port))
        other.listen()
        return other.getsockname()[1]

    yield hold
    for each in held:
        each.close()


@pytest.fixture
def take():
    """Takes ports, and closes the listeners at the end."""
    taken = []

    def take(ports, *args, **options):
        taken.append(ports.take(*args, **options))
        return taken[-1]

    yield take
    for each in taken:
        each.close()


def free_port():
    listener = Ports(0, 0).take("probe")
    listener.close()
    return listener.port


def free_range(count):
    """The first of so many neighbouring ports that are free now."""
    ports = Ports()
    for _ in range(50):
        first = free_port()
        listeners = []
        try:
            listeners.extend(
                ports.take(f"probe{port}", port, explicit=True) for port in range(first, first + count)
            )
        except (PortTaken, InvalidParams, OverflowError):
            continue
        else:
            return first
        finally:
            for each in listeners:
                each.close()
    raise AssertionError("no free neighbours")


def connects(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(5)
        return client.connect_ex((address, port)) == 0


@needs_ipv6
def test_a_port_is_taken_on_both_loopback_addresses_and_no_other(take):
    """Browsers that try ::1 or 127.0.0.1 first both reach us; the network does not."""
    listener = take(Ports(0, 0), "a")
    assert [each.getsockname()[:2] for each in listener.sockets] == [
        ("127.0.0.1", listener.port),
        ("::1", listener.port),
    ]
    assert connects("127.0.0.1", listener.port)
    assert connects("::1", listener.port)


def test_the_range_is_used_from_its_start(take):
    """The first free port of the range is given out."""
    first = free_range(3)
    ports = Ports(first, first + 2)
    assert [take(ports, owner).port for owner in "abc"] == [first, first + 1, first + 2]


def test_a_full_range_is_an_error(take):
    """When nothing is free the message names the range."""
    first = free_range(2)
    ports = Ports(first, first + 1)
    take(ports, "a")
    take(ports, "b")
    with pytest.raises(PortTaken, match=f"{first} to {first + 1}") as refused:
        ports.take("c")
    assert "range" in refused.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", pytest.param("::1", marks=needs_ipv6)])
def test_a_taken_preferred_port_moves_on(hold, take, address):
    """A stranger on either loopback address, or on all, makes us take the next one."""
    first = free_range(2)
    hold(address, first)
    assert take(Ports(first, first + 1), "a", first).port == first + 1


@pytest.mark.parametrize("address", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_an_explicit_port_that_is_taken_is_an_error(hold, address):
    """It says which port, and how to find who has it; nothing stays bound."""
    port = hold(address, free_port())
    with pytest.raises(PortTaken, match=str(port)) as refused:
        Ports().take("a", port, explicit=True)
    assert f":{port}" in refused.value.hint
    assert refused.value.context == {"port": port}
    other = "::1" if address == "127.0.0.1" else "127.0.0.1"
    hold(other, port)


def test_an_explicit_port_may_lie_outside_the_range(take):
    """The user's choice stands."""
    port = free_port()
    assert take(Ports(0, 0), "a", port, explicit=True).port == port


def test_a_remembered_port_is_not_given_to_others(take):
    """A session that is stopped or not yet started keeps its port."""
    first = free_range(2)
    ports = Ports(first, first + 1)
    ports.remember("gpu", first)
    assert take(ports, "other").port == first + 1
    with pytest.raises(PortTaken, match="gpu has it"):
        ports.take("third", first, explicit=True)
    assert take(ports, "gpu", first).port == first


def test_an_owner_gets_its_own_port_again(take):
    """Closing and taking again leads to the same port, also without naming it."""
    first = free_range(3)
    ports = Ports(first, first + 2)
    take(ports, "a")
    listener = take(ports, "b")
    listener.close()
    assert take(ports, "b").port == first + 1


def test_a_forgotten_port_is_free_for_others(take):
    """Removing a session frees its port."""
    first = free_range(1)
    ports = Ports(first, first)
    take(ports, "a").close()
    ports.forget("a")
    assert take(ports, "b").port == first


def test_an_owner_that_moved_on_keeps_one_port(take):
    """The former port of an owner goes to others."""
    first = free_range(2)
    ports = Ports(first, first + 1)
    take(ports, "a").close()
    take(ports, "a", first + 1)
    assert take(ports, "b").port == first


def test_old_connections_do_not_block_our_own_port(take):
    """After a restart the port can be had at once, connections in TIME_WAIT notwithstanding."""
    ports = Ports(0, 0)
    listener = take(ports, "a")
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        listener.sockets[0].setblocking(True)
        accepted, _ = listener.sockets[0].accept()
        accepted.close()  # our side closes first, so TIME_WAIT is ours
        assert client.recv(1) == b""
    listener.close()
    assert take(Ports(), "b", listener.port, explicit=True).port == listener.port


def refusal(thief, port):
    """The number of the error that the thief meets."""
    try:
        thief.bind(("127.0.0.1", port))
        thief.listen()
    except OSError as error:
        return error.errno
    return None


def test_nobody_can_share_the_port(take):
    """Another socket cannot listen beside us, not even with SO_REUSEADDR or SO_REUSEPORT."""
    listener = take(Ports(0, 0), "a")
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, option, 1)
            assert refusal(thief, listener.port) == errno.EADDRINUSE
