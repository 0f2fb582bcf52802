"""What a server says before anything is encrypted: its version line and its algorithms.

The formats are in RFC 4253, sections 4.2 and 7.1. No I/O: bytes are fed in as they come.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runicornd.ssh.text import printable

HEAD_LIMIT_BYTES = 64 * 1024
QUOTE_LIMIT_BYTES = 400
KEXINIT = 20
# Servers announce extensions among the key exchanges (RFC 8308, section 2.1).
NO_ALGORITHMS = ("ext-info-", "kex-strict-")


@dataclass(frozen=True, slots=True)
class Offer:
    """The algorithms that a server offers, in its order."""

    key_exchange: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()


@dataclass(slots=True)
class Greeting:
    """Collects the first bytes of a connection until they are understood.

    ``version`` is the server's version line; ``offer`` its algorithms; None until they have come.
    """

    version: str | None = None
    offer: Offer | None = None
    _head: bytearray = field(default_factory=bytearray)
    _packet_at: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing more to learn from further bytes."""
        return self.offer is not None or len(self._head) >= HEAD_LIMIT_BYTES

    @property
    def quote(self) -> str:
        """The beginning of what came, safe to show; empty when nothing came."""
        text = bytes(self._head[:QUOTE_LIMIT_BYTES]).decode("utf-8", "replace")
        return printable(" ".join(text.split()), 120)

    def feed(self, data: bytes) -> None:
        """Take more bytes; those beyond what is of use are not kept."""
        if self.is_complete:
            return
        self._head += data[: HEAD_LIMIT_BYTES - len(self._head)]
        if self.version is None:
            self._find_version()
        if self.version is not None:
            self.offer = _read_kexinit(bytes(self._head[self._packet_at :]))

    def _find_version(self) -> None:
        start = 0
        while (end := self._head.find(b"\n", start)) >= 0:
            line = bytes(self._head[start:end])
            if line.startswith(b"SSH-"):
                self.version = printable(line.decode("ascii", "replace"))
                self._packet_at = end + 1
                return
            start = end + 1


def _read_kexinit(data: bytes) -> Offer | None:
    """Read the packet when it is there in full; None when it is not, or is no such packet."""
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 + length or length < 2:
        return None
    padding = data[4]
    payload = data[5 : 4 + length - padding]
    if not payload or payload[0] != KEXINIT:
        return None
    lists: list[tuple[str, ...]] = []
    position = 17
    for _ in range(6):
        size = int.from_bytes(payload[position : position + 4], "big")
        names = payload[position + 4 : position + 4 + size].decode("ascii", "replace")
        lists.append(
            tuple(
                printable(name, 80)
                for name in names.split(",")
                if name and not name.startswith(NO_ALGORITHMS)
            )
        )
        position += 4 + size
    return Offer(key_exchange=lists[0], host_keys=lists[1], ciphers=lists[2], macs=lists[4])
