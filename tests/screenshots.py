"""Takes pictures of every page with made-up data: ``python -m tests.screenshots [FOLDER]``."""

import sys
from itertools import product
from pathlib import Path

from runicornd.protocol import models
from tests.fakes.page_daemon import PageDaemon
from tests.helpers.ctl import ROOT
from tests.helpers.dashboard import PAGES, SMALL, WIDE, chromium
from tests.helpers.demo_data import empty, furnish, snapshot

SIZES = {"wide": WIDE, "small": SMALL}
PATIENCE_MS = 15_000
# Where there is nothing yet, the pages teach the first step.
EMPTY = {name: PAGES[name] for name in ("overview", "connect", "downloads", "stores")} | {
    "artifacts": "artifacts",
    "doctor": "doctor",
}
NOTHING = {
    "hosts.list": models.HostsResult([], [], []),
    "cache.info": models.CacheInfo("/home/ada/.cache/runicornd", 20_000_000_000, 0, []),
}
DIALOGS = {"stores-add": "stores?add=gpu-a100"}
WORDS = {
    "en": {
        "server": "Server",
        "next": "Continue",
        "trust": "Trust and go on",
        "use": "Use this environment",
        "forward": "Open a forward",
        "start": "Start the viewer",
    },
    "zh": {
        "server": "服务器",
        "next": "继续",
        "trust": "信任并继续",
        "use": "使用此环境",
        "forward": "新建转发",
        "start": "启动 Viewer",
    },
}


def main():
    """All pages in both languages, themes and sizes; what is empty, and what a lost daemon leaves."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/screenshots"
    with chromium() as browser:
        with furnish(PageDaemon(snapshot())) as daemon:
            for theme, size, language in product(("light", "dark"), SIZES, WORDS):
                with Tour(browser, daemon, folder, theme=theme, size=size, language=language) as tour:
                    tour.see({**PAGES, **DIALOGS})
                    tour.connect()
            with Tour(browser, daemon, folder, theme="light", size="small", language="zh") as tour:
                tour.lose()
        with PageDaemon(empty()) as daemon:
            for method, nothing in NOTHING.items():
                daemon.answer(method, lambda _, nothing=nothing: nothing)
            for theme, size, language in (("light", "wide", "en"), ("dark", "small", "zh")):
                with Tour(browser, daemon, folder, theme=theme, size=size, language=language) as tour:
                    tour.see(EMPTY, "empty-")


class Tour:
    """One browser profile that goes through the pages.

    Args:
        browser: Chromium.
        daemon: What the page talks to.
        folder: Where the pictures go.
        theme: Of the system: ``light`` or ``dark``.
        size: ``wide`` or ``small``.
        language: ``en`` or ``zh``.
    """

    def __init__(self, browser, daemon, folder, *, theme, size, language):
        self._daemon = daemon
        self._folder = folder
        self._size = SIZES[size]
        self._suffix = f"{size}-{theme}-{language}"
        self._words = WORDS[language]
        self._context = browser.new_context(
            viewport=SIZES[size], color_scheme=theme, locale="zh-CN" if language == "zh" else "en-GB"
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self._page = self._context.new_page()

    def __enter__(self):
        self._page.goto(f"{self._daemon.url}#enter=demo")
        self._page.get_by_role("heading").first.wait_for()
        return self

    def __exit__(self, *_):
        self._context.close()

    def see(self, places, prefix=""):
        """Look at each place once."""
        for name, place in places.items():
            self._go(place)
            self._page.wait_for_load_state("networkidle")
            self._page.get_by_role("heading", level=1).first.wait_for()
            self._shot(prefix + name)

    def connect(self):
        """The steps of connecting, and a forward's dialog."""
        self._go("connect")
        self._page.get_by_role("combobox", name=self._words["server"]).fill("ada@gpu-a100.lab.example")
        self._page.keyboard.press("Escape")
        self._press("next")
        self._page.get_by_role("radio").first.wait_for()
        self._shot("connect-login")
        self._press("next")
        self._page.get_by_role("button", name=self._words["trust"]).wait_for()
        self._shot("connect-hostkey")
        self._press("trust")
        self._page.get_by_role("button", name=self._words["use"]).first.wait_for()
        self._shot("connect-environment")
        self._page.get_by_role("button", name=self._words["use"]).first.click()
        self._page.get_by_role("radio").first.wait_for()
        self._shot("connect-place")
        self._press("next")
        self._page.get_by_role("button", name=self._words["start"]).wait_for()
        self._shot("connect-start")
        self._go("overview")
        self._press("forward")
        self._page.get_by_role("dialog").wait_for()
        self._shot("forward")

    def lose(self):
        """What the page says when its daemon goes away."""
        self._daemon.go_away()
        self._page.get_by_role("status").filter(has=self._page.get_by_role("button")).wait_for()
        self._shot("away")
        self._daemon.come_back()

    def _stretch(self):
        height = self._page.evaluate("() => document.documentElement.scrollHeight")
        self._page.set_viewport_size({**self._size, "height": max(height, self._size["height"])})
        self._page.evaluate("() => new Promise((done) => setTimeout(done, 150))")

    def _go(self, place):
        self._page.evaluate("(hash) => { location.hash = hash }", f"#/{place}")

    def _press(self, word):
        self._page.get_by_role("button", name=self._words[word], exact=True).click()

    def _shot(self, name):
        # A drawing or two after the answers.
        self._page.evaluate("() => new Promise((done) => setTimeout(done, 350))")
        # All of it has to be on the screen: what is not, is not drawn. A dialog is as tall as its window.
        if not self._page.get_by_role("dialog").count():
            self._stretch()
            self._stretch()  # what is drawn only now may be taller than it was thought to be
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}-{self._suffix}.png"
        self._page.screenshot(path=path, animations="disabled")
        self._page.set_viewport_size(self._size)


if __name__ == "__main__":
    main()
