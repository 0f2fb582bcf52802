"""What a forward's spec may be."""

import pytest

from runicornd.errors import InvalidParams
from runicornd.forwards.model import Endpoint, read_spec


@pytest.mark.parametrize(
    ("spec", "local_port", "endpoint"),
    [
        ("6006", None, Endpoint("localhost", 6006)),
        ("16006:6006", 16006, Endpoint("localhost", 6006)),
        ("16006:node-7:6006", 16006, Endpoint("node-7", 6006)),
        ("node-7:6006", None, Endpoint("node-7", 6006)),
        ("8080:[::1]:80", 8080, Endpoint("::1", 80)),
        ("/run/app.sock", None, Endpoint(path="/run/app.sock")),
        ("8888:/run/my app.sock", 8888, Endpoint(path="/run/my app.sock")),
    ],
)
def test_good_specs(spec, local_port, endpoint):
    """The forms of `ssh -L`, without a bind address."""
    assert read_spec(spec) == (local_port, endpoint)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        ":",
        "0",
        "65536",
        "99999:80",
        "a",
        "host:",
        ":80",
        "1:2:3:4",
        "run/app.sock",
        "80:a b:80",
        "[::1:80",
        "/" + "x" * 200,
        "/a\0b",
        "-1",
        "٣",
    ],
)
def test_bad_specs(spec):
    """They are refused with what is expected."""
    with pytest.raises(InvalidParams, match="cannot forward") as refused:
        read_spec(spec)
    assert refused.value.hint


def test_an_endpoint_reads_as_it_is_written():
    """For lists and messages."""
    assert [str(Endpoint("::1", 80)), str(Endpoint("a", 1)), str(Endpoint(path="/x"))] == [
        "[::1]:80",
        "a:1",
        "/x",
    ]
