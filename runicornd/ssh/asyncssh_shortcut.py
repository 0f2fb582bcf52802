"""A shorter way for large transfers: from the socket to whoever reads, past the SSH engine.

asyncssh runs some forty Python functions for each packet, and sshd puts no more than 32 KiB into one: that is
several times the work of decrypting it. Here a packet that carries data of a channel that is followed (RFC
4254, section 5.2) is decrypted to where its reader gets it. Every other packet goes to the engine as it came,
and so does everything when the cipher is none of AES-GCM (RFC 5647), or the engine has fallen behind.
"""

from __future__ import annotations

import asyncio
import functools
import mmap
import struct
from typing import TYPE_CHECKING, ClassVar, Self

from asyncssh.encryption import Encryption, register_encryption_alg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from runicornd.ssh.asyncssh_streams import ChannelStream
    from runicornd.ssh.carriers import Receiver

CIPHERS = {"aes128-gcm@openssh.com": "aes128-gcm", "aes256-gcm@openssh.com": "aes256-gcm"}
"""Those with a shortcut, as SSH and as asyncssh calls them."""

HAS_SHORTCUT = hasattr(AESGCM, "decrypt_into")
"""Older versions of the library do not have it."""

BUFFER_BYTES = 512 * 1024
PACKET_LIMIT = 128 * 1024
TAG_BYTES = 16
LENGTH_BYTES = 4
BLOCK_BYTES = 16
"""With so many bytes of a packet the engine looks at its length."""

LENGTH = struct.Struct("!I")
HEAD = struct.Struct("!BBII")
"""Of a packet with data: the length of its padding, its kind, the channel, the length of the data."""

DATA = 94
WINDOW_ADJUST = 93


class GcmCipher(Encryption):
    """AES-GCM for the engine, and for the shortcut: both take the packets in turn.

    ``watcher`` hears of the packets that the engine takes while it is fed by it.
    """

    watcher: ClassVar[Shortcut | None] = None

    def __init__(self, key: bytes, iv: bytes) -> None:
        self._aead = AESGCM(key)
        self._fixed = iv[:4]
        self._count = int.from_bytes(iv[4:], "big")

    @classmethod
    def new(
        cls,
        cipher_name: str,  # noqa: ARG003 - the key's length says it
        key: bytes,
        iv: bytes,
        mac_alg: bytes = b"",  # noqa: ARG003
        mac_key: bytes = b"",  # noqa: ARG003
        etm: bool = False,  # noqa: ARG003 - as asyncssh calls it
    ) -> Self:
        """Make it for one direction of a connection."""
        return cls(key, iv)

    @classmethod
    def needs_mac(cls) -> bool:
        """It has its own."""
        return False

    @classmethod
    def get_mac_params(cls, mac_alg: bytes) -> tuple[int, int, bool]:  # noqa: ARG003
        """No key, a tag, over what is encrypted."""
        return 0, TAG_BYTES, True

    def encrypt_packet(self, seq: int, header: bytes, packet: bytes) -> tuple[bytes, bytes]:  # noqa: ARG002
        """Return the packet with its header, and its tag."""
        sealed = self._aead.encrypt(self._nonce(), packet, header)
        self.advance()
        return header + sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]

    def decrypt_header(self, seq: int, first_block: bytes, header_len: int) -> tuple[bytes, bytes]:  # noqa: ARG002
        """Return the block and the length in it, which is not encrypted."""
        if GcmCipher.watcher is not None:
            GcmCipher.watcher.begun(int.from_bytes(first_block[:LENGTH_BYTES], "big"))
        return first_block, first_block[:header_len]

    def decrypt_packet(
        self,
        seq: int,  # noqa: ARG002 - it is part of no nonce here
        first: bytes,
        rest: bytes,
        header_len: int,
        mac: bytes,
    ) -> bytes | None:
        """Return what is in a packet; None when it is not genuine."""
        try:
            opened = self._aead.decrypt(self._nonce(), first[header_len:] + rest + mac, first[:header_len])
        except InvalidTag:
            return None
        self.advance()
        if GcmCipher.watcher is not None:
            GcmCipher.watcher.taken(self)
        return opened

    def open_into(self, header: memoryview, sealed: memoryview, target: memoryview) -> bool:
        """Decrypt the next packet without taking it; return whether it is genuine."""
        try:
            self._aead.decrypt_into(self._nonce(), sealed, header, target)
        except InvalidTag:
            return False
        return True

    def advance(self) -> None:
        """The next packet has been taken."""
        self._count = (self._count + 1) & 0xFFFF_FFFF_FFFF_FFFF

    def _nonce(self) -> bytes:
        return self._fixed + self._count.to_bytes(8, "big")


_plain = memoryview(mmap.mmap(-1, BUFFER_BYTES))
"""Where all shortcuts decrypt to; each has handed over what is in it before its turn of the loop ends."""


class _Followed:
    """A channel whose data takes the shortcut, and the room that the far end has for more."""

    def __init__(self, stream: ChannelStream) -> None:
        self.stream = stream
        self._window = stream.channel.get_recv_window()
        self.room = self._window
        self._read = 0
        stream.on_read = self._credit

    def _credit(self, size: int) -> None:
        grown = self.stream.grown(size)
        self._window += grown
        self._read += size + grown
        # The engine may keep half a window to itself for what it has had of this channel.
        if grown or self._read >= self._window // 4:
            self.stream.channel.send_packet(WINDOW_ADJUST, self._read.to_bytes(4, "big"))
            self.room += self._read
            self._read = 0


class Shortcut(asyncio.BufferedProtocol):
    """Stands between a socket and the engine, from some moment after the login on.

    Args:
        engine: asyncssh's connection.
        transport: The socket's.
    """

    def __init__(self, engine: Receiver, transport: asyncio.Transport) -> None:
        self._engine = engine
        self._transport = transport
        # Memory that takes no room before it is used: most links never fill it.
        self._buffer = memoryview(mmap.mmap(-1, BUFFER_BYTES))
        self._start = self._end = 0
        self._at = 0
        self._parts: list[memoryview] = []
        self._current: _Followed | None = None
        self._followed: dict[int, _Followed] = {}
        self._cipher: GcmCipher | None = None
        self._missing: int | None = None

    def follow(self, stream: ChannelStream) -> None:
        """From now on let the data of this channel take the shortcut."""
        for key, each in list(self._followed.items()):
            if each.stream.is_lost:
                del self._followed[key]
        number = stream.channel._recv_chan  # noqa: SLF001 - asyncssh tells it nowhere else
        if number is not None:  # a short command may have come to its end
            self._followed[number] = _Followed(stream)

    # What the engine's cipher tells

    def begun(self, length: int) -> None:
        """The engine has the first block of a packet of this length."""
        if self._missing is None:
            self._missing = LENGTH_BYTES + length + TAG_BYTES - BLOCK_BYTES

    def taken(self, cipher: GcmCipher) -> None:
        """The engine has decrypted the packet that it was given."""
        self._cipher = cipher

    # What the socket tells

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - it is a hint
        """Where the next bytes go."""
        if self._start:
            left = bytes(self._buffer[self._start : self._end])
            self._buffer[: len(left)] = left
            self._start, self._end = 0, len(left)
        return self._buffer[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what is there of whole packets."""
        self._end += nbytes
        while self._missing is None and self._start < self._end:
            self._feed(1)  # somewhere in here the next packet begins
        if self._missing:
            taken = min(self._missing, self._end - self._start)
            self._missing -= taken
            self._feed(taken)
        if self._missing == 0:
            self._take_packets()
        self._hand_over()
        self._at = 0

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._engine.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._engine.connection_lost(exc)

    def _take_packets(self) -> None:
        while self._end - self._start > BLOCK_BYTES:
            (length,) = LENGTH.unpack_from(self._buffer, self._start)
            size = LENGTH_BYTES + length + TAG_BYTES
            if size > PACKET_LIMIT:
                size = self._end - self._start  # the engine will say what it thinks of it
            if self._end - self._start < size:
                return
            if self._cipher is not None and self._followed and self._open(self._cipher, length):
                self._start += size
                continue
            self._hand_over()
            self._cipher = None  # unless the engine takes the packet at once
            self._feed(size)
            if self._transport.is_closing():
                return

    def _open(self, cipher: GcmCipher, length: int) -> bool:
        """Take a packet when it is one with data for somebody."""
        at, start = self._at, self._start + LENGTH_BYTES
        if length <= HEAD.size or at + length > BUFFER_BYTES:
            return False
        sealed = self._buffer[start : start + length + TAG_BYTES]
        header, target = self._buffer[self._start : start], _plain[at : at + length]
        if not cipher.open_into(header, sealed, target):
            return False
        padding, kind, number, count = HEAD.unpack_from(target)
        followed = self._followed.get(number) if kind == DATA else None
        if followed is None or followed.stream.is_paused or HEAD.size + count + padding != length:
            return False
        if followed.room < count:
            self._transport.abort()  # it sends more than it may
            return True
        cipher.advance()
        followed.room -= count
        if followed is not self._current:
            self._hand_over()
            self._current = followed
        self._parts.append(target[HEAD.size : HEAD.size + count])
        self._at = at + length
        return True

    def _hand_over(self) -> None:
        """Give the reader what has gathered."""
        if self._parts and self._current is not None:
            self._current.stream.take_in(b"".join(self._parts))
            self._parts.clear()
            if not self._transport.is_closing():
                self._engine.data_received(b"")  # a sign of life of the far end

    def _feed(self, size: int) -> None:
        """Give the engine bytes as they came."""
        data = bytes(self._buffer[self._start : self._start + size])
        self._start += size
        GcmCipher.watcher = self
        try:
            self._engine.data_received(data)
        finally:
            GcmCipher.watcher = None


@functools.cache
def prepare() -> None:
    """Let asyncssh use ``GcmCipher`` for the connections that are made from now on."""
    for name, cipher in CIPHERS.items():
        register_encryption_alg(name.encode(), GcmCipher, cipher, True)
