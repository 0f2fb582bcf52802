"""Asynchronous helpers for tests that wait for programs: they run in a thread of their own."""

import asyncio
import contextlib
import threading

PATIENCE_S = 20.0


@contextlib.contextmanager
def in_background(manager):
    """Enter an asynchronous context manager on an event loop of its own, for the length of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_S)

    try:
        value = run(manager.__aenter__())
        try:
            yield value
        finally:
            run(manager.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
