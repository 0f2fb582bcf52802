"""A daemon for the dashboard's page alone: the real files and headers, answers that a test makes up."""

import asyncio
import contextlib
import itertools
import json
import threading
import time

import msgspec
from aiohttp import WSMsgType, web

from runicornd.gateway.answers import HEADERS
from runicornd.gateway.static import StaticFiles
from runicornd.protocol import models

PATIENCE_S = 10.0


class PageDaemon:
    """``with PageDaemon(status) as daemon:`` serves the page at ``daemon.url``; every code lets in.

    Args:
        status: The snapshot, as ``daemon.status`` gives it.
    """

    def __init__(self, status):
        self.status = status
        self.url = ""
        self._port = 0
        self._answers = {}
        self._sequence = itertools.count(2)
        self._sockets = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.answer("daemon.hello", lambda _: models.HelloResult(1, "demo", "0.1.0", 4711))
        self.answer("events.subscribe", lambda _: models.SubscribeResult(1, self.status))
        self.answer("daemon.status", lambda _: self.status)

    def answer(self, method, make):
        """Answer a method by what ``make`` makes of its parameters."""
        self._answers[method] = make

    def push(self, topic, data):
        """Send an event to all pages. From any thread."""
        self._loop.call_soon_threadsafe(self._push, topic, data)

    def go_away(self):
        """Close the port and every conversation."""
        self._do(self._end())

    def come_back(self):
        """Serve again on the same port."""
        self._do(self._serve())

    def every(self, pause_s, work, for_s):
        """Do something on the daemon's own loop, many times a second, for so long; then return."""
        return asyncio.run_coroutine_threadsafe(self._repeat(pause_s, work, for_s), self._loop)

    def push_now(self, topic, data):
        """Send an event to all pages. From the daemon's own loop only."""
        self._push(topic, data)

    def __enter__(self):
        self._thread.start()
        self._do(self._serve())
        return self

    def __exit__(self, *_):
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _serve(self):
        app = web.Application()
        files = StaticFiles()

        async def add_headers(_request, response):
            response.headers.update(HEADERS)

        app.on_response_prepare.append(add_headers)
        app.router.add_get("/rpc", self._talk)
        app.router.add_post("/enter", self._enter)
        app.router.add_get("/token", self._good)
        app.router.add_get("/{path:.*}", files.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/"

    async def _end(self):
        for socket in list(self._sockets):
            await socket.close()
        await self._runner.cleanup()

    async def _enter(self, _request):
        return web.json_response({"token": "t"})

    async def _good(self, _request):
        return web.Response(status=204)

    async def _talk(self, request):
        socket = web.WebSocketResponse(protocols=["runicornd"])
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await socket.send_str(self._reply(json.loads(message.data)))
        finally:
            self._sockets.discard(socket)
        return socket

    def _reply(self, request):
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        make = self._answers.get(request["method"])
        if make is None:
            said = f"cannot answer {request['method']}: the test does not say how"
            return json.dumps(reply | {"error": {"code": 1, "message": said}})
        try:
            result = make(request.get("params") or {})
        except Refuses as refused:
            data = msgspec.to_builtins(refused.error)
            return json.dumps(reply | {"error": {"code": 1, "message": refused.error.message, "data": data}})
        return msgspec.json.encode(reply | {"result": result}).decode()

    def _push(self, topic, data):
        params = {"sequence": next(self._sequence), "topic": topic, "data": data}
        line = msgspec.json.encode({"jsonrpc": "2.0", "method": "event", "params": params}).decode()
        for socket in self._sockets:
            with contextlib.suppress(ConnectionError):
                # What this writes is small, and a page that does not read is not of this test.
                self._loop.create_task(socket.send_str(line))

    async def _repeat(self, pause_s, work, for_s):
        ends = time.monotonic() + for_s
        due = time.monotonic()
        while time.monotonic() < ends:
            work()
            due += pause_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class Refuses(Exception):
    """What an answer raises to refuse: an ErrorData."""

    def __init__(self, kind, message, hint=""):
        super().__init__(message)
        self.error = models.ErrorData(kind, message, hint)
