"""Lines and messages."""

import msgspec
import pytest

from runicornd.protocol import framing, models


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_come_out_however_the_bytes_come_in(size):
    """Cutting the stream anywhere changes nothing; empty lines are dropped."""
    stream = b'{"a":1}\n\n  \n{"b":"\xc3\xa4"}\n{"rest'
    lines = framing.LineBuffer()
    found = [
        line for start in range(0, len(stream), size) for line in lines.feed(stream[start : start + size])
    ]
    assert found == [b'{"a":1}', b'{"b":"\xc3\xa4"}']
    assert lines.feed(b'"}\n') == [b'{"rest"}']


def test_a_line_of_the_limit_is_the_longest():
    """One byte more is refused, whether its end has come or not."""
    assert framing.LineBuffer(4).feed(b"abcd\n") == [b"abcd"]
    for data in (b"abcde\n", b"abcde"):
        with pytest.raises(framing.LineTooLong):
            framing.LineBuffer(4).feed(data)
    lines = framing.LineBuffer(4)
    lines.feed(b"abc")
    with pytest.raises(framing.LineTooLong):
        lines.feed(b"de")


def test_a_request_as_a_line():
    """It is one line of JSON-RPC, whatever its text."""
    line = framing.encode_request(7, "hosts.forget", models.HostNameParams(name="a\nb"))
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line) == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "hosts.forget",
        "params": {"name": "a\nb"},
    }


def test_what_cannot_be_sent():
    """A message that the other side would refuse is not sent."""
    with pytest.raises(framing.LineTooLong):
        framing.encode_line("x" * framing.MAX_LINE_BYTES)


def test_an_answer_is_read():
    """Its result stays JSON until the caller says what it is."""
    answer = framing.decode_incoming(b'{"jsonrpc":"2.0","id":3,"result":{"done":true,"later":1}}')
    assert isinstance(answer, framing.Response)
    assert (answer.id, answer.error) == (3, None)
    assert msgspec.json.decode(answer.result, type=models.Done).done


def test_an_error_is_read():
    """With its kind and hint, and fields of a later version ignored."""
    answer = framing.decode_incoming(
        b'{"jsonrpc":"2.0","id":null,"error":{"code":1203,"message":"m",'
        b'"data":{"kind":"port_taken","message":"m","hint":"h","new":1}}}'
    )
    assert isinstance(answer, framing.Response)
    assert answer.error is not None
    assert answer.error.data is not None
    assert (answer.error.code, answer.error.data.kind, answer.error.data.hint) == (1203, "port_taken", "h")


def test_an_event_makes_the_journey():
    """What one end encodes the other decodes."""
    event = models.Event(5, "log", models.LogLines("gpu", ["a"]))
    push = framing.decode_incoming(framing.encode_event(event))
    assert isinstance(push, framing.Notification)
    assert (push.method, push.params.sequence, push.params.topic) == ("event", 5, "log")
    assert push.params.data == {"session": "gpu", "lines": ["a"]}


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"id":1}', b'{"jsonrpc":"2.0","method":"event"}', b'"\xff"', b"[" * 100_000]
)
def test_what_is_no_message(line):
    """It is refused as such."""
    with pytest.raises(framing.BadMessage):
        framing.decode_incoming(line)
