"""Lines, and names that are not UTF-8."""

import json
import os

import pytest

from runicornd.agent.wire import Splitter, decode, encode, from_wire, to_wire


@pytest.mark.parametrize(
    "raw",
    [
        b"plain",
        "ümlaut €".encode(),
        b"\xff",
        b"a\xe9b",
        "\uf7ff\uf780".encode(),
        "\uf7ff".encode() + b"\xff\xef",
        b"\xef\x9f",
    ],
)
def test_every_name_has_one_valid_form_and_comes_back(raw):
    """Valid Unicode on the way, the same bytes at the end."""
    name = os.fsdecode(raw)
    travelling = to_wire(name)
    assert travelling.encode()
    assert os.fsencode(from_wire(travelling)) == raw


def test_no_two_names_look_alike():
    """A name with the escaping characters in it is not taken for an escaped one."""
    names = [b"\xff", "\uf7ff".encode(), b"\xef\x9f\xbf"]
    assert len({to_wire(os.fsdecode(name)) for name in names}) == len(set(names)) == 2


def test_messages_go_through_whole():
    """Nested texts are mapped, everything else stays."""
    message = {"a": ["\udcff", {"b": "\udc80"}], "n": 1, "none": None, "yes": True}
    line = encode(message)
    assert line.endswith(b"\n")
    assert json.loads(line)["a"][0] == "\uf7ff"
    assert decode(line) == message


@pytest.mark.parametrize("line", [b"", b"[]", b"1", b"{", b"\xff", b'{"a":' + b"[" * 100000])
def test_what_is_no_object_is_a_value_error(line):
    """One error for every bad line."""
    with pytest.raises(ValueError, match="JSON object"):
        decode(line)


def test_lines_come_out_however_they_are_cut():
    """Pieces, several lines in one, and the rest waits."""
    splitter = Splitter()
    assert splitter.feed(b"on") == []
    assert splitter.feed(b"e\ntwo\nth") == [b"one", b"two"]
    assert splitter.feed(b"ree\n\n") == [b"three", b""]


def test_a_line_too_long_is_skipped_and_the_next_one_is_well():
    """None stands for it, whether it comes at once or in pieces."""
    splitter = Splitter(limit=4)
    assert splitter.feed(b"12345\nok\n") == [None, b"ok"]
    assert splitter.feed(b"123") == []
    assert splitter.feed(b"45") == []
    assert splitter.feed(b"67890") == []
    assert splitter.feed(b"\n1234\n") == [None, b"1234"]
