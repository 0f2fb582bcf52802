import asyncio

import pytest

from runicornd._lib.supervise import Tasks


async def forever(ended):
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(True)


async def test_close_ends_and_awaits_every_task():
    """After close no task is left, and each has cleaned up."""
    tasks, ended = Tasks("x"), []
    for number in range(3):
        tasks.start(f"t{number}", forever(ended))
    await asyncio.sleep(0)
    await tasks.close()
    assert ended == [True] * 3
    assert len(tasks) == 0


async def test_a_crash_is_kept_and_reported():
    """The owner hears of the first exception, with the task's name."""
    heard = []
    tasks = Tasks("owner", lambda name, error: heard.append((name, str(error))))

    async def crash():
        raise RuntimeError("boom")

    task = tasks.start("part", crash())
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert heard == [("owner: part", "boom")]
    assert str(tasks.crash) == "boom"
    await tasks.close()


async def test_a_task_that_ends_well_or_is_cancelled_is_no_crash():
    """Only exceptions are crashes."""
    tasks = Tasks("x")
    done = tasks.start("done", asyncio.sleep(0, "result"))
    cancelled = tasks.start("cancelled", forever([]))
    assert await done == "result"
    cancelled.cancel()
    await asyncio.wait([cancelled])
    await tasks.close()
    assert tasks.crash is None


async def test_close_leaves_a_task_that_resists_after_the_time_is_up():
    """One stubborn task cannot hold up the end."""
    tasks, release = Tasks("x"), asyncio.Event()

    async def stubborn():
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.start("stubborn", stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.close(timeout_s=0.05)
    assert not task.done()
    release.set()
    await task


async def test_nothing_starts_after_close():
    """A closed owner takes no more work."""
    tasks = Tasks("x")
    await tasks.close()
    with pytest.raises(RuntimeError, match="x is closed"):
        tasks.start("late", forever([]))


async def test_a_task_may_close_its_own_owner():
    """Close from inside spares the caller."""
    tasks, ended = Tasks("x"), []
    tasks.start("other", forever(ended))

    async def closer():
        await tasks.close()
        return "still here"

    await asyncio.sleep(0)
    assert await tasks.start("closer", closer()) == "still here"
    assert ended == [True]


async def test_work_goes_on_when_its_caller_is_gone():
    """What was begun is done, though nobody waits for it any more."""
    tasks, go, done = Tasks("x"), asyncio.Event(), asyncio.Event()

    async def work():
        await go.wait()
        done.set()

    caller = asyncio.create_task(tasks.to_its_end("work", work(), expected=ValueError))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    go.set()
    await asyncio.wait_for(done.wait(), 5)
    assert caller.cancelled()
    await tasks.close()


async def test_an_expected_error_is_the_callers():
    """It reaches whoever asked, and is no crash."""
    tasks = Tasks("x")

    async def work():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await tasks.to_its_end("work", work(), expected=ValueError)
    assert tasks.crash is None
    await tasks.close()
