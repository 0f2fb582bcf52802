"""Targets, resolved by the real ``ssh -G``."""

import os
import pwd
import shutil
import socket
from pathlib import Path

import pytest

from runicornd.errors import InvalidTarget, SshMissing
from runicornd.ssh.openssh import OpenSsh
from runicornd.ssh.saved_hosts import SavedHost, SavedHosts
from runicornd.ssh.targets import Targets
from tests.helpers.sshd import has_ended
from tests.helpers.waiting import eventually

HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
ACCOUNT = pwd.getpwuid(os.getuid()).pw_name

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the OpenSSH client is not installed")


class Configuration:
    """A configuration file, and targets that are resolved with it."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "config"
        self.saved = SavedHosts(folder / "hosts.json")
        self.environ = {"SSH_AUTH_SOCK": "/run/agent", "KEYS": "/keys"}
        self.path.write_text("")

    def write(self, *lines):
        self.path.write_text("\n".join(lines) + "\n")

    @property
    def targets(self):
        openssh = OpenSsh(config_file=self.path)
        return Targets(openssh, self.saved, config_file=self.path, environ=self.environ)

    async def resolve(self, target):
        return await self.targets.resolve(target)


@pytest.fixture
def config(tmp_path):
    return Configuration(tmp_path)


async def test_nothing_configured(config):
    """A bare name gets OpenSSH's defaults, our keep-alive, and the account's own home."""
    host = await config.resolve("gpu")
    assert (host.target, host.hostname, host.port, host.user) == ("gpu", "gpu", 22, ACCOUNT)
    assert host.address == f"{ACCOUNT}@gpu:22"
    assert HOME / ".ssh" / "id_ed25519" in host.identity_files
    assert not host.explicit_identities
    assert HOME / ".ssh" / "known_hosts" in host.known_hosts_files
    assert Path("/etc/ssh/ssh_known_hosts") in host.known_hosts_files
    assert (host.keepalive_interval_s, host.keepalive_count) == (5.0, 3)
    assert host.connect_timeout_s == 10.0
    assert host.agent_socket == "/run/agent"
    assert host.proxy_command is None
    assert host.jumps == ()
    assert (host.address_family, host.bind_address) == ("any", None)
    assert host.auth_methods == ("publickey", "keyboard-interactive", "password")


async def test_everything_configured(config):
    """Each setting arrives, with its tokens, variables and home expanded."""
    config.write(
        "Host gpu",
        "  HostName 10.1.1.1",
        "  User bob",
        "  Port 2200",
        '  IdentityFile "~/my keys/%h_%r"',
        "  IdentityFile %d/.ssh/%%x",
        "  IdentityFile ${KEYS}/k",
        "  IdentitiesOnly yes",
        "  IdentityAgent ~/agent.sock",
        "  CertificateFile ~/.ssh/k-cert.pub",
        '  UserKnownHostsFile ~/kh1 "~/kh 2"',
        "  GlobalKnownHostsFile none",
        "  HostKeyAlias ali",
        "  ServerAliveInterval 7",
        "  ServerAliveCountMax 9",
        "  ConnectTimeout 4",
        "  StrictHostKeyChecking no",
        "  AddressFamily inet6",
        "  BindAddress 10.1.1.9",
        "  PreferredAuthentications gssapi-with-mic,password,publickey,keyboard-interactive",
        "  KbdInteractiveAuthentication no",
    )
    host = await config.resolve("gpu")
    assert host.address == "bob@10.1.1.1:2200"
    assert host.identity_files == (HOME / "my keys/10.1.1.1_bob", HOME / ".ssh/%x", Path("/keys/k"))
    assert host.explicit_identities
    assert host.identities_only
    assert host.agent_socket == str(HOME / "agent.sock")
    assert host.certificate_files == (HOME / ".ssh/k-cert.pub",)
    assert host.known_hosts_files == (HOME / "kh1", HOME / "kh 2")
    assert host.host_key_alias == "ali"
    assert (host.keepalive_interval_s, host.keepalive_count, host.connect_timeout_s) == (7.0, 9, 4.0)
    assert (host.address_family, host.bind_address) == ("inet6", "10.1.1.9")
    assert host.auth_methods == ("password", "publickey")


async def test_what_is_typed_wins(config):
    """User and port of the target win over the configuration."""
    config.write("Host gpu", "  HostName 10.1.1.1", "  User bob", "  Port 2200")
    assert (await config.resolve("eve@gpu:23")).address == "eve@10.1.1.1:23"
    assert (await config.resolve("ssh://eve@gpu:24")).address == "eve@10.1.1.1:24"


async def test_ipv6(config):
    """IPv6 addresses with and without brackets."""
    assert (await config.resolve("eve@[::1]:2222")).address == "eve@[::1]:2222"
    assert (await config.resolve("::1")).hostname == "::1"


async def test_include_and_match(config):
    """Included files and Match blocks count."""
    (config.folder / "more").write_text("Match host gpu user eve\n  Port 2201\n")
    config.write(f"Include {config.folder}/more", "Host gpu", "  HostName 10.1.1.1")
    assert (await config.resolve("eve@gpu")).address == "eve@10.1.1.1:2201"
    assert (await config.resolve("bob@gpu")).port == 22


@pytest.mark.parametrize(
    ("setting", "socket"),
    [
        ("none", None),
        ("SSH_AUTH_SOCK", "/run/agent"),
        ("$OTHER", "/run/other"),
        ("$UNSET", None),
        ("/run/fixed", "/run/fixed"),
    ],
)
async def test_agents(config, setting, socket):
    """Every form of IdentityAgent."""
    config.environ["OTHER"] = "/run/other"
    config.write("Host gpu", f"  IdentityAgent {setting}")
    assert (await config.resolve("gpu")).agent_socket == socket


async def test_the_agent_of_a_client(config):
    """It takes the place of the environment's, but not of one that is configured, and while it is there."""
    config.write("Host named", "  IdentityAgent /run/named")
    targets = config.targets
    path = config.folder / "agent"
    targets.use_agent(path)
    assert (await targets.resolve("gpu")).agent_socket == "/run/agent"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert (await targets.resolve("gpu")).agent_socket == str(path)
        assert (await targets.resolve("named")).agent_socket == "/run/named"
    path.unlink()
    assert (await targets.resolve("gpu")).agent_socket == "/run/agent"


async def test_no_agent_in_the_environment(config):
    """Without SSH_AUTH_SOCK there is no agent."""
    del config.environ["SSH_AUTH_SOCK"]
    assert (await config.resolve("gpu")).agent_socket is None


async def test_no_identity(config):
    """IdentityFile none is no key at all, and none that could be missing."""
    config.write("Host gpu", "  IdentityFile none", "  UserKnownHostsFile none")
    host = await config.resolve("gpu")
    assert host.identity_files == ()
    assert not host.explicit_identities
    assert not any("known_hosts" in str(path) and "etc" not in str(path) for path in host.known_hosts_files)


async def test_one_default_key_by_name_is_explicit(config):
    """Naming one of the default keys is naming it."""
    config.write("Host gpu", "  IdentityFile ~/.ssh/id_ed25519")
    assert (await config.resolve("gpu")).explicit_identities


async def test_proxy_command(config):
    """The command keeps its quotes and gets its tokens."""
    config.write("Host gpu", "  HostName 10.1.1.1", '  ProxyCommand nc -X "a b" %h %p %r %n %%')
    host = await config.resolve("bob@gpu:23")
    assert host.proxy_command == 'nc -X "a b" 10.1.1.1 23 bob gpu %'
    config.write("Host gpu", "  ProxyCommand none")
    assert (await config.resolve("gpu")).proxy_command is None


async def test_jump_hosts(config):
    """A chain, whose first host brings its own jump host with it, as ssh does."""
    config.write(
        "Host gpu",
        "  ProxyJump bob@one:2022,two",
        "Host one",
        "  HostName 10.0.0.1",
        "  ProxyJump zero",
        "Host two",
        "  HostName 10.0.0.2",
        "  ProxyJump elsewhere",
        "Host zero",
        "  ProxyCommand nc %h %p",
    )
    host = await config.resolve("gpu")
    assert [jump.address for jump in host.jumps] == [
        f"{ACCOUNT}@zero:22",
        "bob@10.0.0.1:2022",
        f"{ACCOUNT}@10.0.0.2:22",
    ]
    assert [jump.proxy_command for jump in host.jumps] == ["nc zero 22", None, None]
    assert all(jump.jumps == () for jump in host.jumps)
    assert host.key != (await config.resolve("one")).key


async def test_same_way_same_key(config):
    """Two names for one account, address and way share a link; another way does not."""
    config.write("Host a b c", "  HostName 10.0.0.1", "Host c", "  ProxyJump j")
    keys = [(await config.resolve(name)).key for name in "abc"]
    assert keys[0] == keys[1] != keys[2]


async def test_jump_hosts_in_a_circle(config):
    """A circle is an error and not an endless loop."""
    config.write("Host a", "  ProxyJump b", "Host b", "  ProxyJump a")
    with pytest.raises(InvalidTarget, match="no end"):
        await config.resolve("a")


async def test_bad_configuration_is_quoted(config):
    """What ssh says of its configuration is in the error, with file and line."""
    config.write("Host gpu", "  Port x")
    with pytest.raises(InvalidTarget, match=f"{config.path} line 2: Bad port"):
        await config.resolve("gpu")


async def test_missing_configuration(config):
    """A configuration file that was set and is gone is an error."""
    config.path.unlink()
    with pytest.raises(InvalidTarget, match="No such file"):
        await config.resolve("gpu")


async def test_unknown_token(config):
    """A token that we do not know is an error and not a literal."""
    config.write("Host gpu", "  IdentityFile ~/%Z")
    with pytest.raises(InvalidTarget, match="%Z"):
        await config.resolve("gpu")


async def test_unset_variable(config):
    """A variable that the daemon does not have is named."""
    config.write("Host gpu", "  IdentityFile ${NOWHERE}/k")
    with pytest.raises(InvalidTarget, match="NOWHERE"):
        await config.resolve("gpu")


async def test_bad_targets(config):
    """Nothing dangerous reaches ssh."""
    for target in ("", "-oProxyCommand=x", "a b", "$(x)", "a:0", "x\n"):
        with pytest.raises(InvalidTarget):
            await config.resolve(target)


async def test_no_ssh(config):
    """Without the program the error says what to install."""
    targets = Targets(OpenSsh(program="/nonexistent/ssh"), config.saved)
    with pytest.raises(SshMissing, match="/nonexistent/ssh"):
        await targets.resolve("gpu")


async def test_slow_configuration(config):
    """A Match exec that hangs is ended, with what it has started."""
    mark = config.folder / "pid"
    config.write(f'Match exec "echo $$ > {mark}; sleep 1000"', "  Port 23")
    targets = Targets(OpenSsh(config_file=config.path, timeout_s=0.5), config.saved)
    with pytest.raises(InvalidTarget, match="no answer"):
        await targets.resolve("gpu")
    await eventually(lambda: has_ended(int(mark.read_text())), "the end of the command")


async def test_saved_host(config):
    """A saved host is resolved through the configuration, with its own key."""
    config.write("Host gpu", "  HostName 10.1.1.1")
    config.saved.save(SavedHost("lab", "eve@gpu:23", Path("/k")))
    host = await config.resolve("lab")
    assert (host.target, host.address) == ("lab", "eve@10.1.1.1:23")
    assert host.identity_files == (Path("/k"),)
    assert host.explicit_identities


async def test_local(config):
    """This machine needs no ssh."""
    host = await Targets(OpenSsh(program="/nonexistent"), config.saved).resolve("local")
    assert host.is_local
    assert (host.address, host.key) == ("local", "local")


async def test_aliases(config):
    """Aliases without wildcards, of included files too, each once."""
    (config.folder / "a.conf").write_text("Host inner gpu *.lab\n")
    config.write(
        f"Include {config.folder}/*.conf {config.folder}/missing",
        "# Host not",
        'host=GPU2 "quoted"',
        "Host gpu !no b?d *",
        f"  Include {config.path}",
    )
    assert await config.targets.aliases() == ("inner", "gpu", "GPU2", "quoted")
