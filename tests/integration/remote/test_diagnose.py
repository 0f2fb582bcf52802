"""What the agent tells the doctor, on every Python that it may meet."""

import socket
import time
from pathlib import Path

import pytest

from runicornd.doctor.far_end import KNOCK
from runicornd.errors import AgentFailed, InvalidParams
from tests.helpers.waiting import eventually


@pytest.fixture
async def host(make_far_end, python):
    """A far end whose agent runs on that Python."""
    one = make_far_end(python=python).host()
    yield one
    await one.close()


async def hear(host, transport, endpoint):
    stream = await host.open_endpoint(transport, endpoint)
    try:
        return await stream.read(100)
    finally:
        stream.abort()


def is_gone(transport, endpoint):
    if transport == "unix":
        return not Path(endpoint).parent.exists()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(endpoint.rpartition(":")[2]))) != 0


async def test_the_account_and_its_folders(host, tmp_path):
    """Home, the temporary folder and the named root, with their room."""
    account = await host.account(str(tmp_path / "missing" / "root"))
    home, temporary, root = account.places
    assert (home.name, home.path, home.is_folder, home.writable) == (
        "home",
        str(tmp_path / "home0"),
        True,
        True,
    )
    assert temporary.path == "/tmp"
    assert (root.is_folder, root.readable, root.writable) == (False, False, False)
    assert 0 < root.free <= root.size  # of the disk where it would be made
    assert account.system
    assert account.shell
    assert [place.name for place in (await host.account()).places] == ["home", "temporary"]


async def test_the_time(host):
    """The far end's clock is this machine's."""
    assert abs(await host.clock() - time.time()) < 5


@pytest.mark.parametrize("transport", ["unix", "tcp"])
async def test_it_listens_for_one_caller(host, transport):
    """Who calls hears the word; a second caller finds nobody, and no folder is left."""
    endpoint = await host.listen(transport)
    assert await hear(host, transport, endpoint) == KNOCK
    await eventually(lambda: is_gone(transport, endpoint), "the end of the listener")
    assert await host.viewers() == ()


async def test_no_more_than_a_few_listen_at_a_time(host):
    """A daemon gone mad leaves the server alone."""
    for _ in range(4):
        await host.listen("unix")
    with pytest.raises(AgentFailed, match="too many"):
        await host.listen("unix")
    with pytest.raises(InvalidParams):
        await host.listen("udp")


async def test_no_folder_outlives_the_agent(host):
    """A socket that nobody could reach is gone with the agent, not only after its time."""
    endpoint = await host.listen("unix")
    assert not is_gone("unix", endpoint)
    await host.close()
    await eventually(lambda: is_gone("unix", endpoint), "the end of the folder")
