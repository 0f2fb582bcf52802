import asyncio
import threading
import time

import pytest

from runicornd.errors import LocalDiskFull, StateUnwritable
from runicornd.storage.db import Damaged, Database
from runicornd.storage.migrations import VERSION, migrate

SLOW = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000000) SELECT count(*) FROM n
"""


@pytest.fixture
async def database(tmp_path):
    database = await Database.open(tmp_path / "index.db", migrate)
    yield database
    await database.close()


def put(connection):
    connection.execute("INSERT INTO facts VALUES ('a', 'b')")


def facts(connection):
    return connection.execute("SELECT count(*) FROM facts").fetchone()[0]


async def test_a_new_file_has_the_newest_schema(database):
    """The version of the schema is in the file."""
    assert await database.read(lambda c: c.execute("PRAGMA user_version").fetchone()[0]) == VERSION


async def test_a_write_is_all_or_nothing(database):
    """What fails leaves no trace."""

    def half(connection):
        put(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await database.write(half)
    assert await database.read(facts) == 0
    await database.write(put)
    assert await database.read(facts) == 1


async def test_readers_see_the_state_before_while_a_write_runs(database):
    """Nobody waits for a sync's commit, and nobody sees half of it."""
    began, go_on = threading.Event(), threading.Event()

    def slow(connection):
        put(connection)
        began.set()
        assert go_on.wait(10)

    writing = asyncio.create_task(database.write(slow))
    assert await asyncio.to_thread(began.wait, 10)
    assert await database.read(facts) == 0
    go_on.set()
    await writing
    assert await database.read(facts) == 1


async def test_a_question_without_an_asker_is_stopped(database):
    """Cancelled questions do not keep their thread: there are only two."""
    running = threading.Event()

    def ask(connection):
        running.set()
        return connection.execute(SLOW).fetchone()

    questions = [asyncio.create_task(database.read(ask)) for _ in range(6)]
    assert await asyncio.to_thread(running.wait, 10)
    began = time.monotonic()
    for question in questions:
        question.cancel()
    await asyncio.gather(*questions, return_exceptions=True)
    assert await database.read(facts) == 0
    assert time.monotonic() - began < 5


async def test_the_loop_goes_on_while_a_question_is_answered(database):
    """Nothing runs on the loop's thread."""
    question = asyncio.create_task(database.read(lambda c: c.execute(SLOW).fetchone()))
    for _ in range(20):
        began = time.monotonic()
        await asyncio.sleep(0.001)
        assert time.monotonic() - began < 1
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question


async def test_readers_cannot_write(database):
    """A question changes nothing, whatever it is."""
    with pytest.raises(StateUnwritable):
        await database.read(put)


async def test_a_full_disk_has_its_own_error(database):
    """The database's own limit stands in for the disk's."""

    def fill(connection):
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE big AS SELECT randomblob(1000000) AS data")

    with pytest.raises(LocalDiskFull):
        await database.write(fill)
    assert await database.read(facts) == 0


async def test_no_database_is_damaged(tmp_path):
    """Another kind of file is told from one that cannot be opened."""
    (tmp_path / "index.db").write_bytes(b"no database " * 1000)
    with pytest.raises(Damaged):
        await Database.open(tmp_path / "index.db", migrate)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StateUnwritable) as raised:
        await Database.open(tmp_path / "folder", migrate)
    assert not isinstance(raised.value, Damaged)


async def test_closing_twice_is_closing_once(database):
    """And it waits for what runs."""
    writing = asyncio.create_task(database.write(put))
    await asyncio.sleep(0)
    await database.close()
    await writing
    await database.close()


async def test_closing_does_not_wait_for_a_long_question(database):
    """It is stopped, and told so."""
    running = threading.Event()

    def ask(connection):
        running.set()
        return connection.execute(SLOW).fetchone()

    question = asyncio.create_task(database.read(ask))
    assert await asyncio.to_thread(running.wait, 10)
    async with asyncio.timeout(5):
        await database.close()
    with pytest.raises(StateUnwritable):
        await question
    with pytest.raises(StateUnwritable):
        await database.read(facts)
