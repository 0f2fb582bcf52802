"""A browser in which the dashboard is measured: its page, its clock, and what its processes take."""

from __future__ import annotations

import contextlib
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.helpers.dashboard import WIDE, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import (
        Browser,
        BrowserContext,
        CDPSession,
        Page,
        Response,
        StorageState,
        ViewportSize,
    )

    from bench.daemon import Daemon

PATIENCE_MS = 30_000
GZIP_LEVEL = 6
ROW = "article.session"
# The frame after the one in which a row is first there: that one has been drawn by then.
_NOTE_ROWS = f"""new MutationObserver((_, observer) => {{
  if (!document.querySelector("{ROW}")) return;
  observer.disconnect();
  requestAnimationFrame(() => (window.rowsShown = performance.now()));
}}).observe(document, {{ childList: true, subtree: true }});"""
_PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const each of list.getEntriesByName("first-contentful-paint")) done(each.startTime);
}).observe({ type: "paint", buffered: true }))"""
# All gaps between two frames, in milliseconds.
_GAPS = """(forMs) => new Promise((done) => {
  const gaps = [];
  const began = performance.now();
  let last;
  const draw = (now) => {
    if (last !== undefined) gaps.push(now - last);
    last = now;
    if (now - began < forMs) requestAnimationFrame(draw);
    else done(gaps);
  };
  requestAnimationFrame(draw);
})"""
# Of each mark, when the frame after the one that shows it begins.
_WATCH = f"""() => {{
  const row = document.querySelector("{ROW}");
  window.marks = {{}};
  let last;
  new MutationObserver(() => {{
    const mark = /mark (\\d+)/.exec(row.textContent)?.[1];
    if (mark === last) return;
    last = mark;
    requestAnimationFrame(() => (window.marks[mark] = performance.now()));
  }}).observe(row, {{ childList: true, characterData: true, subtree: true }});
}}"""


@dataclass(frozen=True)
class Taken:
    """What was taken until now, in seconds, and how often the page was laid out.

    ``at``, ``main`` and ``script`` are of the clock: a thread that waits for a core counts as busy in them.
    ``renderers`` and ``others`` are processor time.
    """

    at: float
    main: float
    script: float
    renderers: float
    others: float
    layouts: float


class Visit:
    """A page of the dashboard, in a browser profile of its own.

    Args:
        context: The profile.
        browser_session: Tells what the browser's processes take.
    """

    def __init__(self, context: BrowserContext, browser_session: CDPSession) -> None:
        self.page: Page = context.new_page()
        self._session = context.new_cdp_session(self.page)
        self._session.send("Performance.enable")
        self._browser_session = browser_session

    def open(self, url: str) -> None:
        """Go there and wait for the rows."""
        self.page.goto(url)
        self.page.locator(ROW).first.wait_for()

    def painted_s(self) -> float:
        """From the navigation's start to the first contentful paint."""
        return float(self.page.evaluate(_PAINTED)) / 1000

    def rows_shown_s(self) -> float:
        """From the navigation's start to the frame after the one with the rows."""
        return float(self.page.wait_for_function("window.rowsShown").json_value()) / 1000

    def gaps_ms(self, for_s: float) -> list[float]:
        """The times between the frames that the page is given in that time."""
        gaps: list[float] = self.page.evaluate(_GAPS, for_s * 1000)
        return gaps

    def taken(self) -> Taken:
        """What was taken until now."""
        numbers = self._metrics()
        info = self._browser_session.send("SystemInfo.getProcessInfo")["processInfo"]
        of_renderers = sum(each["cpuTime"] for each in info if each["type"] == "renderer")
        return Taken(
            at=numbers["Timestamp"],
            main=numbers["TaskDuration"],
            script=numbers["ScriptDuration"],
            renderers=of_renderers,
            others=sum(each["cpuTime"] for each in info) - of_renderers,
            layouts=numbers["LayoutCount"],
        )

    def watch_marks(self) -> None:
        """Note down from now on when a mark of the first row is on the screen."""
        self.page.evaluate(_WATCH)

    def saw_mark(self, number: int) -> float:
        """Wait until the mark has been on the screen; when it was, in monotonic seconds."""
        shown = self.page.wait_for_function("(mark) => window.marks[mark]", arg=number, polling=50)
        return float(shown.json_value()) / 1000 + self._metrics()["NavigationStart"]

    def _metrics(self) -> dict[str, float]:
        return {
            each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]
        }


class Visitor:
    """Somebody whom the dashboard knows already.

    Args:
        browser: Chromium.
        daemon: Whose dashboard it is.
    """

    def __init__(self, browser: Browser, daemon: Daemon) -> None:
        self._browser = browser
        self._session = browser.new_browser_cdp_session()
        link = daemon.command("dashboard", "--no-browser").strip()
        self.url = f"http://{urlsplit(link).netloc}/"
        with self._context() as context:
            Visit(context, self._session).open(link)
            self._known = context.storage_state()

    @contextlib.contextmanager
    def visit(self) -> Iterator[Visit]:
        """A profile that knows the token and has nothing in its cache."""
        with self._context(self._known) as context:
            yield Visit(context, self._session)

    def fetched(self) -> list[bytes]:
        """The bodies of all that the first page needs, as a browser with an empty cache asks for it."""
        answers: list[Response] = []
        with self.visit() as visit:
            visit.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - not a builtin
            visit.open(self.url)
            visit.page.wait_for_load_state("networkidle")
            return [answer.body() for answer in answers if answer.ok]

    @contextlib.contextmanager
    def _context(self, known: StorageState | None = None) -> Iterator[BrowserContext]:
        size: ViewportSize = {"width": WIDE["width"], "height": WIDE["height"]}
        context = self._browser.new_context(viewport=size, locale="en-GB", storage_state=known)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_NOTE_ROWS)
        try:
            yield context
        finally:
            context.close()


@contextlib.contextmanager
def visitor(daemon: Daemon) -> Iterator[Visitor]:
    """Run a browser for the length of the block."""
    with chromium() as browser:
        yield Visitor(browser, daemon)


def gzipped(body: bytes) -> int:
    """How many bytes it has when it is compressed."""
    return len(gzip.compress(body, GZIP_LEVEL))
