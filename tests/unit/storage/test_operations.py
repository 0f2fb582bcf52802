"""What is asked of a store's machine, and how it is told."""

from dataclasses import replace

import pytest

from runicornd.errors import AgentFailed, NotConfirmed, RemoteUnsupported, StoreLocked
from runicornd.remote.models import ChangeMade
from runicornd.storage.model import Layout, Version, VersionKey
from runicornd.storage.operations import Machine, Operations

VERSION = Version(
    key=VersionKey("model", "resnet50", 1),
    layout=Layout.ARTIFACTS,
    path="artifacts/model/resnet50/v1",
    created=5.5,
    updated=6.5,
)


class FakeHost:
    """An agent that answers what it is told to, and notes what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers) or [ChangeMade(True)]
        self.asked = []

    def machine(self, *, is_local=False):
        return Machine("gpu", "gpu-server", is_local, "/data", self)

    async def change_store(self, change, *, timeout_s):
        assert timeout_s > 0
        self.asked.append(change)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_soft_delete_says_where():
    """The machine, and that it is not this one."""
    host = FakeHost()
    report = await Operations().delete(host.machine(), VERSION)
    assert report.message == "Soft deleted resnet50:v1 on gpu-server, not on this machine"
    assert (report.store, report.where, report.key, report.changed) == (
        "gpu",
        "gpu-server",
        VERSION.key,
        True,
    )
    (asked,) = host.asked
    assert (asked.root, asked.layout, asked.type, asked.name, asked.version) == (
        "/data",
        "artifacts",
        "model",
        "resnet50",
        1,
    )
    assert asked.change == {"do": "delete"}
    assert host.asked


async def test_this_machine_is_called_so():
    """A local store needs no name."""
    report = await Operations().restore(FakeHost().machine(is_local=True), VERSION)
    assert (report.message, report.where) == ("Restored resnet50:v1 on this machine", "this machine")


@pytest.mark.parametrize("confirm", [None, "", "resnet", "model/resnet50", "yes"])
async def test_for_good_needs_the_name(confirm):
    """Nobody is asked before that."""
    host = FakeHost()
    with pytest.raises(NotConfirmed, match="resnet50:v1") as caught:
        await Operations().delete(host.machine(), VERSION, permanently=True, confirm=confirm)
    assert "resnet50" in caught.value.hint
    assert host.asked == []


async def test_for_good_means_the_version_that_was_seen():
    """Its time goes along, unless the mirror could not read it."""
    host = FakeHost(ChangeMade(True, 4096, left="cannot remove: Permission denied"), ChangeMade(False))
    report = await Operations().delete(host.machine(), VERSION, permanently=True, confirm="resnet50")
    assert report.message == "Permanently deleted resnet50:v1 on gpu-server, not on this machine"
    assert report.freed_bytes == 4096
    assert "Permission denied" in report.hint
    await Operations().delete(
        host.machine(), replace(VERSION, problem="broken"), permanently=True, confirm="resnet50"
    )
    assert [dict(asked.change) for asked in host.asked] == [
        {"do": "delete", "permanently": True, "created": 5.5},
        {"do": "delete", "permanently": True},
    ]


async def test_what_was_so_already_is_said():
    """Each change in its own words."""
    operations = Operations()
    idle = [ChangeMade(False) for _ in range(6)]
    host = FakeHost(*idle)
    reports = [
        await operations.delete(host.machine(), VERSION),
        await operations.delete(host.machine(), VERSION, permanently=True, confirm="resnet50"),
        await operations.restore(host.machine(), VERSION),
        await operations.set_alias(host.machine(), VERSION, "best"),
        await operations.set_alias(host.machine(), VERSION, "best", remove=True),
        await operations.tag(host.machine(), VERSION, ["a"], ["b"]),
    ]
    assert not any(report.changed for report in reports)
    assert len({report.message for report in reports}) == len(reports)
    for report in reports:
        assert report.message.endswith("on gpu-server; nothing was changed")


async def test_an_alias_tells_where_it_was():
    """So that a mistake can be undone."""
    operations = Operations()
    host = FakeHost(ChangeMade(True, was_at=3), ChangeMade(False, was_at=2))
    moved = await operations.set_alias(host.machine(), VERSION, "best")
    assert moved.message == "Set alias best to resnet50:v1 on gpu-server, not on this machine"
    assert "v3" in moved.hint
    assert "v2" in (await operations.set_alias(host.machine(), VERSION, "best", remove=True)).hint


async def test_assets_cannot_be_changed():
    """Nobody is asked, and the reason is plain."""
    host = FakeHost()
    with pytest.raises(RemoteUnsupported, match=r"Runicorn 0\.6") as caught:
        await Operations().tag(host.machine(), replace(VERSION, layout=Layout.ASSETS), ["x"])
    assert caught.value.hint
    assert host.asked == []


async def test_an_agent_that_died_is_asked_again_with_the_same_key():
    """It may have made the change, and died with the answer."""
    host = FakeHost(AgentFailed("cannot"), ChangeMade(True))
    assert (await Operations().delete(host.machine(), VERSION)).changed
    first, second = host.asked
    assert first == second
    assert first.key


async def test_a_refusal_is_not_asked_again():
    """Whoever holds the lock shall not be pressed."""
    host = FakeHost(StoreLocked("cannot"))
    with pytest.raises(StoreLocked):
        await Operations().delete(host.machine(), VERSION)
    assert len(host.asked) == 1
    assert host.asked
