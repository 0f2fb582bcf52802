"""The SSH library comes late, and once."""

import asyncio

import pytest

from runicornd.ssh import connector
from runicornd.ssh.connector import LOAD_AFTER_S, SshConnector
from tests.fakes.clock import FakeClock


class Library:
    """What the import yields; it repeats what it is asked."""

    async def connect(self, host, interviewer):
        return "connected", host, interviewer

    async def fetch_host_key(self, host, interviewer):
        return "key", host, interviewer


@pytest.fixture
def loaded(monkeypatch):
    """How often the library has been imported: one entry each."""
    times = []

    def load():
        times.append(1)
        return Library()

    monkeypatch.setattr(connector, "_load", load)
    return times


async def test_whoever_comes_first_imports_it_for_all(loaded):
    """Two at once and one later share one import."""
    ours = SshConnector()
    assert loaded == []
    answers = await asyncio.gather(ours.connect("gpu", "me"), ours.fetch_host_key("gpu", "me"))
    assert answers == [("connected", "gpu", "me"), ("key", "gpu", "me")]
    await ours.connect("gpu", "me")
    assert loaded == [1]


async def test_it_is_imported_when_the_daemon_has_started(loaded):
    """Not at once: the first answer comes before it."""
    clock = FakeClock()
    task = asyncio.create_task(SshConnector().load_later(clock))
    await clock.advance(LOAD_AFTER_S * 0.9)
    assert loaded == []
    await clock.advance(LOAD_AFTER_S * 0.2)
    await task
    assert loaded == [1]


async def test_a_failed_import_is_tried_again(loaded, monkeypatch):
    """A full memory at the first connection does not end all that follow."""
    works = connector._load

    def fails():
        raise MemoryError

    monkeypatch.setattr(connector, "_load", fails)
    ours = SshConnector()
    with pytest.raises(MemoryError):
        await ours.connect("gpu", "me")
    monkeypatch.setattr(connector, "_load", works)
    await ours.connect("gpu", "me")
    assert loaded == [1]
