"""Reading known_hosts files."""

import base64
import hashlib
import hmac

import pytest

from runicornd.ssh.known_hosts import Marker, fingerprint, format_line, known_name, parse


def blob(key_type="ssh-ed25519", data=b"k" * 32):
    name = key_type.encode()
    return len(name).to_bytes(4, "big") + name + len(data).to_bytes(4, "big") + data


def line(names, key=None, key_type="ssh-ed25519"):
    return f"{names} {key_type} {base64.b64encode(key or blob(key_type)).decode()}\n".encode()


def hashed(name, salt=b"s" * 20):
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "name", "matches"),
    [
        ("gpu", "gpu", True),
        ("gpu", "gpu2", False),
        ("GPU", "gpu", True),
        ("a,gpu,b", "gpu", True),
        ("[gpu]:2222", "[gpu]:2222", True),
        ("[gpu]:2222", "gpu", False),
        ("gpu", "[gpu]:2222", False),
        ("*.lab", "x.lab", True),
        ("*.lab", "xlab", False),
        ("gp?", "gpu", True),
        ("gp?", "gp", False),
        ("*,!gpu", "gpu", False),
        ("!gpu,*", "other", True),
        ("!gpu", "other", False),
        ("[*]:22?2", "[gpu]:2222", True),
        ("::1", "::1", True),
        (hashed("gpu"), "gpu", True),
        (hashed("[gpu]:2222"), "[gpu]:2222", True),
        (hashed("gpu"), "other", False),
        ("|1|???|???", "gpu", False),
        ("|2|c2FsdA==|c2FsdA==", "gpu", False),
        ("********************a", "*" * 40, False),
    ],
)
def test_names(names, name, matches):
    """Names, lists, wildcards, negation, ports and hashes."""
    assert bool(parse(line(names), "f").keys_of(name)) is matches


def test_keys_have_their_place():
    """Every key knows its file and line; comments and empty lines do not count as bad."""
    known = parse(b"# hello\n\n" + line("gpu") + line("gpu", key_type="ssh-rsa"), "/f")
    assert [(key.key_type, key.source) for key in known.keys_of("gpu")] == [
        ("ssh-ed25519", "/f:3"),
        ("ssh-rsa", "/f:4"),
    ]
    assert known.skipped == 0


def test_markers():
    """Authorities and revoked keys are told apart; unknown markers are skipped."""
    data = b"@cert-authority " + line("*") + b"@revoked " + line("*") + b"@odd " + line("*")
    known = parse(data, "f")
    assert [key.marker for key in known.keys_of("gpu")] == [Marker.AUTHORITY, Marker.REVOKED]
    assert known.skipped == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"gpu\n",
        b"gpu ssh-ed25519\n",
        b"gpu ssh-ed25519 !!!\n",
        b"gpu ssh-ed25519 AAAA\n",
        line("gpu", blob("ssh-rsa")),
        line("gpu")[:-20],
        b"gpu ssh-ed25519 \xff\xff\n",
        b"1024 35 1234567\n",
        b"@revoked\n",
    ],
)
def test_bad_lines_are_counted(bad):
    """A line that is cut, mangled or of another age costs itself only."""
    known = parse(bad.rstrip(b"\n") + b"\n" + line("gpu"), "f")
    assert known.skipped == 1
    assert len(known.keys_of("gpu")) == 1


def test_names_need_not_be_utf8():
    """Bytes of other encodings do no harm, and Windows line ends neither."""
    known = parse(b"\xe9\xff " + line("x").partition(b" ")[2] + line("gpu").replace(b"\n", b"\r\n"), "f")
    assert known.skipped == 0
    assert len(known.keys_of("gpu")) == 1


def test_known_name():
    """The port is part of the name unless it is 22."""
    assert known_name("GPU") == "gpu"
    assert known_name("gpu", 2222) == "[gpu]:2222"


def test_fingerprint_and_line():
    """What is written can be read, and the fingerprint has OpenSSH's form."""
    known = parse(format_line("gpu", "ssh-ed25519", blob()), "f")
    (key,) = known.keys_of("gpu")
    assert key.blob == blob()
    assert key.fingerprint == fingerprint(blob())
    assert fingerprint(b"") == "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
