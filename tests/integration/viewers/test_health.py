import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from runicornd.errors import ViewerUnresponsive
from runicornd.viewers import health
from runicornd.viewers.health import Health


@asynccontextmanager
async def serving(handler):
    """A web server on a free port; yields the address that its handler answers at."""
    app = web.Application()
    app.router.add_get("/api/health", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://localhost:{port}/api/health"
    finally:
        await runner.cleanup()


async def healthy(_request):
    return web.json_response({"status": "ok", "version": "0.7.2", "storage": "/data"})


async def test_a_healthy_viewer_says_its_version_and_storage():
    """Both come out of the answer."""
    async with serving(healthy) as url:
        answer = await health.answer(url, timeout_s=5)
    assert (answer.version, answer.storage) == ("0.7.2", "/data")


async def test_a_viewer_that_answers_badly_at_first_is_asked_again():
    """The error page of a viewer that is still starting is not the last word."""
    count = 0

    async def handler(request):
        nonlocal count
        count += 1
        return await healthy(request) if count > 2 else web.Response(status=503)

    async with serving(handler) as url:
        await health.answer(url, timeout_s=10)
    assert count == 3


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"status": 500}, "status 500"),
        ({"status": 302, "headers": {"Location": "http://elsewhere.invalid/"}}, "status 302"),
        ({"text": "<html>"}, "not JSON"),
        ({"text": "[]"}, "no JSON object"),
        ({"text": '"' + "x" * 100_000 + '"'}, "too long"),
    ],
)
async def test_a_bad_answer_is_named_in_the_error(response, why):
    """When the time is over, the error says what came instead of health."""

    async def handler(_request):
        return web.Response(**response)

    async with serving(handler) as url:
        with pytest.raises(ViewerUnresponsive, match=why):
            await health.answer(url, timeout_s=0.3)


async def test_a_viewer_that_never_answers_is_given_up_in_time():
    """The time-out covers everything."""

    async def handler(_request):
        await asyncio.Event().wait()

    async with serving(handler) as url:
        task = asyncio.ensure_future(health.answer(url, timeout_s=0.2))
        done, _ = await asyncio.wait({task}, timeout=3)
        assert done, "it goes on asking"
        with pytest.raises(ViewerUnresponsive, match=r"within 0\.2 s"):
            await task


@pytest.mark.parametrize("after_s", [0.095, 0.1, 0.105])
async def test_a_watch_can_be_cancelled_at_any_moment(after_s):
    """A stop that comes just when an answer is overdue is not lost."""

    async def handler(_request):
        await asyncio.Event().wait()

    async with serving(handler) as url:
        watch = asyncio.ensure_future(Health(url, interval_s=0, timeout_s=0.1, misses=1000).watch())
        asyncio.get_running_loop().call_later(after_s, watch.cancel)
        done, _ = await asyncio.wait({watch}, timeout=3)
        assert done
        assert watch.cancelled()


async def test_nobody_listening_is_an_unresponsive_viewer(unused_tcp_port):
    """A refused connection is no crash of ours."""
    with pytest.raises(ViewerUnresponsive, match="connection broke"):
        await health.answer(f"http://127.0.0.1:{unused_tcp_port}/api/health", timeout_s=0.3)


async def test_a_viewer_that_limits_requests_is_alive():
    """Too many questions of somebody else do not make it look dead."""

    async def handler(_request):
        return web.json_response({"detail": "Rate limit exceeded"}, status=429)

    async with serving(handler) as url:
        await health.answer(url, timeout_s=5)


async def test_three_misses_in_a_row_mean_that_it_is_wedged():
    """A viewer that once worked and then only hangs is reported; not before the third time."""
    asked = 0

    async def handler(request):
        nonlocal asked
        asked += 1
        if asked > 2:
            await asyncio.Event().wait()
        return await healthy(request)

    async with serving(handler) as url, asyncio.timeout(10):
        with pytest.raises(ViewerUnresponsive, match="3 questions in a row"):
            await Health(url, interval_s=0.02, timeout_s=0.1).watch()
    assert asked == 5


async def test_a_miss_now_and_then_is_forgiven():
    """One good answer starts the count afresh."""
    asked = 0
    enough = asyncio.Event()

    async def handler(request):
        nonlocal asked
        asked += 1
        if asked >= 12:
            enough.set()
        return web.Response(status=500) if asked % 3 else await healthy(request)

    async with serving(handler) as url:
        watch = asyncio.ensure_future(Health(url, interval_s=0.01, timeout_s=5).watch())
        async with asyncio.timeout(10):
            await enough.wait()
        assert not watch.done()
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def test_watching_uses_one_connection():
    """The watch costs one small request an interval, not a new channel each time."""
    peers = set()
    enough = asyncio.Event()
    asked = 0

    async def handler(request):
        nonlocal asked
        asked += 1
        peers.add(request.transport.get_extra_info("peername"))
        if asked >= 5:
            enough.set()
        return await healthy(request)

    async with serving(handler) as url:
        watch = asyncio.ensure_future(Health(url, interval_s=0.01).watch())
        async with asyncio.timeout(10):
            await enough.wait()
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    assert len(peers) == 1
