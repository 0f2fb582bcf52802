"""The settings page with a real daemon and its configuration file."""

import re

import pytest

from tests.helpers.laptop import Laptop


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    """One for all: what a test sets holds no longer than the test."""
    with Laptop(tmp_path_factory.mktemp("settings"), dashboard="true") as laptop:
        yield laptop


@pytest.fixture
def file(laptop):
    """The configuration file; it is not there yet."""
    file = laptop.home / ".config/runicornd/config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    yield file
    file.unlink(missing_ok=True)
    laptop.rpc("settings.reload")


def opened(dashboard):
    """The page, with all settings shown."""
    dashboard.go("settings").heading("Settings")
    dashboard.page.get_by_role("rowheader").first.wait_for()
    return dashboard


def row(page, key):
    """What stands in the row of a setting."""
    header = page.page.get_by_role("rowheader").filter(has=page.page.get_by_text(key, exact=True))
    return page.page.get_by_role("row").filter(has=header).inner_text()


def read_again(page, text, file):
    """Write the file and let the daemon read it."""
    file.write_text(text)
    page.click("Read the file again")


def test_what_is_in_force_and_from_where(dashboard, file, laptop):
    """Every setting with its value and source, the places of files, and what runs; searched and filtered."""
    page = opened(dashboard)
    page.sees(str(file))
    assert re.search(r"10\s+default", row(page, "hold_time"))
    assert "10 min" in row(page, "sync_interval")
    assert "variable" in row(page, "dashboard_port")
    page.sees(str(laptop.socket))
    page.sees(f"{laptop.process.pid}, running for")
    shown = page.page.get_by_role("rowheader")
    page.field("Find a setting").fill("hold time")
    shown.get_by_text("sync_interval").wait_for(state="detached")
    assert shown.count() < 4
    page.field("Find a setting").fill("")
    page.page.get_by_label("Only changed ones").check()
    shown.get_by_text("hold_time").wait_for(state="detached")
    assert "variable" in row(page, "dashboard")


def test_a_changed_file(dashboard, file):
    """Some of it holds at once, the rest after the next start; the page says which, and shows it."""
    page = opened(dashboard)
    read_again(page, "hold_time = 7\nsync_interval = 900\n", file)
    page.sees("In force now: hold_time.")
    page.sees("In force after the next start of the daemon: sync_interval.")
    page.sees("runicornctl daemon stop --keep && runicornctl daemon start")
    page.sees("Default: 10", page.page.get_by_role("row").filter(has_text="hold_time"))
    assert re.search(r"7\s.*file", row(page, "hold_time"), re.DOTALL)
    assert "default" in row(page, "sync_interval"), "it waits"
    page.click("Read the file again")
    page.sees("In force after the next start of the daemon: sync_interval.")
    file.write_text("hold_time = 7\n")
    page.click("Read the file again")
    page.sees("Nothing has changed.")


def test_a_broken_file(dashboard, file):
    """All that is wrong is told at once, line by line, and what was in force stays so until it is mended."""
    page = opened(dashboard)
    read_again(page, "hold_time = 7\n", file)
    page.sees("In force now: hold_time.")
    read_again(page, 'hold_time = "long"\nhold_tine = 8\ndownloads_at_once = 0\n', file)
    page.sees("The file cannot be used.")
    page.sees("3 problems")
    for said in ("'long' is not a number", "hold_tine", "downloads_at_once"):
        page.sees(re.compile(re.escape(said)), page.page.get_by_role("listitem"))
    assert re.search(r"7\s.*file", row(page, "hold_time"), re.DOTALL)
    read_again(page, "hold_time = [", file)
    page.page.get_by_text("3 problems").wait_for(state="detached")
    page.sees(re.compile("config.toml"), page.page.get_by_role("listitem"))
    read_again(page, "hold_time = 9\n", file)
    page.sees("In force now: hold_time.")
    page.page.get_by_text("The file cannot be used.").wait_for(state="detached")
