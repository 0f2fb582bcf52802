"""Reading what people type."""

import pytest

from runicornd.errors import InvalidTarget
from runicornd.ssh.addresses import Address, is_name, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("gpu", Address("gpu")),
        ("my_gpu-1.lab", Address("my_gpu-1.lab")),
        ("сервер", Address("сервер")),
        ("ada@gpu", Address("gpu", "ada")),
        ("ada@gpu:2222", Address("gpu", "ada", 2222)),
        ("gpu:2222", Address("gpu", None, 2222)),
        ("ada@lab.org@gpu", Address("gpu", "ada@lab.org")),
        ("LAB\\ada@gpu", Address("gpu", "LAB\\ada")),
        ("::1", Address("::1")),
        ("ada@fe80::1%eth0", Address("fe80::1%eth0", "ada")),
        ("[::1]:2222", Address("::1", None, 2222)),
        ("ada@[2001:db8::1]", Address("2001:db8::1", "ada")),
        ("ssh://ada@gpu:22", Address("gpu", "ada", 22)),
        ("ssh://gpu/", Address("gpu")),
        ("SSH://a%2Eb@[::1]:22", Address("::1", "a.b", 22)),
        ("10.0.0.1:22", Address("10.0.0.1", None, 22)),
    ],
)
def test_addresses(text, address):
    """Every form that is understood."""
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=x",
        "a b",
        " gpu",
        "gpu\n",
        "gpu\x1b[2J",
        "a;b",
        "$(reboot)",
        "`x`",
        "a|b",
        "a&b",
        "a'b",
        'a"b',
        "a>b",
        "a*",
        "../x",
        "/etc",
        "@gpu",
        "ada@",
        "-x@gpu",
        "ada@-gpu",
        "a;b@gpu",
        "gpu:",
        "gpu:0",
        "gpu:65536",
        "gpu:-1",
        "gpu:22a",
        "gpu:٢٢",
        "[::1",
        "[gpu]:22",
        "[::1]22",
        "a:b:c",
        "ssh://",
        "ssh://a;b",
        "http://gpu",
        "x" * 301,
        "\u202egpu",
    ],
)
def test_what_is_no_address(text):
    """Bad input is refused, and what is shown of it is harmless."""
    with pytest.raises(InvalidTarget) as caught:
        parse_address(text)
    assert caught.value.message.isprintable()
    assert caught.value.hint


def test_names():
    """A name has no blanks, wildcards or dashes in front."""
    assert is_name("gpu_1")
    assert not any(map(is_name, ("", "*", "-x", "a b", "!x", "a?")))
