"""Which host keys are trusted."""

import os

import pytest

from runicornd.errors import HostKeyRevoked, KnownHostsUnreadable, StateUnwritable
from runicornd.ssh.hostkeys import HostKeys, Verdict
from runicornd.ssh.known_hosts import format_line
from runicornd.ssh.targets import Host


def blob(key_type, seed):
    name = key_type.encode()
    data = bytes([seed]) * 32
    return len(name).to_bytes(4, "big") + name + len(data).to_bytes(4, "big") + data


ED = "ssh-ed25519"
RSA = "ssh-rsa"
ONE, TWO = blob(ED, 1), blob(ED, 2)
OTHER_TYPE = blob(RSA, 1)


@pytest.fixture
def user_file(tmp_path):
    return tmp_path / "users_known_hosts"


@pytest.fixture
def host(user_file, tmp_path):
    return Host(
        target="gpu",
        hostname="gpu",
        port=2222,
        user="ada",
        known_hosts_files=(user_file, tmp_path / "missing"),
    )


@pytest.fixture
def keys(tmp_path):
    return HostKeys(tmp_path / "state" / "known_hosts")


def write(path, *lines):
    path.write_bytes(b"".join(line + b"\n" for line in lines))


NAME = "[gpu]:2222"


async def test_missing_files_know_nothing(keys, host):
    """Without files every key is unknown."""
    assert await keys.verdict(host, ONE) is Verdict.UNKNOWN
    assert await keys.preferred_key_types(host) == ()


async def test_listed_key_is_trusted_wherever_it_is_listed(keys, host, user_file):
    """One of several keys, in one of several files."""
    write(user_file, format_line(NAME, ED, TWO), format_line(NAME, ED, ONE))
    assert await keys.verdict(host, ONE) is Verdict.TRUSTED
    assert await keys.verdict(host, TWO) is Verdict.TRUSTED


async def test_other_keys_mean_a_change(keys, host, user_file):
    """Another key, also of another type, has changed; the known type is asked for first."""
    write(user_file, format_line(NAME, RSA, OTHER_TYPE))
    assert await keys.verdict(host, ONE) is Verdict.CHANGED
    assert await keys.preferred_key_types(host) == (RSA,)


async def test_revoked_wins(keys, host, user_file):
    """A revoked key is not trusted although our own file lists it."""
    await keys.trust(host, ED, ONE)
    write(user_file, b"@revoked " + format_line("*", ED, ONE))
    assert await keys.verdict(host, ONE) is Verdict.REVOKED
    with pytest.raises(HostKeyRevoked):
        await keys.trust(host, ED, ONE)


async def test_authority_alone_does_not_make_a_change(keys, host, user_file):
    """A line for an authority says nothing of the host's own key."""
    write(user_file, b"@cert-authority " + format_line("*", ED, ONE))
    assert await keys.verdict(host, TWO) is Verdict.UNKNOWN
    assert (await keys.known(host)).authorities == {ONE}


async def test_key_of_the_bare_name_serves_other_ports(keys, host, user_file):
    """As OpenSSH does: the same key without the port is trusted, another one is merely unknown."""
    write(user_file, format_line("gpu", ED, ONE))
    assert await keys.verdict(host, ONE) is Verdict.TRUSTED
    assert await keys.verdict(host, TWO) is Verdict.UNKNOWN


async def test_alias_is_taken_without_port(keys, user_file):
    """HostKeyAlias is the name to look up."""
    host = Host(target="x", hostname="gpu", port=2222, known_hosts_files=(user_file,), host_key_alias="Alias")
    write(user_file, format_line("alias", ED, ONE))
    assert await keys.verdict(host, ONE) is Verdict.TRUSTED


async def test_trust_writes_our_own_file_only(keys, host, user_file, tmp_path):
    """Trusted keys are kept in a private file of ours; the user's file is not touched."""
    write(user_file, format_line("other", ED, TWO))
    before = user_file.read_bytes()
    await keys.trust(host, ED, ONE)
    await keys.trust(host, RSA, OTHER_TYPE)
    own = tmp_path / "state" / "known_hosts"
    assert own.stat().st_mode & 0o777 == 0o600
    assert await HostKeys(own).verdict(host, ONE) is Verdict.TRUSTED
    assert await keys.verdict(host, OTHER_TYPE) is Verdict.TRUSTED
    assert user_file.read_bytes() == before


async def test_trust_replaces_the_old_key_of_the_same_type(keys, host):
    """After a change was confirmed, the old key is trusted no more; other hosts stay."""
    other = Host(target="o", hostname="other", known_hosts_files=())
    await keys.trust(host, ED, ONE)
    await keys.trust(other, ED, ONE)
    await keys.trust(host, ED, TWO)
    assert await keys.verdict(host, ONE) is Verdict.CHANGED
    assert await keys.verdict(host, TWO) is Verdict.TRUSTED
    assert await keys.verdict(other, ONE) is Verdict.TRUSTED


async def test_untrust_says_what_it_cannot_do(keys, host, user_file):
    """Our key goes; the user's file is named with its line."""
    write(user_file, b"# mine", format_line(NAME, ED, TWO))
    await keys.trust(host, ED, ONE)
    outcome = await keys.untrust(host)
    assert [key.blob for key in outcome.removed] == [ONE]
    assert outcome.elsewhere == (f"{user_file}:2",)
    assert await keys.verdict(host, ONE) is Verdict.CHANGED
    assert (await keys.untrust(host)).removed == ()


async def test_lines_that_we_do_not_understand_survive(keys, host, tmp_path):
    """A bad line in our own file is not thrown away by a change."""
    await keys.trust(host, ED, ONE)
    own = tmp_path / "state" / "known_hosts"
    own.write_bytes(b"what is this\n" + own.read_bytes())
    await keys.trust(host, ED, TWO)
    assert b"what is this\n" in own.read_bytes()


async def test_unreadable_file_is_never_empty(keys, host, user_file):
    """A folder in place of the file (unreadable for root too) stops everything."""
    user_file.mkdir()
    for question in (keys.known(host), keys.trust(host, ED, ONE), keys.untrust(host)):
        with pytest.raises(KnownHostsUnreadable, match="users_known_hosts"):
            await question


async def test_a_pipe_does_not_hang(keys, host, user_file):
    """A named pipe is unreadable, at once."""
    os.mkfifo(user_file)
    with pytest.raises(KnownHostsUnreadable):
        await keys.known(host)


async def test_dev_null_is_empty(keys):
    """The usual way to have no file."""
    host = Host(target="x", hostname="x", known_hosts_files=(type(keys._own_file)("/dev/null"),))
    assert await keys.verdict(host, ONE) is Verdict.UNKNOWN


async def test_state_that_cannot_be_written(host, tmp_path):
    """A state folder that is a file is told as such."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnwritable):
        await HostKeys(tmp_path / "file" / "known_hosts").trust(host, ED, ONE)
