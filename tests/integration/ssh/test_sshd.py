"""The adapter against a real OpenSSH server."""

import asyncio
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from runicornd.errors import (
    AuthFailed,
    ForwardingForbidden,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyUnknown,
    HostUnreachable,
    KeyUnusable,
    KnownHostsUnreadable,
    NeedsInput,
    NotConnected,
)
from runicornd.prompts import QuestionKind
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Login
from tests.helpers.proxy import Proxy
from tests.helpers.sshd import Sshd, has_ended, needs_sshd
from tests.helpers.waiting import eventually, within

pytestmark = needs_sshd

# Standard input and output to a port of this machine: what "nc" does.
RELAY = """
import os, socket, sys, threading
open(sys.argv[2], "w").write(str(os.getpid()))
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def pump():
    while data := link.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=pump, daemon=True).start()
while data := os.read(0, 65536):
    link.sendall(data)
"""


@pytest.fixture
def server(tmp_path):
    with Sshd(tmp_path / "sshd") as running:
        yield running


async def output_of(connection, command):
    process = await connection.execute(command)
    await process.stream.finish()
    data = b""
    while piece := await process.stream.read(65536):
        data += piece
    return data, await process.wait(), process.complaint()


# Commands and streams


async def test_runs_a_command(server, host_of, connect):
    """Output, exit status and standard error of a command come back, and its home is the server's."""
    connection = await connect(host_of(server))
    assert await output_of(connection, 'echo "$HOME"; echo oops >&2; exit 3') == (
        f"{server.home}\n".encode(),
        3,
        "oops",
    )


async def test_a_command_killed_by_a_signal_has_no_status(server, host_of, connect):
    """A command that a signal ended has no exit status."""
    connection = await connect(host_of(server))
    assert (await output_of(connection, "kill -9 $$"))[1] is None


async def test_half_close_keeps_the_other_direction(server, host_of, connect):
    """After our end of input the command's answer still arrives in full."""
    connection = await connect(host_of(server))
    process = await connection.execute("wc -c")
    await process.stream.write(b"x" * 3_000_000)
    await process.stream.finish()
    assert (await process.stream.read(100)).strip() == b"3000000"


async def test_large_output_is_complete_and_bounded_in_memory(server, host_of, connect):
    """A reader who starts late gets all of 40 MB, of which only a part was held in memory."""
    connection = await connect(host_of(server))
    process = await connection.execute("head -c 40000000 /dev/zero; echo done >&2")
    await asyncio.wait_for(process.stream.read(1), 5)
    size = 1
    while piece := await process.stream.read(1_000_000):
        assert len(piece) <= 1_000_000
        size += len(piece)
    assert size == 40_000_000
    assert await process.wait() == 0


async def test_a_writer_waits_for_a_slow_reader(server, host_of, connect):
    """Writing to a command that reads nothing stops at a bounded amount."""
    connection = await connect(host_of(server))
    process = await connection.execute("sleep 60")
    written = 0

    async def write_on():
        nonlocal written
        while True:
            await process.stream.write(b"x" * 1_000_000)
            written += 1

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(write_on(), 1.0)
    assert written < 64
    process.stream.abort()
    with pytest.raises(NotConnected):
        await process.stream.write(b"x")


async def test_standard_error_keeps_only_its_end(server, host_of, connect):
    """Of a megabyte of complaints the last 4 KiB are kept, with escape characters made harmless."""
    connection = await connect(host_of(server))
    command = "head -c 1000000 /dev/zero | tr '\\0' a >&2; printf '\\033[31mend' >&2"
    _, _, complaint = await output_of(connection, command)
    assert len(complaint) == 4096
    assert complaint.endswith("a?[31mend")


async def test_a_far_server_may_send_much_before_it_is_answered(server, host_of, connect):
    """A large transfer takes a few round trips, not one for every part of a fixed size."""
    async with Proxy(server.port, delay_s=0.05) as proxy:
        host = replace(host_of(server, trusted=False), port=proxy.port)
        known = server.folder / "known_hosts_far"
        known.write_text(server.known_hosts_line.replace(str(server.port), str(proxy.port)) + "\n")
        connection = await connect(replace(host, known_hosts_files=(known,)))
        process = await connection.execute("head -c 16000000 /dev/zero")
        proxy.reset_counters()
        size = 0
        while piece := await process.stream.read(1_000_000):
            size += len(piece)
    assert size == 16_000_000
    # With a window of 1 MiB there would be 16 to 32.
    assert proxy.round_trips < 14


async def test_opens_a_unix_socket(server, host_of, connect, tmp_path):
    """A Unix socket of the server is reached, and half-close is kept in both directions."""

    async def shout(reader, writer):
        writer.write((await reader.read()).upper())
        writer.close()

    path = str(tmp_path / "s")
    listener = await asyncio.start_unix_server(shout, path)
    stream = await (await connect(host_of(server))).open_unix(path)
    await stream.write(b"hello")
    await stream.finish()
    assert await stream.read(100) == b"HELLO"
    assert await stream.read(100) == b""
    await stream.close()
    listener.close()


async def test_opens_a_tcp_port(server, host_of, connect):
    """A TCP port of the server is reached: its own SSH port says its version."""
    stream = await (await connect(host_of(server))).open_tcp("127.0.0.1", server.port)
    assert (await stream.read(100)).startswith(b"SSH-2.0-")
    await stream.close()


async def test_a_missing_socket_is_forbidden_forwarding(server, host_of, connect, tmp_path):
    """Where nothing listens, the server says the same as where forwarding is forbidden."""
    connection = await connect(host_of(server))
    with pytest.raises(ForwardingForbidden, match="cannot connect to the socket"):
        await connection.open_unix(str(tmp_path / "nothing"))


async def test_forwarding_forbidden(tmp_path, host_of, connect):
    """Servers that forbid every forwarding are told apart from lost connections."""
    lines = ["AllowStreamLocalForwarding no", "AllowTcpForwarding no"]
    with Sshd(tmp_path / "sshd", lines=lines) as server:
        connection = await connect(host_of(server))
        with pytest.raises(ForwardingForbidden):
            await connection.open_unix("/tmp/x")
        with pytest.raises(ForwardingForbidden):
            await connection.open_tcp("127.0.0.1", server.port)
        assert (await output_of(connection, "echo ok"))[0] == b"ok\n"


async def test_one_channel_too_many(tmp_path, host_of, connect):
    """A server with MaxSessions 1 refuses the second command, and the first one goes on."""
    with Sshd(tmp_path / "sshd", lines=["MaxSessions 1"]) as server:
        connection = await connect(host_of(server))
        process = await connection.execute("cat")
        with pytest.raises(NotConnected, match="refuses another channel"):
            await connection.execute("true")
        await process.stream.write(b"still here")
        assert await process.stream.read(100) == b"still here"


async def test_one_command_after_the_other(tmp_path, host_of, connect):
    """With MaxSessions 1 the next one may begin as soon as the last one has ended."""
    with Sshd(tmp_path / "sshd", lines=["MaxSessions 1"]) as server:
        connection = await connect(host_of(server))
        for _ in range(20):
            process = await connection.execute("echo ok")
            assert await process.stream.read(100) == b"ok\n"
            await process.stream.close()


async def test_a_lost_connection_is_noticed(server, host_of, connect):
    """When the server's process dies, waiters wake, readers hear of it, and new channels fail."""
    connection = await connect(host_of(server))
    process = await connection.execute("cat")
    reading = asyncio.create_task(process.stream.read(10))
    assert server.drop_connections() > 0
    await within(connection.wait_closed())
    with pytest.raises(NotConnected):
        await within(reading)
    with pytest.raises(NotConnected):
        await connection.execute("true")
    assert await within(process.wait()) is None


async def test_keepalive_finds_a_silent_loss(server, host_of, connect):
    """A connection through which nothing comes any more is given up after three keep-alives."""
    async with Proxy(server.port) as proxy:
        host = host_of(server, port=proxy.port, host_key_alias="it", keepalive_interval_s=0.3)
        host.known_hosts_files[0].write_text(f"it {server.public_host_key}\n")
        connection = await connect(host)
        proxy.pause()
        loop = asyncio.get_running_loop()
        start = loop.time()
        await within(connection.wait_closed(), 5)
        assert 0.5 < loop.time() - start < 2.5


async def test_closing_ends_the_remote_program(server, host_of, connect):
    """After close nothing of the connection is left at the server."""
    connection = await connect(host_of(server))
    process = await connection.execute("exec sleep 1000")
    await eventually(server.processes, "the program")
    process.stream.abort()
    await within(connection.close(), 2)
    await connection.close()
    await within(connection.wait_closed())
    await eventually(lambda: not server.drop_connections(), "the end of the connection")


# Host keys


async def test_unknown_host_key_is_asked_about_and_remembered(server, host_of, connect, person):
    """A new key is shown with its fingerprint; after a yes it is trusted from then on."""
    host = host_of(server, trusted=False)
    person.answers = [("yes",)]
    await connect(host)
    key = asyncssh.read_public_key(server.host_key.with_suffix(".pub"))
    (question,) = person.questions
    assert question.kind is QuestionKind.HOST_KEY
    assert key.get_fingerprint() in question.message
    assert "ssh-ed25519" in question.message
    assert person.waited[0] is not None
    assert person.waited[-1] is None
    await connect(host)
    assert len(person.questions) == 1


async def test_unknown_host_key_refused(server, host_of, connect, person):
    """After a no nothing is connected and nothing remembered, and the server never saw a login."""
    person.answers = [("no",)]
    host = host_of(server, trusted=False)
    with pytest.raises(HostKeyUnknown, match="SHA256:"):
        await connect(host)
    assert await person.host_keys.verdict(host, b"") == "unknown"
    assert "Accepted" not in server.log.read_text()


async def test_unknown_host_key_with_nobody_there(server, host_of, connect, person):
    """An unanswered question ends the attempt; the late answer serves the next one."""
    host = host_of(server, trusted=False)
    interview = person.interview(host, answer_timeout_s=0.2)
    with pytest.raises(NeedsInput) as caught:
        await AsyncsshConnector().connect(host, interview)
    assert caught.value.context["question"] == "host_key"
    assert interview.leftover.kind is QuestionKind.HOST_KEY
    await interview.remember(interview.leftover, ("yes",))
    await connect(host)


async def test_changed_host_key(server, host_of, connect, person):
    """Another key than the known one is refused, with both fingerprints and the file's line."""
    host = host_of(server)
    other = asyncssh.generate_private_key("ssh-ed25519")
    public = other.export_public_key().decode().strip()
    known = host.known_hosts_files[0]
    known.write_text(f"# a comment\n[127.0.0.1]:{server.port} {public}\n")
    with pytest.raises(HostKeyChanged) as caught:
        await connect(host)
    shown = asyncssh.read_public_key(server.host_key.with_suffix(".pub")).get_fingerprint()
    assert shown in caught.value.message
    assert other.get_fingerprint() in caught.value.message
    assert f"{known}:2" in caught.value.message
    assert person.questions == []
    assert "Accepted" not in server.log.read_text()


async def test_only_another_type_of_key_is_known(server, host_of, connect):
    """A host that is known by another type of key has changed, as OpenSSH judges."""
    host = host_of(server)
    public = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().strip()
    host.known_hosts_files[0].write_text(f"[127.0.0.1]:{server.port} {public}\n")
    with pytest.raises(HostKeyChanged):
        await connect(host)


async def test_revoked_host_key(server, host_of, connect):
    """A revoked key is refused even where another line trusts it."""
    host = host_of(server)
    known = host.known_hosts_files[0]
    known.write_text(f"{server.known_hosts_line}\n@revoked * {server.public_host_key}\n")
    with pytest.raises(HostKeyRevoked):
        await connect(host)


async def test_unreadable_known_hosts(server, host_of, connect, tmp_path):
    """A known_hosts file that cannot be read is never taken for an empty one."""
    with pytest.raises(KnownHostsUnreadable, match=str(tmp_path)):
        await connect(host_of(server, known_hosts_files=(tmp_path,)))


async def test_known_type_is_asked_for_first(tmp_path, host_of, connect):
    """A server with two keys shows the one that we know."""
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    rsa.write_private_key(tmp_path / "rsa")
    (tmp_path / "rsa").chmod(0o600)
    with Sshd(tmp_path / "sshd", lines=[f"HostKey {tmp_path / 'rsa'}"]) as server:
        host = host_of(server)
        public = rsa.export_public_key().decode().strip()
        host.known_hosts_files[0].write_text(f"[127.0.0.1]:{server.port} {public}\n")
        await connect(host)


async def test_host_certificate(tmp_path, host_of, connect):
    """A host key that a known authority vouches for is trusted without being known."""
    authority = asyncssh.generate_private_key("ssh-ed25519")
    folder = tmp_path / "sshd"
    prepared = Sshd(folder)
    key = asyncssh.read_public_key(prepared.host_key.with_suffix(".pub"))
    authority.generate_host_certificate(key, "h", principals=["127.0.0.1"]).write_certificate(
        folder / "cert.pub"
    )
    with Sshd(folder, lines=[f"HostCertificate {folder / 'cert.pub'}"]) as server:
        host = host_of(server)
        public = authority.export_public_key().decode().strip()
        host.known_hosts_files[0].write_text(f"@cert-authority [127.0.0.1]:* {public}\n")
        await connect(host)


# Keys


async def test_explicit_key_that_is_missing(server, host_of, connect, tmp_path):
    """A key that the user named and that is not there is told, with its path."""
    host = host_of(server, identity_files=(tmp_path / "gone",))
    with pytest.raises(KeyUnusable, match="no such file") as caught:
        await connect(host)
    assert caught.value.context["path"] == str(tmp_path / "gone")


async def test_explicit_key_that_is_unreadable(server, host_of, connect, tmp_path):
    """A folder in place of a key is no readable key, for root as well."""
    with pytest.raises(KeyUnusable, match="not readable"):
        await connect(host_of(server, identity_files=(tmp_path,)))


async def test_public_key_instead_of_private(server, host_of, connect):
    """The hint names the private key beside the public one."""
    public = server.client_key.with_suffix(".pub")
    with pytest.raises(KeyUnusable, match="public key") as caught:
        await connect(host_of(server, identity_files=(public,)))
    assert caught.value.hint == f"name the private key, probably {server.client_key}"


async def test_file_that_is_no_key(server, host_of, connect, tmp_path):
    """Some other file, a damaged key and a PuTTY key are told apart."""
    for text, words in (
        (b"hello\n", "no private key"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
    ):
        path = tmp_path / "odd"
        path.write_bytes(text)
        with pytest.raises(KeyUnusable, match=words):
            await connect(host_of(server, identity_files=(path,)))


async def test_default_keys_that_are_missing_are_no_error(server, host_of, connect, tmp_path):
    """Of OpenSSH's default keys those that exist are used."""
    files = (tmp_path / "id_rsa", server.client_key)
    await connect(host_of(server, identity_files=files, explicit_identities=False))


def encrypted(server, tmp_path, form="openssh"):
    path = tmp_path / "locked"
    asyncssh.read_private_key(server.client_key).write_private_key(path, form, passphrase="sesame")
    return path


@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
async def test_encrypted_key_asks_for_its_passphrase_once(form, server, host_of, connect, person, tmp_path):
    """The passphrase is asked for once, and remembered for the next connection."""
    host = host_of(server, identity_files=(encrypted(server, tmp_path, form),))
    person.answers = [("sesame",)]
    await connect(host)
    await connect(host)
    (question,) = person.questions
    assert question.kind is QuestionKind.PASSPHRASE
    assert str(tmp_path / "locked") in question.message


async def test_wrong_passphrase(server, host_of, connect, person, tmp_path):
    """After three wrong passphrases the key is unusable, and none of them is remembered."""
    path = encrypted(server, tmp_path)
    person.answers = [("a",), ("b",), ("c",)]
    with pytest.raises(KeyUnusable, match="passphrase is wrong"):
        await connect(host_of(server, identity_files=(path,)))
    assert len(person.questions) == 3
    assert person.secrets.passphrase(str(path)) is None


async def test_wrong_passphrase_with_the_request(server, host_of, connect, person, tmp_path):
    """A wrong passphrase that came with the request is an error at once."""
    host = host_of(server, identity_files=(encrypted(server, tmp_path),))
    with pytest.raises(KeyUnusable, match="passphrase is wrong"):
        await connect(host, Login(passphrase="wrong"))
    assert person.questions == []


async def test_no_passphrase_is_asked_for_a_key_that_is_not_accepted(
    server, host_of, connect, person, tmp_path
):
    """The server is asked about the public half first."""
    path = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path, passphrase="x")
    with pytest.raises(AuthFailed):
        await connect(host_of(server, identity_files=(path,)))
    assert person.questions == []


async def test_unencrypted_keys_come_before_encrypted_ones(server, host_of, connect, person, tmp_path):
    """Nobody is asked for a passphrase when another key does."""
    files = (encrypted(server, tmp_path), server.client_key)
    await connect(host_of(server, identity_files=files))
    assert person.questions == []


async def test_pasted_key(server, host_of, connect):
    """A key's text logs in, encrypted with its passphrase too."""
    host = host_of(server, identity_files=())
    key = asyncssh.read_private_key(server.client_key)
    await connect(host, Login(private_key=key.export_private_key().decode()))
    locked = key.export_private_key(passphrase="sesame").decode()
    await connect(host, Login(private_key=locked, passphrase="sesame"))
    with pytest.raises(KeyUnusable, match="the key that was pasted"):
        await connect(host, Login(private_key="nonsense"))


async def test_key_file_with_the_request(server, host_of, connect, tmp_path):
    """A key file named in the request is used, and is an error at once when it is missing."""
    host = host_of(server, identity_files=())
    await connect(host, Login(identity_file=server.client_key))
    with pytest.raises(KeyUnusable):
        await connect(host, Login(identity_file=tmp_path / "gone"))


async def test_rsa_key_signs_without_sha1(server, host_of, connect, tmp_path):
    """RSA keys work, with modern signatures."""
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    key.write_private_key(tmp_path / "rsa")
    with server.authorized_keys.open("a") as file:
        file.write(key.export_public_key().decode())
    await connect(host_of(server, identity_files=(tmp_path / "rsa",)))


async def test_certificate(tmp_path, host_of, connect):
    """A certificate beside the key, or named in the configuration, logs in."""
    authority = asyncssh.generate_private_key("ssh-ed25519")
    authority.write_public_key(tmp_path / "ca.pub")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "id")
    with Sshd(tmp_path / "sshd", lines=[f"TrustedUserCAKeys {tmp_path / 'ca.pub'}"]) as server:
        certificate = authority.generate_user_certificate(key, "me", principals=[server.user])
        certificate.write_certificate(tmp_path / "elsewhere.pub")
        host = host_of(server, identity_files=(tmp_path / "id",))
        with pytest.raises(AuthFailed):
            await connect(host)
        await connect(replace(host, certificate_files=(tmp_path / "elsewhere.pub",)))
        certificate.write_certificate(tmp_path / "id-cert.pub")
        await connect(host)


async def test_refused_login_says_what_was_tried(server, host_of, connect, tmp_path):
    """The error lists the keys that were tried and what the server allows."""
    path = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path)
    with pytest.raises(AuthFailed) as caught:
        await connect(host_of(server, identity_files=(path,)))
    assert caught.value.context == {"tried": [f"key {path}"], "allowed": ["publickey"]}
    assert "ssh-copy-id" in caught.value.hint


async def test_too_many_keys(server, host_of, connect, tmp_path):
    """A server that ends the login after too many keys leads to the advice to name the right one."""
    files = []
    for number in range(8):
        files.append(tmp_path / f"k{number}")
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(files[-1])
    with pytest.raises(AuthFailed) as caught:
        await connect(host_of(server, identity_files=tuple(files)))
    assert "IdentitiesOnly" in caught.value.hint


# Agents


@pytest.fixture
def agent(tmp_path):
    path = tmp_path / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    yield str(path), process
    process.kill()
    process.wait()


async def add_to(agent_path, *files):
    assert await eventually(Path(agent_path).exists, "the agent")
    for file in files:
        adding = await asyncio.create_subprocess_exec(
            "ssh-add",
            "-q",
            str(file),
            env={**os.environ, "SSH_AUTH_SOCK": agent_path},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await adding.wait() == 0


async def test_agent(server, host_of, connect, agent):
    """A key in the agent logs in without any file."""
    await add_to(agent[0], server.client_key)
    await connect(host_of(server, identity_files=(), agent_socket=agent[0]))


async def test_agent_with_a_public_identity_file(server, host_of, connect, agent):
    """A public key as identity picks the agent's key, also with IdentitiesOnly."""
    await add_to(agent[0], server.client_key)
    public = server.client_key.with_suffix(".pub")
    host = host_of(server, identity_files=(public,), agent_socket=agent[0], identities_only=True)
    await connect(host)
    with pytest.raises((AuthFailed, KeyUnusable)):
        await connect(replace(host, identity_files=(), explicit_identities=False))


async def test_stuck_agent_does_not_block(server, host_of, connect, agent):
    """An agent that hangs costs a few seconds, and the key file is used."""
    await add_to(agent[0])
    agent[1].send_signal(19)
    try:
        await within(connect(host_of(server, agent_socket=agent[0])), 10)
    finally:
        agent[1].send_signal(18)


async def test_missing_agent(server, host_of, connect, tmp_path):
    """A socket that is gone is no agent; the error of a refused login mentions it."""
    host = host_of(server, agent_socket=str(tmp_path / "gone"))
    await connect(host)
    with pytest.raises(AuthFailed, match="agent does not answer"):
        await connect(replace(host, identity_files=()))


# Ways


async def test_jump_host(server, tmp_path, host_of, connect):
    """Through a second server, each with its own host key and login."""
    with Sshd(tmp_path / "jump") as jump:
        host = host_of(server, jumps=(host_of(jump, target="jump"),))
        connection = await connect(host)
        assert (await output_of(connection, "echo hi"))[0] == b"hi\n"
        big, _, _ = await output_of(connection, "head -c 5000000 /dev/zero")
        assert len(big) == 5_000_000
        assert jump.drop_connections() > 0
        await within(connection.wait_closed())


async def test_two_jump_hosts(server, tmp_path, host_of, connect):
    """A chain of two."""
    with Sshd(tmp_path / "a") as first, Sshd(tmp_path / "b") as second:
        connection = await connect(host_of(server, jumps=(host_of(first), host_of(second))))
        assert (await output_of(connection, "echo hi"))[0] == b"hi\n"


async def test_jump_host_with_an_unknown_key(server, tmp_path, host_of, connect, person):
    """The jump host's key is asked about before anything goes through it."""
    with Sshd(tmp_path / "jump") as jump:
        person.answers = [("no",)]
        with pytest.raises(HostKeyUnknown, match=f":{jump.port}"):
            await connect(host_of(server, jumps=(host_of(jump, trusted=False),)))


async def test_jump_host_that_cannot_reach_the_next(server, tmp_path, host_of, connect):
    """The error names both; the connection to the jump host is closed."""
    with Sshd(tmp_path / "jump") as jump:
        host = host_of(server, jumps=(host_of(jump),), port=1)
        with pytest.raises(HostUnreachable, match=r"through .*refused"):
            await connect(host)
        await eventually(lambda: not jump.drop_connections(), "the end of the connection")


async def test_proxy_command(server, host_of, connect, tmp_path):
    """A command as the way, which ends with the connection."""
    script = tmp_path / "relay.py"
    script.write_text(RELAY)
    mark = tmp_path / "pid"
    command = f"{sys.executable} {script} {server.port} {mark}"
    connection = await connect(host_of(server, proxy_command=command))
    assert (await output_of(connection, "echo hi"))[0] == b"hi\n"
    pid = int(mark.read_text())
    await within(connection.close(), 2)
    await eventually(lambda: has_ended(pid), "the end of the command")


async def test_a_proxy_command_that_ignores_signals_is_killed(server, host_of, connect, tmp_path):
    """A command that does not end by itself is killed, with what it has started."""
    script = tmp_path / "relay.py"
    script.write_text("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + RELAY)
    mark = tmp_path / "pid"
    command = f"sh -c 'trap \"\" TERM; {sys.executable} {script} {server.port} {mark}; sleep 1000'"
    connection = await connect(host_of(server, proxy_command=command))
    pid = int(mark.read_text())
    await within(connection.close(), 3)
    await eventually(lambda: has_ended(pid), "the end of the command")


async def test_proxy_command_that_fails(server, host_of, connect):
    """What a failing command complains about is in the error."""
    with pytest.raises(HostUnreachable, match="no route to heaven"):
        await connect(host_of(server, proxy_command="sh -c 'echo no route to heaven >&2; exit 1'"))


async def test_ipv6(tmp_path, host_of, connect):
    """An IPv6 address."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    with Sshd(tmp_path / "sshd", address="::1") as server:
        host = host_of(server)
        assert host.address.endswith(f"@[::1]:{server.port}")
        connection = await connect(host)
        assert (await output_of(connection, "echo hi"))[0] == b"hi\n"


async def test_fetch_host_key(server, host_of, person, tmp_path):
    """The key that a server shows is read without any login, also through a jump host."""
    with Sshd(tmp_path / "jump") as jump:
        for host in (
            host_of(server, trusted=False, identity_files=()),
            host_of(server, trusted=False, identity_files=(), jumps=(host_of(jump),)),
        ):
            key_type, blob = await AsyncsshConnector().fetch_host_key(host, person.interview(host))
            known = asyncssh.read_public_key(server.host_key.with_suffix(".pub"))
            assert (key_type, blob) == ("ssh-ed25519", known.public_data)
    assert "Accepted" not in server.log.read_text()
