"""Which packets take the shortcut, and which the engine gets."""

import random

import pytest

from runicornd.ssh.asyncssh_shortcut import GcmCipher, Shortcut

KEY, IV = bytes(range(16)), bytes(range(12))
WINDOW = 1000
CHANNEL = 7


class Server:
    """Makes packets as a server does."""

    def __init__(self):
        self._cipher = GcmCipher(KEY, IV)

    def packet(self, payload):
        padding = 16 - (1 + len(payload)) % 16
        padding += 16 if padding < 4 else 0
        body = bytes([padding]) + payload + bytes(padding)
        return b"".join(self._cipher.encrypt_packet(0, len(body).to_bytes(4, "big"), body))

    def data(self, content, channel=CHANNEL):
        return self.packet(b"\x5e" + channel.to_bytes(4, "big") + len(content).to_bytes(4, "big") + content)


class Engine:
    """Takes packets as asyncssh does; ``is_busy`` lets it only gather bytes."""

    def __init__(self):
        self.payloads = []
        self.damaged = 0
        self.is_busy = False
        self._cipher = GcmCipher(KEY, IV)
        self._bytes = b""
        self._first = b""

    def data_received(self, data):
        self._bytes += data
        while not self.is_busy and self._step():
            pass

    @property
    def waiting(self):
        """How many bytes of a packet it has."""
        return len(self._first + self._bytes)

    def _step(self):
        if not self._first:
            if len(self._bytes) < 16:
                return False
            self._first, self._bytes = self._bytes[:16], self._bytes[16:]
            self._cipher.decrypt_header(0, self._first, 4)
        rest = int.from_bytes(self._first[:4], "big") + 4 - 16
        if len(self._bytes) < rest + 16:
            return False
        body = self._cipher.decrypt_packet(
            0, self._first, self._bytes[:rest], 4, self._bytes[rest : rest + 16]
        )
        self._first, self._bytes = b"", self._bytes[rest + 16 :]
        if body is None:
            self.damaged += 1
        else:
            self.payloads.append(body[1 : -body[0]])
        return True


class Transport:
    is_aborted = False

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True


class Channel:
    """What a stream and the shortcut ask of a channel."""

    _recv_chan = CHANNEL

    def __init__(self):
        self.sent = []

    def get_recv_window(self):
        return WINDOW

    def send_packet(self, kind, payload):
        self.sent.append((kind, int.from_bytes(payload, "big")))


class Stream:
    is_lost = False
    is_paused = False

    def __init__(self):
        self.channel = Channel()
        self.taken = []
        self.on_read = None
        self.growth = 0

    def grown(self, size):
        return self.growth

    def take_in(self, data):
        self.taken.append(data)


class Line:
    """A shortcut between a server and an engine."""

    def __init__(self):
        self.server, self.engine, self.transport, self.stream = Server(), Engine(), Transport(), Stream()
        self.shortcut = Shortcut(self.engine, self.transport)

    def begin(self):
        """Follow the stream, once the first packet has shown where packets begin."""
        self.receive(self.server.packet(b"\x02hello"))
        self.shortcut.follow(self.stream)
        return self

    def receive(self, data):
        while data:
            view = self.shortcut.get_buffer(-1)
            part = data[: len(view)]
            view[: len(part)] = part
            self.shortcut.buffer_updated(len(part))
            data = data[len(part) :]


@pytest.fixture
def line():
    return Line().begin()


def test_data_of_a_followed_channel_goes_past_the_engine(line):
    """In one piece when it comes in one; the engine gets the rest."""
    line.receive(line.server.data(b"first ") + line.server.data(b"second") + line.server.packet(b"\x02other"))
    line.receive(line.server.data(b"x", channel=8) + line.server.data(b"third"))
    assert line.stream.taken == [b"first second", b"third"]
    assert [payload[:5] for payload in line.engine.payloads] == [b"\x02hell", b"\x02othe", b"\x5e\0\0\0\x08"]


def test_pieces_of_any_size_come_to_the_same(line):
    """Packets that are cut anywhere, from the first byte on."""
    chance = random.Random(3)
    for _ in range(20):
        line = Line()
        line.shortcut.follow(line.stream)
        contents = [chance.randbytes(chance.choice([1, 5, 40, 90])) for _ in range(9)]
        sent = b"".join(
            line.server.data(each) if number % 3 else line.server.packet(b"\x02" + each)
            for number, each in enumerate(contents)
        )
        while sent:
            count = chance.choice([1, 3, 17, 200])
            line.receive(sent[:count])
            sent = sent[count:]
        assert b"".join(line.stream.taken) == b"".join(contents[n] for n in range(9) if n % 3)
        assert [each[1:] for each in line.engine.payloads] == contents[::3]


def test_room_is_given_back_as_it_is_read(line):
    """A quarter of a window at a time."""
    line.receive(line.server.data(bytes(900)))
    line.stream.on_read(249)
    assert line.stream.channel.sent == []
    line.stream.on_read(1)
    assert line.stream.channel.sent == [(93, 250)]
    line.receive(line.server.data(bytes(350)))
    assert not line.transport.is_aborted


def test_a_window_that_has_grown_is_told_at_once(line):
    """The far end may send as much more, and what was read."""
    line.receive(line.server.data(bytes(900)))
    line.stream.growth = 3000
    line.stream.on_read(10)
    assert line.stream.channel.sent == [(93, 3010)]
    line.receive(line.server.data(bytes(3110)))
    assert not line.transport.is_aborted


def test_more_than_there_is_room_for_ends_the_connection(line):
    """Nothing of it is kept."""
    line.receive(line.server.data(bytes(WINDOW)))
    line.receive(line.server.data(b"x") + line.server.data(b"y"))
    assert line.transport.is_aborted
    assert b"".join(line.stream.taken) == bytes(WINDOW)


@pytest.mark.parametrize("position", [20, -1])
def test_a_packet_that_is_not_genuine_is_the_engines_to_judge(line, position):
    """It hears of it, and no reader does."""
    packet = bytearray(line.server.data(b"content"))
    packet[position] ^= 1
    line.receive(bytes(packet))
    assert line.engine.damaged == 1
    assert line.stream.taken == []


def test_lengths_that_do_not_fit_are_the_engines_to_judge(line):
    """A packet that says that it has more data than it has."""
    line.receive(
        line.server.packet(b"\x5e" + CHANNEL.to_bytes(4, "big") + (99).to_bytes(4, "big") + b"short")
    )
    assert line.stream.taken == []
    assert len(line.engine.payloads) == 2


def test_the_engine_gets_everything_while_it_is_behind(line):
    """So that nothing overtakes what it has not looked at yet."""
    line.engine.is_busy = True
    line.receive(line.server.packet(b"\x02slow"))
    line.receive(line.server.data(b"first"))
    assert line.stream.taken == []
    line.engine.is_busy = False
    line.receive(line.server.packet(b"\x02again"))
    assert [each[-5:] for each in line.engine.payloads] == [b"hello", b"\x02slow", b"first", b"again"]
    line.receive(line.server.data(b"second"))
    assert line.stream.taken == [b"second"]


def test_the_engine_gets_everything_of_a_paused_channel(line):
    """It holds data back, which must not be overtaken."""
    line.stream.is_paused = True
    line.receive(line.server.data(b"first"))
    line.stream.is_paused = False
    line.receive(line.server.data(b"second"))
    assert line.stream.taken == [b"second"]
    assert line.engine.payloads[-1].endswith(b"first")


def test_a_packet_of_absurd_length_is_passed_on(line):
    """At once, not when all of it is there: the engine ends such a connection."""
    line.receive(b"\xff" * 40)
    assert line.engine.waiting == 40
