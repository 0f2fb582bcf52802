"""A browser, and the dashboard of the laptop's daemon in it."""

import contextlib
import http.server
import threading

import pytest

from tests.fakes.page_daemon import PageDaemon
from tests.helpers.account import Account
from tests.helpers.dashboard import Dashboard, SharedChromium
from tests.helpers.demo_data import furnish, snapshot
from tests.helpers.laptop import Laptop


@pytest.fixture
def laptop(tmp_path):
    """A laptop whose daemon serves the dashboard."""
    with Laptop(tmp_path, dashboard="true") as laptop:
        yield laptop


@pytest.fixture
def site():
    """A web server on this machine's loopback; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"there")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def shared_chromium():
    """One browser for all tests of a process; each has profiles of its own in it."""
    with SharedChromium() as shared:
        yield shared


@pytest.fixture
def browser(shared_chromium):
    """A real Chromium."""
    with shared_chromium.awake() as browser:
        yield browser


@pytest.fixture
def visit(browser, laptop):
    """Opens the dashboard in a profile of its own: ``visit(viewport=SMALL)``; it must never complain."""
    opened = []

    def open_one(*, is_in=True, **options):
        dashboard = Dashboard(browser, laptop, **options)
        opened.append(dashboard)
        return dashboard.enter() if is_in else dashboard

    yield open_one
    for dashboard in opened:
        dashboard.close()


@pytest.fixture
def made_up(browser):
    """Opens the page on a daemon of made-up data; it must have no complaints at the end."""
    with contextlib.ExitStack() as stack:
        opened = []

        def open_one(status=None, **options):
            daemon = stack.enter_context(furnish(PageDaemon(status or snapshot())))
            dashboard = Dashboard(browser, None, **options)
            opened.append(dashboard)
            dashboard.daemon = daemon
            dashboard.page.goto(f"{daemon.url}#enter=demo")
            dashboard.page.get_by_role("heading", level=1).first.wait_for()
            return dashboard

        yield open_one
        for dashboard in opened:
            dashboard.close()


@pytest.fixture
def dashboard(visit):
    """The dashboard in a wide window."""
    return visit()


@pytest.fixture
def account(tmp_path, laptop):
    """Makes accounts that ask: ``account("gpu", password="…")`` is known to the laptop under that alias."""
    with contextlib.ExitStack() as stack:

        def make(alias="gpu", *, trusted=True, **options):
            made = stack.enter_context(Account(tmp_path / alias, **options))
            if trusted:
                made.trust()
            laptop.know(made, alias)
            return made

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Say what the page showed when a test failed."""
    report = yield
    if report.failed and call.when == "call" and (dashboard := item.funcargs.get("dashboard")):
        report.sections.append((f"the page at {dashboard.page.url}", dashboard.text()))
    return report
