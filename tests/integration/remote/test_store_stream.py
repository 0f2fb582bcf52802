"""Streams of a store's far end: syncs and files, through a real shell and a real sshd."""

import asyncio
import itertools
import json
import os
import random
from contextlib import aclosing

import pytest

from runicornd.errors import (
    AgentFailed,
    FileMissing,
    NoPython,
    NotConnected,
    PermissionDenied,
    RemoteUnsupported,
    RootNotFound,
    SourceChanged,
)
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.remote.store_stream import (
    FileBegun,
    FileData,
    FileEnded,
    FileFailed,
    MetadataFile,
    MetadataGone,
    SyncBegun,
    SyncEnded,
    SyncRequest,
    Wanted,
    fetch_files,
    sync_metadata,
)
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Interview, Secrets
from runicornd.ssh.hostkeys import HostKeys
from runicornd.ssh.targets import Host
from runicornd.storage.layouts.paths import owner_of
from tests.helpers.far_end import pids_with
from tests.helpers.proxy import Proxy
from tests.helpers.real_roots import MIXED, real_root
from tests.helpers.scripted_agent import ScriptedConnection
from tests.helpers.sshd import Sshd, needs_sshd
from tests.helpers.waiting import eventually, within

LIMIT = 100_000
START = b"noise\nrunicornd-says:here\nrunicornd-says:python\n"


def write(folder, path, data):
    target = folder / os.fsdecode(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


@pytest.fixture
def filled(root):
    """A storage root with 30 versions of an artifact, and a run."""
    for number in range(1, 31):
        write(root, f"artifacts/model/net/v{number}/metadata.json", b'{"version": %d}' % number)
    write(root, "artifacts/model/net/versions.json", b"{}")
    write(root, "runs/a/r1/meta.json", b'{"id": "r1"}')
    return root


class Mirror:
    """Keeps what syncs bring, as the index does."""

    def __init__(self, connection, root):
        self.connection = connection
        self.root = root
        self.files = {}
        self.contents = {}
        self.problems = {}
        self.token = None

    async def sync(self):
        """Sync; return how many files came, and how many went."""
        request = SyncRequest(self.root, self.files, self.token, LIMIT)
        files, gone, ended = {}, [], None
        async with aclosing(sync_metadata(self.connection, request)) as stream:
            async for batch in stream:
                for frame in batch:
                    match frame:
                        case SyncBegun(root):
                            self.root = root
                        case MetadataFile(path):
                            files[path] = frame
                        case MetadataGone(path):
                            gone.append(path)
                        case SyncEnded():
                            ended = frame
        assert ended.is_complete
        self.token = ended.token
        for path in gone:
            del self.files[path]
        for path, file in files.items():
            self.files[path] = (file.size, file.mtime_ns)
            self.contents[path] = file.data
            self.problems[path] = file.problem
        return len(files), len(gone)


async def fetch(connection, root, *wanted):
    """Fetch files; return for each its content, or the class of its error."""
    found, content = [], bytearray()
    async with aclosing(fetch_files(connection, str(root), wanted)) as stream:
        async for frame in stream:
            match frame:
                case FileBegun(index):
                    assert index == len(found)
                    content.clear()
                case FileData(data):
                    content += data
                case FileEnded():
                    found.append(bytes(content))
                case FileFailed(_, error):
                    found.append(type(error))
    return found


async def test_only_what_changed_crosses(make_far_end, python, filled):
    """First everything, then nothing, then a new, a changed and a deleted file."""
    mirror = Mirror(make_far_end(python=python).connection, str(filled))
    assert await mirror.sync() == (32, 0)
    assert mirror.contents["runs/a/r1/meta.json"] == b'{"id": "r1"}'
    assert await mirror.sync() == (0, 0)
    mirror.token = None
    assert await mirror.sync() == (0, 0)
    assert mirror.token is not None
    write(filled, "artifacts/model/net/v31/metadata.json", b"{}")
    write(filled, "artifacts/model/net/v1/metadata.json", b'{"changed": true}')
    (filled / "artifacts/model/net/v2/metadata.json").unlink()
    assert await mirror.sync() == (2, 1)
    assert mirror.contents["artifacts/model/net/v1/metadata.json"] == b'{"changed": true}'
    assert "artifacts/model/net/v2/metadata.json" not in mirror.files
    assert await mirror.sync() == (0, 0)


async def test_a_stream_of_many_megabytes_comes_whole(far, root):
    """More than every buffer on the way holds, and nothing that packs well."""
    contents = {f"artifacts/a/b/v{number}/metadata.json": os.urandom(90_000) for number in range(1, 200)}
    for path, content in contents.items():
        write(root, path, content)
    mirror = Mirror(far.connection, str(root))
    assert await mirror.sync() == (199, 0)
    assert mirror.contents == contents


async def test_the_root_is_found_by_runicorns_own_rule(far, filled):
    """From the login shell's variables when none is named."""
    far.env["RUNICORN_DIR"] = str(filled)
    mirror = Mirror(far.connection, None)
    assert await mirror.sync() == (32, 0)
    assert mirror.root == str(filled)


async def test_a_root_may_begin_with_a_tilde(far):
    """It is in the home of the far end."""
    write(far.home / "data", "runs/r1/meta.json", b"{}")
    mirror = Mirror(far.connection, "~/data")
    assert await mirror.sync() == (1, 0)
    assert mirror.root == str(far.home / "data")


async def test_odd_names_travel_and_lead_back(make_far_end, python, root):
    """Not UTF-8, with line breaks and escapes, and with our own escaping characters."""
    far = make_far_end(python=python)
    names = [b"\xff\xfe", b"a\nb\x1b[31m", "\uf7ff".encode(), "日本".encode(), b'it\'s "a" name']
    for name in names:
        write(root, b"artifacts/model/" + name + b"/v1/metadata.json", name)
    mirror = Mirror(far.connection, str(root))
    assert await mirror.sync() == (5, 0)
    assert await mirror.sync() == (0, 0)
    mirror.token = None
    assert await mirror.sync() == (0, 0)
    paths = list(mirror.contents)
    wanted = [Wanted(path, len(mirror.contents[path])) for path in paths]
    assert await fetch(far.connection, root, *wanted) == [mirror.contents[path] for path in paths]


async def test_large_files_come_without_their_content(far, filled):
    """With the reason; the next sync does not send them again."""
    write(filled, "artifacts/model/net/v1/metadata.json", bytes(LIMIT + 1))
    mirror = Mirror(far.connection, str(filled))
    assert await mirror.sync() == (32, 0)
    assert mirror.contents["artifacts/model/net/v1/metadata.json"] is None
    assert mirror.problems["artifacts/model/net/v1/metadata.json"] == f"larger than {LIMIT} bytes"
    mirror.token = None
    assert await mirror.sync() == (0, 0)


async def test_a_missing_root_is_said(far, tmp_path):
    """For a sync and for a fetch."""
    with pytest.raises(RootNotFound, match="none"):
        await Mirror(far.connection, str(tmp_path / "none")).sync()
    with pytest.raises(RootNotFound, match="none"):
        await fetch(far.connection, tmp_path / "none", Wanted("a", 1))


async def test_a_root_that_is_suddenly_empty_is_no_deletion(far, filled):
    """As it looks when a disk is not mounted."""
    mirror = Mirror(far.connection, str(filled))
    await mirror.sync()
    filled.rename(filled.with_name("unmounted"))
    filled.mkdir()
    with pytest.raises(RootNotFound, match="empty"):
        await mirror.sync()


async def test_without_a_python_it_is_said():
    """As for the agent itself."""

    async def behave(process, _command):
        await process.say(b"runicornd-says:here\nrunicornd-says:none\n")
        await process.end(0)

    connection = ScriptedConnection(behave)
    with pytest.raises(NoPython):
        await within(Mirror(connection, "/r").sync())
    await connection.close()


async def test_files_come_in_order_with_offsets(make_far_end, python, root):
    """Empty, small and large ones, whole and in part."""
    far = make_far_end(python=python)
    sizes = [0, 1, 5000, 300_000, 9_000_000, 17, 1_048_576, 262_144]
    contents = [random.Random(size).randbytes(size) for size in sizes]
    for number, content in enumerate(contents):
        write(root, f"files/{number}", content)
    wanted = [Wanted(f"files/{number}", size) for number, size in enumerate(sizes)]
    assert await fetch(far.connection, root, *wanted) == contents
    resumed = [Wanted(file.path, file.size, file.size // 3) for file in wanted]
    rests = [content[len(content) // 3 :] for content in contents]
    assert await fetch(far.connection, root, *resumed) == rests
    assert await fetch(far.connection, root) == []


async def test_many_files_come_with_one_request(far, root):
    """A list that is longer than what goes with the request, too."""
    names = [f"files/{random.Random(number).randbytes(60).hex()}" for number in range(2000)]
    for name in names:
        write(root, name, name.encode())
    wanted = [Wanted(name, len(name)) for name in names]
    assert await fetch(far.connection, root, *wanted) == [name.encode() for name in names]
    assert len(far.commands) == 1


async def test_a_file_that_cannot_be_had_ends_nothing_else(far, root, tmp_path):
    """Missing, a pipe, a folder, a link out, a path out, a null character; each with its error."""
    write(root, "good", b"good")
    write(tmp_path, "secret", b"secret")
    os.mkfifo(root / "pipe")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "in").symlink_to("good")
    bad = [
        "none",
        "none/x",
        "pipe",
        ".",
        "out",
        "../secret",
        str(tmp_path / "secret"),
        "a\0b",
        "x" * 300,
        "y" * 2_000_000,
    ]
    wanted = [Wanted(path, 4) for path in [*bad, "good", "in"]]
    found = await fetch(far.connection, root, *wanted)
    assert found == [FileMissing] * len(bad) + [b"good"] * 2


async def test_files_of_another_size_are_noticed(far, root):
    """A shorter file has changed; of a longer one come as many bytes as were asked for."""
    write(root, "file", b"0123456789")
    found = await fetch(far.connection, root, Wanted("file", 11), Wanted("file", 4, 2), Wanted("file", 10))
    assert found == [SourceChanged, b"23", b"0123456789"]


async def test_a_file_that_shrinks_while_it_is_sent_has_changed(far, root):
    """The next file comes all the same."""
    size = 64_000_000
    write(root, "large", b"")
    os.truncate(root / "large", size)
    write(root, "next", b"next")
    found, content = [], 0
    stream = fetch_files(far.connection, str(root), [Wanted("large", size), Wanted("next", 4)])
    async with aclosing(stream):
        async for frame in stream:
            if isinstance(frame, FileBegun) and frame.index == 0:
                os.truncate(root / "large", 1000)
            elif isinstance(frame, FileData):
                content += len(frame.data)
            elif isinstance(frame, (FileEnded, FileFailed)):
                found.append(frame)
    assert [type(frame) for frame in found] == [FileFailed, FileEnded]
    assert isinstance(found[0].error, SourceChanged)
    assert content < size


async def test_a_stream_that_is_left_ends_its_program(far, root):
    """Nothing runs on at the far end."""
    write(root, "large", b"")
    os.truncate(root / "large", 500_000_000)
    stream = fetch_files(far.connection, str(root), [Wanted("large", 500_000_000)])
    async with aclosing(stream):
        assert isinstance(await anext(stream), FileBegun)
        assert pids_with(f"HOME={far.home}")
    await eventually(lambda: not pids_with(f"HOME={far.home}"), "the end of the far end")


async def test_a_far_end_that_is_killed_is_an_error(far, root):
    """The stream does not just end."""
    write(root, "large", b"")
    os.truncate(root / "large", 500_000_000)
    stream = fetch_files(far.connection, str(root), [Wanted("large", 500_000_000)])
    async with aclosing(stream):
        await anext(stream)
        far.kill_agent()
        with pytest.raises(AgentFailed, match="far end"):
            async for _ in stream:
                pass


async def test_a_connection_that_is_lost_is_said(far, root):
    """As such, so that it is tried again."""
    write(root, "large", b"")
    os.truncate(root / "large", 500_000_000)
    stream = fetch_files(far.connection, str(root), [Wanted("large", 500_000_000)])
    async with aclosing(stream):
        await anext(stream)
        await far.drop()
        with pytest.raises(NotConnected):
            async for _ in stream:
                pass


@pytest.fixture
async def play():
    """Play a script at the far end; return the connection to it."""
    made = []

    def play(*answers):
        async def behave(process, _command):
            await process.heard.get()
            await process.say(START + b"".join(answers))
            await process.end(1, "gone")

        made.append(ScriptedConnection(behave))
        return made[-1]

    yield play
    for connection in made:
        await connection.close()


def line(**said):
    return json.dumps(said).encode() + b"\n"


HELLO = line(store=1)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([line(store=2)], AgentFailed),
        ([b"what?\n"], AgentFailed),
        ([line(error={"kind": "remote_unsupported", "message": "cannot", "context": {}})], RemoteUnsupported),
        ([HELLO, line(error={"kind": "permission_denied", "message": "no"})], PermissionDenied),
        ([HELLO, line(error={"kind": "auth_failed", "message": "no"})], AgentFailed),
        ([HELLO, line(files=1)], AgentFailed),
        ([HELLO, line(root="/r", files=-1)], AgentFailed),
        ([HELLO, line(root="/r", files=2**80)], AgentFailed),
        ([HELLO, line(ask="known"), line(ask="known")], AgentFailed),
        ([HELLO, line(root="/r"), b"no stream"], AgentFailed),
        ([HELLO, line(root="/r")], AgentFailed),
        ([HELLO], AgentFailed),
    ],
)
async def test_a_far_end_that_breaks_the_protocol_is_an_error(play, answers, expected):
    """Whatever it says, the sync fails as a whole, and at once."""
    with pytest.raises(expected):
        await within(Mirror(play(*answers), "/r").sync())


async def test_a_silent_far_end_is_given_up():
    """After the time that is allowed, and its channel is dropped."""

    async def behave(process, _command):
        await process.say(START + HELLO)
        await asyncio.Event().wait()

    connection = ScriptedConnection(behave)
    with pytest.raises(AgentFailed, match="no sign"):
        await within(anext(sync_metadata(connection, SyncRequest("/r"), silence_s=0.05)))
    assert connection.processes[0].is_aborted
    await connection.close()


class EndlessScan:
    """Says again and again that it looks around.

    Args:
        found: What it says to have found, sign by sign.
    """

    def __init__(self, found):
        self._found = iter(found)
        self.connection = ScriptedConnection(self._behave)

    async def _behave(self, process, _command):
        await process.say(START + HELLO)
        for found in self._found:
            await process.say(line(scanning=found))
            await asyncio.sleep(0)

    async def listen(self, **bounds):
        async with aclosing(sync_metadata(self.connection, SyncRequest("/r"), **bounds)) as stream:
            async for _ in stream:
                pass


@pytest.mark.parametrize(
    ("found", "bounds", "said"),
    [
        (itertools.repeat(7), {"stall_s": 0.05}, "nothing more was found for 0.05 s"),
        (itertools.count(), {"scan_s": 0.05}, "that took 0.05 s"),
        (range(20_000), {}, "too often"),
    ],
)
async def test_a_scan_without_an_end_is_given_up(found, bounds, said):
    """Nothing found, always something more, or too many signs of life."""
    scan = EndlessScan(found)
    with pytest.raises(AgentFailed, match=said):
        await within(scan.listen(**bounds))
    assert scan.connection.processes[0].is_aborted
    await scan.connection.close()


async def test_all_metadata_of_real_roots_comes_and_nothing_else(far, tmp_path):
    """Of a root that three releases of Runicorn wrote: exactly the files that the index can read."""
    found = real_root(MIXED, tmp_path / "data")
    files = {str(path.relative_to(found.path)) for path in found.path.rglob("*") if path.is_file()}
    mirror = Mirror(far.connection, str(found.path))
    await mirror.sync()
    assert set(mirror.files) == {path for path in files if owner_of(path)}
    assert not [problem for problem in mirror.problems.values() if problem]


@pytest.fixture
async def over_ssh(tmp_path):
    """A real server, the proxy in front of it, and a connection through it."""
    with Sshd(tmp_path / "sshd") as server:
        async with Proxy(server.port) as proxy:
            server.known_hosts.write_text(f"[127.0.0.1]:{proxy.port} {server.public_host_key}\n")
            host = Host(
                "h",
                "127.0.0.1",
                proxy.port,
                server.user,
                (server.client_key,),
                explicit_identities=True,
                identities_only=True,
                known_hosts_files=(server.known_hosts,),
            )
            interview = Interview(
                host,
                prompts=Prompts(EventHub()),
                secrets=Secrets(),
                host_keys=HostKeys(tmp_path / "own"),
                login=None,
                on_waiting=lambda _waiting: None,
                answer_timeout_s=5,
            )
            connection = await AsyncsshConnector().connect(host, interview)
            yield server, proxy, connection
            await connection.close()


@needs_sshd
async def test_all_of_it_works_over_ssh(over_ssh, filled):
    """A sync, a second one and a large file, over one connection to a real server; then it is cut."""
    server, _, connection = over_ssh
    write(filled, "large", random.Random(1).randbytes(20_000_000))
    mirror = Mirror(connection, str(filled))
    assert await mirror.sync() == (32, 0)
    assert await mirror.sync() == (0, 0)
    assert await fetch(connection, filled, Wanted("large", 20_000_000)) == [(filled / "large").read_bytes()]
    assert server.drop_connections()
    with pytest.raises(NotConnected):
        await mirror.sync()


@needs_sshd
async def test_the_number_of_round_trips_does_not_grow(over_ssh, root):
    """Open the channel, start the program, hear the answer; one more where there is something to compare."""
    _, proxy, connection = over_ssh
    proxy.delay_s = 0.05  # So that one burst is not taken for two.
    mirror = Mirror(connection, str(root))
    counts = []
    for versions in (range(1, 2), range(2, 3), (), range(3, 300)):
        for number in versions:
            write(root, f"artifacts/model/net/v{number}/metadata.json", b"{}")
        proxy.reset_counters()
        assert await mirror.sync() == (len(versions), 0)
        counts.append(proxy.round_trips)
    assert max(counts[0], counts[2]) <= 4
    assert max(counts[1], counts[3]) <= 5
