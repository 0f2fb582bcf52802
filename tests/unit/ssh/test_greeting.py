"""The first bytes of a server."""

from runicornd.ssh.greeting import HEAD_LIMIT_BYTES, Greeting


def kexinit(*lists):
    payload = bytes([20]) + b"c" * 16
    for names in lists:
        text = ",".join(names).encode()
        payload += len(text).to_bytes(4, "big") + text
    payload += b"\0" * 5
    padding = 8
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + b"p" * padding


PACKET = kexinit(
    ["curve25519-sha256", "ext-info-s"],
    ["ssh-ed25519"],
    ["aes128-ctr"],
    ["x"],
    ["hmac-sha1"],
    ["y"],
    [],
    [],
    [],
    [],
)


def test_version_and_algorithms_byte_by_byte():
    """Everything is found however the bytes are cut, also after other lines."""
    greeting = Greeting()
    for byte in b"Hello\r\nSSH-2.0-OpenSSH_9.2\r\n" + PACKET:
        assert not greeting.is_complete
        greeting.feed(bytes([byte]))
    assert greeting.version == "SSH-2.0-OpenSSH_9.2"
    assert greeting.offer.key_exchange == ("curve25519-sha256",)
    assert greeting.offer.host_keys == ("ssh-ed25519",)
    assert greeting.offer.ciphers == ("aes128-ctr",)
    assert greeting.offer.macs == ("hmac-sha1",)


def test_quote_is_harmless_and_short():
    """What some other server says is shown on one line, without control characters."""
    greeting = Greeting()
    greeting.feed(b"HTTP/1.1 200 OK\r\n\x1b]0;x\x07\xff" + b"y" * 1000)
    assert greeting.version is None
    assert greeting.quote.startswith("HTTP/1.1 200 OK ?]0;x?")
    assert greeting.quote.isprintable()
    assert len(greeting.quote) <= 120


def test_endless_input_is_bounded():
    """No more than a fixed amount is kept."""
    greeting = Greeting()
    for _ in range(100):
        greeting.feed(b"x" * 10000)
    assert greeting.is_complete
    assert len(greeting._head) == HEAD_LIMIT_BYTES


def test_nonsense_after_the_version():
    """A packet that is no list of algorithms is not taken for one."""
    for packet in (b"\0\0\0\2\0\0", b"\0\0\0\0", PACKET[:40], b"\xff" * 100, b"\0\0\0\x05\xff\x14aaa"):
        greeting = Greeting()
        greeting.feed(b"SSH-2.0-x\n" + packet)
        assert greeting.version == "SSH-2.0-x"
        assert greeting.offer is None or greeting.offer.key_exchange == ()
