"""A daemon for tests of the command line: speaks the protocol on a real socket, does what it is told.

It runs in threads of the test, or by itself: ``python -m tests.fakes.daemon`` serves until
``daemon.shutdown``.
"""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import msgspec

from runicornd.protocol import models
from runicornd.protocol.framing import LineBuffer, encode_event

STARTED = 1_700_000_000.0
FINGERPRINT = "SHA256:2KqcXnGAAPOQ0ZEZnSu0dQxaUmRjbLVpx2tLnCA4tbY"


class Refusal(Exception):
    """An error answer."""

    def __init__(self, kind, message, hint="", **context):
        super().__init__(message)
        self.error = {
            "code": 1000,
            "message": message,
            "data": {"kind": kind, "message": message, "hint": hint, "retryable": False, "context": context},
        }


def a_session(name="gpu", state="ready", **changes):
    """A session; ready at port 8081 unless told otherwise."""
    is_ready = state == "ready"
    values = {
        "id": name,
        "target": name,
        "viewer": "runicorn",
        "state": state,
        "url": "http://localhost:8081",
        "local_port": 8081,
        "env": models.SessionEnv("torch", "/opt/torch/bin/python", "0.7.2") if is_ready else None,
        "root": "/data/runs" if is_ready else None,
        "remote": models.Remote(4711, "/run/v.sock", exposed=False) if is_ready else None,
        "since": time.time() - 8040,
        "step": "connecting" if state == "starting" else None,
    }
    return models.Session(**(values | changes))


def an_error(kind="auth_failed", message="cannot log in to gpu: every way was refused", hint="check the key"):
    """Why a session is where it is."""
    return models.ErrorData(kind=kind, message=message, hint=hint)


def starting(step="connecting", **changes):
    """A session on its way."""
    return a_session(state="starting", step=step, url=None, **changes)


def starts(daemon, *later, method="sessions.start"):
    """Let the method answer a starting session, and show these states of it afterwards."""

    def start(_params):
        return daemon.show(starting()), lambda: [daemon.show(state) for state in later]

    daemon.handlers[method] = start


class FakeDaemon:
    """Answers on a socket from ``handlers``; a handler takes parameters (a dict) and returns a result, or a
    result and a function to call when it has been sent.

    What it shows lives in ``sessions``, ``hosts``, ``prompts``, ``stores`` and ``downloads``; ``requests``
    has what was asked.
    """

    def __init__(self, path):
        self.path = str(path)
        self.sessions = {}
        self.hosts = {}
        self.prompts = {}
        self.stores = {}
        self.downloads = {}
        self.requests = []
        self.answers = []
        self.protocol = 1
        self.noise = None
        self.ended = threading.Event()
        self.handlers = {
            "daemon.hello": self._hello,
            "daemon.status": lambda params: self.status(params.get("subject")),
            "daemon.shutdown": self._shutdown,
            "events.subscribe": self._subscribe,
            "prompts.answer": self._answer,
            "sessions.get": lambda params: self.find(params["session"]),
            "sessions.list": lambda _: models.SessionsResult(list(self.sessions.values())),
            "sessions.stop": self._stop,
        }
        self._lock = threading.RLock()
        self._sequence = 0
        self._connections = []
        self._feeds = []
        self._threads = []

    def __enter__(self):
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._begin(self._accept)
        return self

    def __exit__(self, *_):
        self._hang_up()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        with contextlib.suppress(FileNotFoundError):
            Path(self.path).unlink()

    def _hang_up(self):
        self.ended.set()
        with self._lock:
            for each in (self._listener, *self._connections):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    # What happens at the daemon

    def show(self, session):
        """A session is new, or changed."""
        with self._lock:
            self.sessions[session.id] = session
            self.push("session", session)
        return session

    def show_store(self, store):
        """A store is new, or changed."""
        with self._lock:
            self.stores[store.name] = store
            self.push("store", store)
        return store

    def show_download(self, download):
        """A download is new, or changed."""
        with self._lock:
            self.downloads[download.id] = download
            self.push("download", download)
        return download

    def forget(self, session_id):
        """A session is gone."""
        with self._lock:
            del self.sessions[session_id]
            self.push("session.removed", {"id": session_id})

    def ask(self, prompt):
        """A question appears."""
        with self._lock:
            self.prompts[prompt.id] = prompt
            self.push("prompt", prompt)

    def withdraw(self, prompt_id):
        """A question is answered or no longer asked."""
        with self._lock:
            if self.prompts.pop(prompt_id, None):
                self.push("prompt.closed", {"id": prompt_id})

    def push(self, topic, data=None):
        """Send an event to all that subscribed."""
        with self._lock:
            self._sequence += 1
            line = encode_event(models.Event(self._sequence, topic, data))
            for connection in self._feeds:
                with contextlib.suppress(OSError):
                    connection.sendall(line)

    def send(self, data):
        """Send bytes to all that subscribed."""
        with self._lock:
            for connection in self._feeds:
                connection.sendall(data)

    def asked(self, method):
        """The parameters of each request for the method."""
        return [params for name, params in list(self.requests) if name == method]

    # What is answered

    def status(self, subject=None):
        sessions = [each for each in self.sessions.values() if subject in {None, each.id, each.target}]
        if subject and not sessions:
            raise Refusal("unknown_session", f"cannot show {subject!r}: no session is called that", "look")
        info = models.DaemonInfo(
            os.getpid(), STARTED, self.path, "/var/log/runicornd.log", "/etc/config.toml"
        )
        return models.StatusResult(
            version="0.1.0",
            daemon=info,
            hosts=list(self.hosts.values()),
            sessions=sessions,
            prompts=list(self.prompts.values()),
            stores=list(self.stores.values()),
            downloads=list(self.downloads.values()),
        )

    def find(self, subject):
        for session in self.sessions.values():
            if subject in {session.id, session.target}:
                return session
        raise Refusal("unknown_session", f"cannot find {subject!r}: no such session", "runicornctl status")

    def _hello(self, params):
        low, high = params["protocol"]
        if not low <= self.protocol <= high:
            raise Refusal(
                "version_mismatch", "cannot agree on a protocol: too old", "pip install -U runicornd"
            )
        return models.HelloResult(self.protocol, "runicornd", "0.1.0")

    def _shutdown(self, _params):
        return models.Done(), self._hang_up

    def _subscribe(self, _params):
        return models.SubscribeResult(self._sequence, self.status())

    def _answer(self, params):
        if params["prompt"] not in self.prompts:
            raise Refusal("unknown_prompt", "cannot take the answer: no such question")
        self.answers.append(params["values"])
        self.withdraw(params["prompt"])
        return models.Done()

    def _stop(self, params):
        return self.show(msgspec.structs.replace(self.find(params["session"]), state="stopped"))

    # The socket

    def _begin(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            self._begin(self._serve, connection)

    def _serve(self, connection):
        buffer = LineBuffer()
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                for line in buffer.feed(data):
                    # Like the daemon: a request that takes long does not keep the next one waiting.
                    request = msgspec.json.decode(line)
                    if request["method"] in {"daemon.hello", "events.subscribe", "daemon.shutdown"}:
                        self._reply(connection, request)
                    else:
                        self._begin(self._reply, connection, request)
                if self.ended.is_set():
                    break
        with self._lock:
            if connection in self._feeds:
                self._feeds.remove(connection)

    def _reply(self, connection, request):
        method, params = request["method"], request["params"]
        self.requests.append((method, params))
        if self.noise is not None:
            connection.sendall(self.noise)
            return
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        after = None
        try:
            result = self.handlers[method](params)
            if isinstance(result, tuple):
                result, after = result
            reply["result"] = result
        except Refusal as refusal:
            reply["error"] = refusal.error
        with self._lock, contextlib.suppress(OSError):
            connection.sendall(msgspec.json.encode(reply) + b"\n")
            if method == "events.subscribe" and connection not in self._feeds:
                self._feeds.append(connection)
        if after:
            after()


def main():
    from runicornd.protocol.paths import socket_path  # noqa: PLC0415

    path = socket_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FakeDaemon(path) as daemon:
        daemon.ended.wait(60)


if __name__ == "__main__":
    main()
