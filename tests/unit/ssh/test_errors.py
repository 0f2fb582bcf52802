"""What a failed attempt is called."""

from dataclasses import replace
from types import SimpleNamespace

import asyncssh
import pytest

from runicornd.ssh.asyncssh_errors import Attempt, gaps, translate
from runicornd.ssh.budget import Budget
from runicornd.ssh.greeting import Greeting, Offer
from runicornd.ssh.targets import Host

GOOD = Offer(("curve25519-sha256",), ("ssh-ed25519",), ("aes128-ctr",), ("hmac-sha2-256",))


def attempt(offer):
    greeting = Greeting(version="SSH-2.0-x", offer=offer)
    return Attempt(
        Host(target="server", hostname="127.0.0.1", port=22, user="ada"),
        SimpleNamespace(shown=None),
        SimpleNamespace(greeting=greeting, complaint=""),
        Budget(),
    )


@pytest.mark.parametrize(
    "weak",
    [
        {"key_exchange": ("diffie-hellman-group14-sha1",)},
        {"host_keys": ("ssh-dss",)},
        {"ciphers": ("aes128-cbc",)},
        {"macs": ("hmac-sha1",)},
    ],
)
@pytest.mark.parametrize("error", [asyncssh.ConnectionLost("gone"), ConnectionResetError("reset")])
def test_hanging_up_on_weak_algorithms(weak, error):
    """A server that sees first that nothing fits may hang up; its offer says why."""
    failure = translate(error, attempt(replace(GOOD, **weak)))
    assert failure.kind == "no_common_algorithm"
    assert next(iter(weak.values()))[0] in str(failure)


def test_hanging_up_for_another_reason():
    """Nothing is wrong with the algorithms."""
    failure = translate(asyncssh.ConnectionLost("gone"), attempt(GOOD))
    assert failure.kind == "host_unreachable"
    assert failure.context["reason"] == "closed"


def test_a_cipher_that_needs_no_mac():
    """Old MACs beside a cipher that authenticates by itself are no gap."""
    assert not gaps(replace(GOOD, ciphers=("aes128-gcm@openssh.com",), macs=("hmac-sha1",)))
