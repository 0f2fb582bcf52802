"""The adapter against servers inside the test: passwords, codes, weak algorithms, bad manners."""

import asyncio

import asyncssh
import pytest

from runicornd.errors import (
    AuthFailed,
    HostUnreachable,
    KeyUnusable,
    NeedsInput,
    NoCommonAlgorithm,
    NotSsh,
)
from runicornd.prompts import QuestionKind
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Login
from runicornd.ssh.targets import Host
from tests.helpers.embedded import EmbeddedServer, Round, raw_server, says, says_and_closes
from tests.helpers.waiting import eventually, within

PASSWORD_ROUND = Round([("Password: ", False)], ["sesame"])
CODE_ROUND = Round([("Verification code: ", False)], ["123456"], "Look at your phone")


# Passwords


async def test_password_from_the_request(host_of, connect, person):
    """A password that came with the request logs in, and nobody is asked."""
    async with EmbeddedServer(password="sesame") as server:
        await connect(host_of(server), Login(password="sesame"))
    assert person.questions == []


async def test_wrong_password_from_the_request(host_of, connect, person):
    """A wrong password that came with the request is refused once and not tried in a loop."""
    async with EmbeddedServer(password="sesame") as server:
        with pytest.raises(AuthFailed) as caught:
            await connect(host_of(server), Login(password="wrong"))
        assert server.attempts == ["password"]
    assert caught.value.context == {"tried": ["password"], "allowed": ["password"]}
    assert "password" in caught.value.hint
    assert person.questions == []


async def test_asked_password_is_remembered(host_of, connect, person):
    """A password that was asked for is used again from memory."""
    person.answers = [("wrong",), ("sesame",)]
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server)
        await connect(host)
        await connect(host)
    assert [question.kind for question in person.questions] == [QuestionKind.PASSWORD] * 2
    assert person.questions[1].detail == "The last one was refused."


async def test_remembered_password_that_has_changed(host_of, connect, person):
    """A remembered password that is refused is forgotten, and asked for anew."""
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server)
        person.secrets.keep_password(host, "old")
        person.answers = [("sesame",)]
        await connect(host)
        assert person.secrets.password(host) == "sesame"


async def test_three_wrong_passwords(host_of, connect, person):
    """After three wrong answers the login has failed, and none of them is remembered."""
    person.answers = [("a",), ("b",), ("c",)]
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server)
        with pytest.raises(AuthFailed):
            await connect(host)
        assert person.secrets.password(host) is None
    assert len(person.questions) == 3


async def test_nobody_gives_the_password(host_of, connect, person):
    """An unanswered question ends the attempt; its late answer is used by the next one."""
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server)
        interview = person.interview(host, answer_timeout_s=0.2)
        with pytest.raises(NeedsInput) as caught:
            await AsyncsshConnector().connect(host, interview)
        assert caught.value.context["question"] == "password"
        assert person.prompts.pending() == ()
        await interview.remember(interview.leftover, ("sesame",))
        await connect(host)


async def test_a_person_may_think_longer_than_the_steps_may_take(host_of, person):
    """The time that a question waits does not count against the server."""
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server, connect_timeout_s=0.5)
        connecting = asyncio.create_task(AsyncsshConnector().connect(host, person.interview(host)))
        await eventually(person.prompts.pending, "the question")
        await asyncio.wait({connecting}, timeout=1.0)
        person.prompts.give(person.prompts.pending()[0].id, ("sesame",))
        await (await within(connecting)).close()


async def test_expired_password(host_of, connect):
    """A password that must be changed is a clear error."""
    async with EmbeddedServer(password="sesame", expired=True) as server:
        with pytest.raises(AuthFailed, match="wants the password to be changed"):
            await connect(host_of(server), Login(password="sesame"))


async def test_the_target_s_password_never_goes_to_a_jump_host(host_of, connect, person):
    """A password that came with the request is for the target alone."""
    async with EmbeddedServer(password="other") as jump, EmbeddedServer(password="sesame") as server:
        host = host_of(server, jumps=(host_of(jump),))
        person.answers = [("other",)]
        await connect(host, Login(password="sesame"))
        assert jump.attempts == ["password"]


async def test_secrets_are_not_shown():
    """The representation of a login hides its secrets."""
    login = Login(private_key="aaa", passphrase="bbb", password="ccc")
    assert not {"aaa", "bbb", "ccc"} & set(repr(login).replace("'", " ").split())


# Keyboard-interactive


async def test_several_rounds(host_of, connect, person):
    """Password and code come in rounds; the password is remembered, the code is asked for again."""
    async with EmbeddedServer(rounds=[PASSWORD_ROUND, CODE_ROUND]) as server:
        host = host_of(server)
        person.answers = [("sesame",), ("123456",), ("123456",)]
        await connect(host)
        await connect(host)
    kinds = [question.kind for question in person.questions]
    assert kinds == [QuestionKind.PASSWORD, QuestionKind.CODE, QuestionKind.CODE]
    code = person.questions[1]
    assert code.detail == "Look at your phone"
    assert [(field.label, field.echo) for field in code.fields] == [("Verification code:", False)]


async def test_a_round_with_several_fields(host_of, connect, person):
    """One round may ask for several things at once."""
    both = Round([("Name", True), ("PIN", False)], ["ada", "1"])
    async with EmbeddedServer(rounds=[both]) as server:
        person.answers = [("ada", "1")]
        await connect(host_of(server))
    assert [field.echo for field in person.questions[0].fields] == [True, False]


async def test_password_from_the_request_in_a_round(host_of, connect, person):
    """A password that came with the request answers the round that asks for one."""
    async with EmbeddedServer(rounds=[PASSWORD_ROUND]) as server:
        await connect(host_of(server), Login(password="sesame"))
        with pytest.raises(AuthFailed):
            await connect(host_of(server), Login(password="wrong"))
        assert len(server.attempts) <= 3
    assert person.questions == []


async def test_wrong_codes_end_the_login(host_of, connect, person):
    """Wrong codes are asked for again three times at most."""
    async with EmbeddedServer(rounds=[CODE_ROUND]) as server:
        person.answers = [("1",), ("2",), ("3",), ("4",)]
        with pytest.raises(AuthFailed):
            await connect(host_of(server))
    assert len(person.questions) == 3


async def test_a_late_code_is_asked_for_again(host_of, connect, person):
    """After its attempt has ended no code is taken: it is only asked whether to log in again."""
    async with EmbeddedServer(rounds=[CODE_ROUND]) as server:
        host = host_of(server)
        interview = person.interview(host, answer_timeout_s=0.2)
        with pytest.raises(NeedsInput):
            await AsyncsshConnector().connect(host, interview)
        assert [choice.value for choice in interview.leftover.choices] == ["again"]
        await interview.remember(interview.leftover, ("again",))
        person.answers = [("123456",)]
        await connect(host)
    assert len(person.questions) == 2


async def test_question_goes_when_the_server_does(host_of, person):
    """When the server hangs up, its question is withdrawn, and another try would not help."""
    async with EmbeddedServer(rounds=[CODE_ROUND]) as server:
        host = host_of(server)
        interview = person.interview(host)
        connecting = asyncio.create_task(AsyncsshConnector().connect(host, interview))
        await eventually(person.prompts.pending, "the question")
        await server.stop()
        with pytest.raises(HostUnreachable, match="during the login") as caught:
            await within(connecting)
        assert person.prompts.pending() == ()
        assert interview.explained(caught.value).kind == "needs_input"
        await server.start()


async def test_labels_are_made_harmless(host_of, connect, person):
    """Terminal escapes in what a server asks are not passed on."""
    evil = Round([("\x1b[2JCode", False)], ["1"], "\x1b]0;owned\x07")
    async with EmbeddedServer(rounds=[evil]) as server:
        person.answers = [("1",)]
        await connect(host_of(server))
    shown = repr(person.questions[0])
    assert "\\x1b" not in shown
    assert "\\x07" not in shown


async def test_a_bad_key_is_told_before_a_password_is_asked_for(host_of, connect, person, tmp_path):
    """When the server takes keys and the only one that was named is missing, that is the error."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with EmbeddedServer(password="sesame", keys=[key]) as server:
        host = host_of(server, identity_files=(tmp_path / "gone",), explicit_identities=True)
        with pytest.raises(KeyUnusable):
            await connect(host)
        await connect(host, Login(password="sesame"))
    assert person.questions == []


async def test_no_way_to_log_in(host_of, connect):
    """A server that allows nothing we know is told so."""
    async with EmbeddedServer(keys=[asyncssh.generate_private_key("ssh-ed25519")]) as server:
        with pytest.raises(AuthFailed, match="nothing to log in with") as caught:
            await connect(host_of(server))
    assert caught.value.context["allowed"] == ["publickey"]


async def test_ways_that_the_configuration_rules_out(host_of, connect, person):
    """They are not tried, nothing is asked, and the error names them."""
    async with EmbeddedServer(password="right") as server:
        with pytest.raises(AuthFailed, match="your SSH configuration rules out password") as caught:
            await connect(host_of(server, auth_methods=("publickey",)))
        with pytest.raises(AuthFailed, match="rules out password"):
            await connect(host_of(server, auth_methods=()))
    assert caught.value.context["allowed"] == ["password"]
    assert person.questions == []


# Algorithms


@pytest.mark.parametrize(
    ("option", "algorithm", "what"),
    [
        ("kex_algs", "diffie-hellman-group14-sha1", "key exchange"),
        ("encryption_algs", "aes128-cbc", "cipher"),
        ("mac_algs", "hmac-sha1", "MAC"),
    ],
)
async def test_only_weak_algorithms(option, algorithm, what, host_of, connect):
    """A server with weak algorithms only is refused, and what it offers is in the error."""
    options = {option: [algorithm]}
    if option == "mac_algs":
        options["encryption_algs"] = ["aes128-ctr"]
    async with EmbeddedServer(password="x", options=options) as server:
        with pytest.raises(NoCommonAlgorithm, match=algorithm) as caught:
            await connect(host_of(server))
    assert caught.value.context["offered"] == {what: [algorithm]}


async def test_only_a_weak_host_key(host_of, connect):
    """A host key of a type that we do not accept is a weak algorithm as well."""
    async with EmbeddedServer(password="x", key_algorithm="ssh-dss") as server:
        with pytest.raises(NoCommonAlgorithm, match="for the host key it offers only ssh-dss"):
            await connect(host_of(server))


# What is no SSH server


def nowhere(port, hostname="127.0.0.1", **changes):
    return Host(target="x", hostname=hostname, port=port, user="ada", **changes)


async def test_unknown_name(connect):
    """A name that does not exist."""
    with pytest.raises(HostUnreachable, match=r"no host named 'no-such-host\.invalid'") as caught:
        await connect(nowhere(22, "no-such-host.invalid"))
    assert caught.value.context["reason"] == "unknown_name"


async def test_closed_port(connect):
    """A port where nothing listens."""
    async with raw_server(says(b"")) as port:
        pass
    with pytest.raises(HostUnreachable, match="connection refused") as caught:
        await connect(nowhere(port))
    assert caught.value.context["reason"] == "refused"


async def test_silent_port(connect):
    """A port that accepts and never speaks fails within the time for connecting."""
    async with raw_server(says(b"")) as port:
        with pytest.raises(HostUnreachable, match=r"nothing was said within 0\.3 s") as caught:
            await within(connect(nowhere(port, connect_timeout_s=0.3)), 3)
    assert caught.value.context["reason"] == "silent"


async def test_no_ssh_server(connect):
    """What another kind of server says is quoted, and escape characters are made harmless."""
    async with raw_server(says(b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n")) as port:
        with pytest.raises(NotSsh, match=r"HTTP/1\.1 400 Bad") as caught:
            await connect(nowhere(port, connect_timeout_s=0.5))
    assert "\x1b" not in caught.value.message


async def test_other_server_that_hangs_up(connect):
    """The same for a server that closes the connection."""
    async with raw_server(says_and_closes(b"220 mail.example.org ESMTP\r\n")) as port:
        with pytest.raises(NotSsh, match="220 mail"):
            await connect(nowhere(port))


async def test_endless_noise(connect):
    """A server that talks without end and is no SSH server is left soon."""

    async def chatter(reader, writer):
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw_server(chatter) as port:
        with pytest.raises(NotSsh):
            await within(connect(nowhere(port)), 5)


async def test_hangs_up_at_once(connect):
    """A server that closes the connection without a word."""
    async with raw_server(says_and_closes(b"")) as port:
        with pytest.raises(HostUnreachable, match="before it said anything"):
            await connect(nowhere(port))


async def test_hangs_up_in_the_handshake(connect):
    """A server that says its version and closes the connection."""
    async with raw_server(says_and_closes(b"SSH-2.0-Odd\r\n")) as port:
        with pytest.raises(HostUnreachable, match="during the handshake"):
            await connect(nowhere(port))


async def test_stalls_in_the_handshake(connect):
    """A server that says its version and nothing more."""
    async with raw_server(says(b"SSH-2.0-Odd\r\n")) as port:
        with pytest.raises(HostUnreachable, match="stopped answering during the handshake"):
            await within(connect(nowhere(port, connect_timeout_s=0.3)), 3)


async def test_old_protocol(connect):
    """A server of the first SSH protocol."""
    async with raw_server(says(b"SSH-1.5-Old\r\n")) as port:
        with pytest.raises(NotSsh):
            await connect(nowhere(port))


async def test_garbage_after_the_version(connect):
    """A server that breaks the protocol after its version."""
    async with raw_server(says(b"SSH-2.0-Odd\r\n" + b"\xff" * 4096)) as port:
        with pytest.raises(NotSsh, match="protocol broke down"):
            await connect(nowhere(port))


async def test_lines_before_the_version_are_allowed(host_of, connect, person):
    """A server may say something before its version line."""
    async with EmbeddedServer(password="sesame") as server:

        async def greet(reader, writer):
            writer.write(b"Welcome!\r\nBe nice.\r\n")
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", server.port)

            async def pump(source, sink):
                while data := await source.read(65536):
                    sink.write(data)
                sink.close()

            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

        async with raw_server(greet) as port:
            host = host_of(server, port=port)
            host.known_hosts_files[0].write_text(server.known_hosts_line.replace(str(server.port), str(port)))
            connection = await connect(host, Login(password="sesame"))
            await connection.close()


async def test_nothing_is_left_of_a_cancelled_attempt(person):
    """Cancelling an attempt closes its connection."""
    closed = asyncio.Event()

    async def wait_for_the_end(reader, writer):
        await reader.read()
        closed.set()

    async with raw_server(wait_for_the_end) as port:
        host = nowhere(port)
        connecting = asyncio.create_task(AsyncsshConnector().connect(host, person.interview(host)))
        await asyncio.wait({connecting}, timeout=0.2)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await within(closed.wait())


async def test_a_name_with_several_addresses(host_of, connect):
    """Where one address of a name refuses, another one is used."""
    async with EmbeddedServer(password="sesame") as server:
        host = host_of(server, hostname="localhost", host_key_alias="it")
        host.known_hosts_files[0].write_text(f"it {server.known_hosts_line.partition(' ')[2]}\n")
        await connect(host, Login(password="sesame"))


async def test_an_address_that_cannot_be_reached(connect):
    """An address that the system refuses to connect to."""
    with pytest.raises(HostUnreachable, match="cannot reach"):
        await connect(nowhere(22, "255.255.255.255", connect_timeout_s=2.0))
