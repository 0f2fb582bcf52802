"""The order of ciphers."""

from runicornd.ssh.asyncssh_algorithms import CHACHA, CIPHERS, GCM, ciphers, preferred


def test_aes_comes_first_where_the_processor_does_it():
    """A small difference, which may be chance, changes nothing."""
    assert preferred(aes_s=1.0, chacha_s=4.0) == CIPHERS
    assert preferred(aes_s=1.0, chacha_s=0.9) == CIPHERS
    assert CIPHERS[0] == GCM


def test_chacha_comes_first_where_aes_is_slow():
    """The rest keeps its order, and nothing is added or lost."""
    order = preferred(aes_s=3.0, chacha_s=1.0)
    assert order[0] == CHACHA
    assert order[1:] == tuple(name for name in CIPHERS if name != CHACHA)


def test_this_machine_is_measured_once():
    """The same ciphers are offered to every server."""
    assert ciphers() is ciphers()
    assert set(ciphers()) == set(CIPHERS)
