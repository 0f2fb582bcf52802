"""The dashboard in a real Chromium: entering it, its pages, and what it must never do."""

import asyncio.events
import contextlib
import os
import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.helpers.ctl import ROOT

PATIENCE_MS = 30_000
STATIC = ROOT / "runicornd/gateway/static"
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 800}
SMALL = {"width": 360, "height": 740}
PAGES = {
    "overview": "overview",
    "connect": "connect",
    "artifacts": "artifacts/gpu-a100",
    "artifact": "artifacts/gpu-a100/model/resnet50/v7",
    "files": "artifacts/gpu-a100/model/resnet50/v7?view=files",
    "versions": "artifacts/gpu-a100/model/resnet50/v7?view=versions",
    "lineage": "artifacts/gpu-a100/model/resnet50/v7?view=lineage",
    "runs": "artifacts/gpu-a100/runs",
    "downloads": "downloads",
    "stores": "stores",
    "settings": "settings",
    "doctor": "doctor/gpu-h100?run=1",
}
"""Every view by its route, with the made-up data of ``demo_data``."""
# What axe-core asks is put in words here, so that a failure can be read.
ASK_AXE = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const found = await axe.run(document, { resultTypes: ["violations"], ...only });
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
}"""
# Colours on their way from one to the other would be judged as they are just then.
STAND_STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [sheet];
}"""
SAY_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("content security policy: " + event.violatedDirective + " " + event.blockedURI));"""

# A viewer is opened where a test asks for it, and not by itself as soon as it is ready.
OPEN_NO_TABS = """try { localStorage.setItem("runicornd.opens", "no"); } catch {}"""


def chromium_program():
    """The browser of this machine; without it, or without the page, the test is skipped, but never in CI."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        wanting("chromium is not installed")
    if not (STATIC / "index.html").exists():
        wanting("the dashboard is not built: make web")
    return program


def wanting(what):
    """Skip the test for want of something; CI has to have it."""
    assert os.environ.get("CI") != "true", f"CI must have it: {what}"
    pytest.skip(what)


@contextlib.contextmanager
def chromium():
    """Run the browser. Only for tests without an event loop of their own."""
    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class SharedChromium:
    """``with SharedChromium() as shared:`` runs one browser; ``with shared.awake() as browser:`` uses it.

    Between uses its driver's event loop does not count as running: other tests start loops of their own.
    """

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self._browser = None
        self._loop = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        asyncio.events._set_running_loop(self._loop)
        self._stack.close()

    @contextlib.contextmanager
    def awake(self):
        """The browser; it starts at first use, and again when it has died. No profile is left behind."""
        asyncio.events._set_running_loop(self._loop)
        try:
            if self._browser is None or not self._browser.is_connected():
                self._stack.close()
                self._browser = self._stack.enter_context(chromium())
                self._loop = asyncio.get_running_loop()
            yield self._browser
            for context in self._browser.contexts:
                context.close()
        finally:
            asyncio.events._set_running_loop(None)


class Dashboard:
    """One browser profile that was let in, or not yet.

    Args:
        browser: Chromium.
        laptop: Whose daemon serves the page.
        options: Of the profile, such as ``viewport`` or ``color_scheme``.
    """

    def __init__(self, browser, laptop, **options):
        self.laptop = laptop
        self.context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(SAY_VIOLATIONS)
        self.context.add_init_script(OPEN_NO_TABS)
        self.complaints = []  # of the console, of scripts, and dialogs: there are to be none
        self.context.on("page", self._watch)
        self.page = self.context.new_page()

    def enter(self):
        """Come in by a link, as ``runicornctl dashboard`` gives it."""
        self.page.goto(self.link())
        self.page.get_by_role("navigation").wait_for(state="attached")
        return self

    def leave(self):
        """Close the page; its profile stays."""
        self._left = self.page.url.partition("#")[0]
        self.page.close()

    def come_back(self, route):
        """Open a view in a new page of the same profile."""
        self.page = self.context.new_page()
        self.page.goto(f"{self._left}#/{route}")
        return self

    def mark(self):
        """Leave a mark that a reload would wipe away."""
        self.page.evaluate("window.wasHere = true")

    def has_mark(self):
        """Whether the page was not loaded again since."""
        return self.page.evaluate("window.wasHere === true")

    def link(self):
        """A fresh link."""
        done = self.laptop.run("dashboard", "--no-browser")
        assert done.code == 0, done
        return done.out.strip()

    def go(self, route):
        """Go to a view by its hash, such as ``stores`` or ``artifacts/gpu``."""
        self.page.evaluate("(hash) => { location.hash = hash }", f"#/{route}")
        return self

    def button(self, name, within=None, **options):
        """The button with exactly this name, or one that the pattern fits."""
        options.setdefault("exact", isinstance(name, str))
        return (within or self.page).get_by_role("button", name=name, **options)

    def click(self, name, within=None):
        """Press that button."""
        self.button(name, within).click()

    def field(self, label, within=None):
        """The field with exactly this label."""
        return (within or self.page).get_by_label(label, exact=True)

    def sees(self, text, within=None, patience_ms=PATIENCE_MS):
        """Wait until a text is shown; return where."""
        found = (within or self.page).get_by_text(text).locator("visible=true").first
        found.wait_for(timeout=patience_ms)
        return found

    def heading(self, name):
        """Wait for a heading."""
        self.page.get_by_role("heading", name=name).first.wait_for()

    def dialog(self, title):
        """Wait for a dialog of that title."""
        found = self.page.get_by_role("dialog", name=title)
        found.wait_for()
        return found

    def region(self, of):
        """The smallest row, card or item that has the text."""
        return self.page.locator("article, section, li, tr").filter(has_text=of).last

    def settles(self):
        """Wait until nothing loads any more."""
        expect(self.page.locator(".skeleton, [aria-busy=true]")).to_have_count(0)

    def text(self):
        """All that is shown."""
        return self.page.locator("body").inner_text()

    def accuse(self, rules=()):
        """What axe-core finds serious on the page as it is now; by all of its rules, or by these."""
        if not AXE.exists():
            wanting("axe-core is not installed: make web")
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE.read_text() + "; null")
        self.page.evaluate(STAND_STILL)
        return self.page.evaluate(ASK_AXE, list(rules))

    def overflows(self):
        """How far the page is wider than its window, in pixels, and what sticks out."""
        return self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def forgive(self, pattern):
        """Forget complaints that were provoked, such as a daemon that was killed."""
        self.complaints = [each for each in self.complaints if not re.search(pattern, each)]

    def close(self):
        """Close the browser's profile; it must have had nothing to complain about."""
        self.context.close()
        assert self.complaints == [], self.complaints

    def _watch(self, page):
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("dialog", self._on_dialog)

    def _on_console(self, message):
        # Other pages, such as the viewer's, are not ours to judge.
        if message.type in {"error", "warning"} and self._is_ours(message):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _is_ours(self, message):
        page = message.page
        return page is None or page is self.page

    def _on_dialog(self, dialog):
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()
