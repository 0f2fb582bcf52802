"""Takes pictures of every page with made-up data: ``python -m tests.screenshots [FOLDER]``."""

import sys
from pathlib import Path

from tests.fakes.page_daemon import PageDaemon
from tests.helpers.ctl import ROOT
from tests.helpers.dashboard import PAGES, SMALL, WIDE, chromium, shot
from tests.helpers.demo_data import furnish, snapshot

SIZES = {"wide": WIDE, "small": SMALL}
PATIENCE_MS = 15_000


def main():
    """All pages in both themes and both sizes in English, and a few in Chinese."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/screenshots"
    with chromium() as browser, furnish(PageDaemon(snapshot())) as daemon:
        for theme in ("light", "dark"):
            for size in SIZES:
                tour(browser, daemon, folder, theme=theme, size=size, language="en")
        tour(browser, daemon, folder, theme="light", size="wide", language="zh")
        tour(browser, daemon, folder, theme="dark", size="small", language="zh")


def tour(browser, daemon, folder, *, theme, size, language, pages=tuple(PAGES)):
    """One profile goes through the pages."""
    context = browser.new_context(
        viewport=SIZES[size], color_scheme=theme, locale="zh-CN" if language == "zh" else "en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{daemon.url}#enter=demo")
    page.get_by_role("heading").first.wait_for()
    for name in pages:
        page.evaluate("(hash) => { location.hash = hash }", f"#/{PAGES[name]}")
        page.wait_for_load_state("networkidle")
        page.get_by_role("heading", level=1).first.wait_for()
        # A drawing or two after the answers.
        page.evaluate("() => new Promise((done) => setTimeout(done, 350))")
        shot(page, f"{name}-{size}-{theme}-{language}", folder)
    walk(page, folder, f"{size}-{theme}-{language}", language)
    context.close()


def walk(page, folder, suffix, language):
    """The steps of connecting."""
    words = {
        "en": ("Server", "Continue", "Trust and go on"),
        "zh": ("服务器", None, None),
    }[language]
    if language == "zh":
        return
    page.evaluate("() => { location.hash = '#/connect' }")
    page.get_by_role("combobox", name=words[0]).fill("ada@gpu-a100.lab.example")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=words[1], exact=True).click()
    page.get_by_role("radio").first.wait_for()
    shot(page, f"connect-login-{suffix}", folder)
    page.get_by_role("button", name=words[1], exact=True).click()
    page.get_by_role("button", name=words[2]).wait_for()
    shot(page, f"connect-hostkey-{suffix}", folder)


if __name__ == "__main__":
    main()
