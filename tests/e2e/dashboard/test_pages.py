"""All pages, with made-up data behind them: access, colours, languages, widths, and hostile names."""

import msgspec
import pytest

from runicornd.protocol import models
from tests.helpers.dashboard import PAGES, SMALL, WIDE
from tests.helpers.demo_data import artifact, artifacts, snapshot
from tests.helpers.waiting import until

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\u202egnp.exe\u2066\x1b[31m" + "long" * 2_500
"""HTML, a script, letters that turn the direction, a terminal's colour, and 10,000 characters."""


def tour(dashboard):
    """Go to every page; yield its name once it has what it shows."""
    for name, route in PAGES.items():
        dashboard.go(route)
        dashboard.page.get_by_role("heading", level=1).first.wait_for()
        dashboard.settles()
        yield name


def judge(dashboard, rules=()):
    """What is not for everyone on the page as it is now."""
    accused = dashboard.accuse(rules)
    if wide := dashboard.overflows():
        accused.append(f"{wide} pixels too wide")
    return accused


def test_every_page_is_for_everyone(made_up):
    """axe-core finds nothing serious, dark colours can be read, and nothing sticks out of a small window."""
    dashboard = made_up(color_scheme="light")
    found = {}
    for name in tour(dashboard):
        found[name] = judge(dashboard)
        dashboard.page.emulate_media(color_scheme="dark")
        dashboard.page.set_viewport_size(SMALL)
        found[f"{name}, small and dark"] = judge(dashboard, ["color-contrast"])
        dashboard.page.set_viewport_size(WIDE)
        dashboard.page.emulate_media(color_scheme="light")
    assert {name: accused for name, accused in found.items() if accused} == {}


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
def test_every_page_in_every_dress(made_up, theme, size):
    """The same with everything that axe-core asks, for each theme in each width."""
    dashboard = made_up(color_scheme=theme, viewport=size)
    found = {name: judge(dashboard) for name in tour(dashboard)}
    assert {name: accused for name, accused in found.items() if accused} == {}


def test_both_languages(made_up):
    """They are switched at once, and remembered; no page keeps an English heading in Chinese."""
    dashboard = made_up()
    dashboard.heading("Overview")
    dashboard.click("Language")
    dashboard.page.get_by_role("menuitemradio", name="简体中文").click()
    assert dashboard.page.locator("html").get_attribute("lang") == "zh-CN"
    assert dashboard.page.get_by_role("heading", name="Overview").count() == 0
    dashboard.page.reload()
    dashboard.page.get_by_role("heading", level=1).first.wait_for()
    assert dashboard.page.locator("html").get_attribute("lang") == "zh-CN"
    own = {"Artifacts", "resnet50"}  # the one is Runicorn's word, the other a name
    for name in tour(dashboard):
        heading = dashboard.page.get_by_role("heading", level=1).first.inner_text()
        assert heading in own or not heading.isascii(), name


def test_both_themes(made_up):
    """The system's colours at first; a choice wins and is remembered."""
    dashboard = made_up(color_scheme="dark")
    dark = background(dashboard)
    dashboard.click("Colours")
    dashboard.page.get_by_role("menuitemradio", name="Light").click()
    light = background(dashboard)
    assert light != dark
    dashboard.page.reload()
    dashboard.heading("Overview")
    assert background(dashboard) == light


def background(dashboard):
    return dashboard.page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")


def test_menus_reach_over_their_cards(made_up):
    """The menu of the last session of a host can be seen and pressed as a whole."""
    dashboard = made_up()
    dashboard.click("More for cluster-login")
    dashboard.page.get_by_role("menuitem", name="Remove").click()
    dashboard.dialog("Remove the session on cluster-login?")


def test_hostile_names_are_inert(made_up):
    """Whatever a server calls its things: no element comes of it, no dialog, no width, and no turned text."""
    status = msgspec.convert(hostile(msgspec.to_builtins(snapshot())), models.StatusResult)
    dashboard = made_up(status)
    shown = artifact({})
    evil = msgspec.structs.replace(
        shown,
        name=HOSTILE,
        description=HOSTILE,
        tags=[HOSTILE],
        metadata={HOSTILE: HOSTILE},
        aliases=[HOSTILE],
    )
    dashboard.daemon.answer("artifacts.get", lambda _: evil)
    for name in tour(dashboard):
        # What is not ours would be an image, or a script that is not in our files.
        assert dashboard.page.locator("img, script:not([src])").count() == 0, name
        assert "\u202e" not in dashboard.page.locator("body").inner_text(), name
        assert dashboard.overflows() == 0, name


def test_a_server_may_name_things_twice(made_up):
    """All of them are shown, also after the list has changed under the page."""
    dashboard = made_up()
    shown = artifact({})
    twice = msgspec.structs.replace(shown, used_by=["again"] * 2, tags=["again"] * 2)
    dashboard.daemon.answer("artifacts.get", lambda _: twice)
    listed = artifacts({})
    (first, *_) = listed.artifacts

    def say(count):
        rows = [first] * count
        answer = msgspec.structs.replace(listed, artifacts=rows, total=count)
        dashboard.daemon.answer("artifacts.list", lambda _: answer)

    say(3)
    dashboard.go("artifacts/gpu-a100")
    links = dashboard.page.get_by_role("row").get_by_role("link", name=first.name, exact=True)
    until(lambda: links.count() == 3, "three rows")
    say(2)
    dashboard.page.get_by_role("searchbox", name="Search").fill(first.name)
    until(lambda: links.count() == 2, "two rows")
    dashboard.go("artifacts/gpu-a100/model/resnet50/v7")
    until(lambda: dashboard.page.get_by_role("link", name="again").count() == 2, "both runs")


def hostile(value, key=""):
    """The snapshot with every free text of a server made hostile; a forward's address is our own."""
    if key == "forwards":
        return [each | {"remote": HOSTILE} for each in value]
    if isinstance(value, dict):
        return {name: hostile(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [hostile(each, key) for each in value]
    free = {
        "address",
        "root",
        "detail",
        "message",
        "hint",
        "env",
        "current",
        "to",
        "remote",
        "python",
        "path",
    }
    return HOSTILE if isinstance(value, str) and key in free else value


def test_an_event_is_on_the_screen_at_once(made_up):
    """Also after a hundred others."""
    dashboard = made_up()
    dashboard.heading("Overview")
    status = snapshot()
    for number in range(100):
        for each in status.sessions:
            dashboard.daemon.push("session", msgspec.structs.replace(each, detail=f"news {number}"))
    dashboard.sees("news 99")


def test_the_page_says_when_its_daemon_is_away(made_up):
    """What was shown stays, and nothing can be pressed that would be lost."""
    dashboard = made_up()
    dashboard.heading("Overview")
    dashboard.daemon.go_away()
    dashboard.sees("The daemon is away.")
    dashboard.sees("gpu-a100")
    dashboard.click("More for local")
    assert dashboard.page.get_by_role("menuitem", name="Remove").is_disabled()
    dashboard.daemon.come_back()
    dashboard.page.get_by_text("The daemon is away.").wait_for(state="detached")
    assert dashboard.page.get_by_role("menuitem", name="Remove").is_enabled()
    dashboard.forgive("WebSocket|ERR_CONNECTION")
