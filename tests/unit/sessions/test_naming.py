"""Session ids."""

import pytest

from runicornd.sessions.naming import session_id


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("gpu-server", "gpu-server"),
        ("local", "local"),
        ("ada@gpu-1.lab.edu:2222", "gpu-1"),
        ("ssh://ada@gpu-1.lab.edu:22", "gpu-1"),
        ("192.168.1.100", "192.168.1.100"),
        ("ada@10.0.0.5:22", "10.0.0.5"),
        ("[fe80::1%eth0]:22", "fe80-1-eth0"),
        ("::1", "1"),
        ("GPU_Server", "gpu-server"),
        ("服务器", "session"),
        ("x" * 300, "x" * 24),
    ],
)
def test_the_id_comes_from_the_target(target, expected):
    """User, port and domain are left out."""
    assert session_id(target, ()) == expected


def test_a_taken_id_gets_a_number():
    """The first free number is used."""
    assert session_id("gpu", {"gpu", "gpu-2"}) == "gpu-3"
