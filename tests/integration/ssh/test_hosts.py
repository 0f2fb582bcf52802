"""The service behind ``hosts.*``, on a real server."""

import pytest

from runicornd.errors import HostKeyChanged, InvalidTarget, UnknownHost
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.hosts import Hosts
from runicornd.ssh.openssh import OpenSsh
from runicornd.ssh.saved_hosts import SavedHosts
from runicornd.ssh.targets import Targets
from tests.helpers.sshd import Sshd, needs_sshd

pytestmark = needs_sshd


@pytest.fixture
def server(tmp_path):
    with Sshd(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
def hosts(server, tmp_path, person):
    config = tmp_path / "config"
    config.write_text(server.ssh_config("gpu"))
    server.known_hosts.write_text("")
    saved = SavedHosts(tmp_path / "hosts.json")
    targets = Targets(OpenSsh(config_file=config), saved, config_file=config)
    return Hosts(targets, saved, person.host_keys, AsyncsshConnector(), interviews=person.interview)


async def test_check_trust_untrust(hosts, server, person):
    """An unknown key is seen, trusted by its fingerprint, and forgotten again."""
    check = await hosts.check("gpu")
    assert check.verdict == "unknown"
    assert check.address == f"{server.user}@127.0.0.1:{server.port}"
    assert (check.shown.key_type, check.shown.source, check.known) == ("ssh-ed25519", "", ())
    await hosts.trust("gpu", check.shown.fingerprint)
    again = await hosts.check("gpu")
    assert again.verdict == "trusted"
    assert [key.fingerprint for key in again.known] == [check.shown.fingerprint]
    (trusted,) = await hosts.trusted_keys()
    assert (trusted.names, trusted.key.fingerprint) == (
        f"[127.0.0.1]:{server.port}",
        check.shown.fingerprint,
    )
    outcome = await hosts.untrust("gpu")
    assert [key.fingerprint for key in outcome.removed] == [check.shown.fingerprint]
    assert outcome.elsewhere == ()
    assert (await hosts.check("gpu")).verdict == "unknown"
    assert await hosts.trusted_keys() == []
    assert person.questions == []


async def test_only_the_key_that_is_shown_can_be_trusted(hosts):
    """Another fingerprint is refused, and nothing is trusted."""
    with pytest.raises(HostKeyChanged, match="SHA256:"):
        await hosts.trust("gpu", "SHA256:" + "A" * 43)
    assert (await hosts.check("gpu")).verdict == "unknown"


async def test_saving_and_forgetting(hosts):
    """Saved hosts are listed until they are forgotten."""
    hosts.save("lab", "ada@gpu:22")
    assert [host.name for host in hosts.list()] == ["lab"]
    hosts.forget("lab")
    assert hosts.list() == ()
    with pytest.raises(UnknownHost):
        hosts.forget("lab")
    assert await hosts.aliases() == ("gpu",)


async def test_local_has_no_key(hosts):
    """This machine is used without SSH."""
    with pytest.raises(InvalidTarget):
        await hosts.check("local")
