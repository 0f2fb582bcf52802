"""The dashboard's server in a real daemon, with real hosts behind it."""

import asyncio
import http.server
import json
import urllib.error
import urllib.request

import pytest

from tests.helpers.laptop import Laptop
from tests.helpers.page_socket import PageSocket

PATIENCE_S = 20


def call(url, token=None, body=None, **headers):
    """Do a request as a program does; its status and value."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        given["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data, given)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def ok(laptop, *words):
    """Run a command that must succeed."""
    done = laptop.run(*words)
    assert done.code == 0, done
    return done


def enter(laptop):
    """Come in by a link, as a browser does; the page's address and its token."""
    url, _, code = ok(laptop, "dashboard", "--no-browser").out.strip().partition("#enter=")
    status, answer = call(f"{url}enter", body={"code": code}, Origin=url.rstrip("/"))
    assert status == 200
    return url, answer["token"]


def port_of(url):
    return int(url.rstrip("/").rpartition(":")[2])


def test_the_way_in(laptop):
    """The page is served, a link lets in, status knows the address, and revoking shows out."""
    url, token = enter(laptop)
    assert laptop.json("status", "--json")["dashboard"] == {"url": url, "port": port_of(url)}
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert call(f"{url}token", token) == (204, None)
    ok(laptop, "dashboard", "--revoke")
    assert call(f"{url}token", token)[0] == 401


def test_tokens_outlive_the_daemon(laptop):
    """A page of before is let in by the next daemon."""
    _, token = enter(laptop)
    laptop.stop_daemon()
    laptop.start_daemon()
    url = laptop.json("status", "--json")["dashboard"]["url"]
    assert call(f"{url}token", token) == (204, None)


def test_the_port_is_taken(tmp_path):
    """Then it is the next one that is free."""
    taken = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    with taken as other, Laptop(tmp_path, dashboard="true", dashboard_port=other.server_port) as laptop:
        port = laptop.json("status", "--json")["dashboard"]["port"]
        assert other.server_port < port <= other.server_port + 100


def test_a_dashboard_that_is_off(tmp_path):
    """Nothing is served, and everything else is as ever."""
    with Laptop(tmp_path, dashboard="false") as laptop:
        assert laptop.json("status", "--json")["dashboard"] is None
        done = laptop.run("dashboard")
        assert done.code == 1
        assert "dashboard = true" in done.err


def test_pages_while_the_daemon_stops(laptop):
    """They are told by the code that means: try again."""
    url, token = enter(laptop)

    async def watch():
        async with PageSocket(port_of(url), token) as page:
            assert (await page.error("daemon.shutdown"))["kind"] == "forbidden"
            stopping = asyncio.create_task(asyncio.to_thread(laptop.stop_daemon))
            assert await page.ended() == 1001
            await stopping

    asyncio.run(watch())


def test_a_forward(laptop, server, site):
    """It leads there over SSH, is there again after a new start, on its port, and is gone when closed."""
    opened = laptop.json("forward", "gpu", f"127.0.0.1:{site}", "--json")
    assert opened["state"] == "ready"

    def fetch():
        with urllib.request.urlopen(f"http://{opened['address']}/", timeout=PATIENCE_S) as answer:
            return answer.read()

    assert fetch() == b"there"
    laptop.stop_daemon()
    laptop.start_daemon()
    assert fetch() == b"there"
    (found,) = laptop.json("status", "--json")["forwards"]
    assert (found["id"], found["local_port"]) == (opened["id"], opened["local_port"])
    ok(laptop, "forward", "--close", opened["id"])
    with pytest.raises(urllib.error.URLError):
        fetch()
    assert laptop.json("forward", "--list", "--json")["forwards"] == []


def test_rest_and_folders_of_a_host(laptop, server, home):
    """A program with a token finds the folders' owner's root, and environments, through the same daemon."""
    url, token = enter(laptop)
    status, answer = call(f"{url}api/remote/connect", token, {"host": "gpu"})
    assert (status, answer["connected"]) == (200, True)

    async def pick():
        async with PageSocket(port_of(url), token) as page:
            return await page.result("folders.list", {"target": "gpu"})

    found = asyncio.run(pick())
    assert found["path"] == str(server.home)
    status, answer = call(f"{url}api/remote/conda-envs?connection_id=gpu", token)
    assert (status, answer["ok"]) == (200, True)
    status, answer = call(f"{url}api/remote/viewer/status/none", token)
    assert (status, answer["error"]["kind"]) == (404, "unknown_session")
