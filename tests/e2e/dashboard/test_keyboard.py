"""Without a mouse: from the first page to a viewer, each step seen, each dialog left as it was entered."""

import re

import pytest

from tests.helpers.keyboard import Keyboard
from tests.helpers.sshd import needs_sshd
from tests.helpers.standin import stand_in
from tests.helpers.waiting import until


@pytest.fixture
def server(servers, laptop):
    """A server that is new to the laptop."""
    server = servers("gpu")
    server.known_hosts.write_text("")
    laptop.know(server, "gpu-new")
    return server


def arrives(dashboard, title):
    """Wait for a step; it is for screen readers as well."""
    dashboard.heading(title)
    assert dashboard.accuse() == [], title


@needs_sshd
def test_from_the_first_page_to_a_viewer(dashboard, server, home):
    """Tab, arrows, Enter and Escape suffice for every step of connecting."""
    stand_in(home.path)
    page, keys = dashboard.page, Keyboard(dashboard.page)
    role = page.get_by_role
    keys.to(role("link", name="Skip to the page"))
    keys.to(role("navigation").get_by_role("link", name="Connect")).press("Enter")
    arrives(dashboard, "Which server?")
    keys.to(role("combobox", name="Server")).type("gpu-n")
    role("option", name="gpu-new").wait_for()
    keys.press("ArrowDown", "Enter", "Enter")

    arrives(dashboard, "How do you log in")
    until(lambda: keys.is_at(role("heading", level=2)), "the step's heading has the focus")
    keys.to(role("radio", name=re.compile("^As configured"))).press("ArrowDown")
    keys.to(dashboard.field("Path of the private key")).press("Enter")
    dashboard.sees("Fill in a path.")
    assert keys.is_at(dashboard.field("Path of the private key")), "what is wrong has the focus"
    keys.type(str(server.client_key)).press("Enter")

    arrives(dashboard, "Is it the right server?")
    keys.to(dashboard.button("Trust and go on")).press("Enter")
    arrives(dashboard, "Which environment runs the viewer?")
    keys.to(dashboard.button("Use this environment")).press("Enter")

    arrives(dashboard, "Where are the runs?")
    keys.to(role("radio", name=re.compile("^As the environment"))).press("ArrowDown")
    choose_a_folder(dashboard, keys)
    assert dashboard.field("Folder on the server").input_value() == str(home.path / "RunicornData")
    keys.to(dashboard.button("Continue")).press("Enter")

    arrives(dashboard, "Ready to start")
    keys.to(dashboard.button("Start the viewer")).press("Enter")
    arrives(dashboard, "The viewer is ready")
    keys.to(role("link", name=re.compile(r"localhost:\d+")))
    with dashboard.context.expect_page() as opening:
        keys.press("Enter")
    opening.value.close()


def choose_a_folder(dashboard, keys):
    """By the folder picker, which is left once without a choice."""
    browse = dashboard.button("Browse")
    keys.to(browse).press("Enter")
    picker = dashboard.dialog("Folders on")
    folders = picker.locator("ul").get_by_role("button")
    folders.filter(has_text="runs").wait_for()
    assert dashboard.accuse() == []
    keys.stays_in_dialog()
    keys.press("Escape")
    picker.wait_for(state="detached")
    until(lambda: keys.is_at(browse), "the focus is back")

    keys.press("Enter")
    keys.to(folders.filter(has_text="runs")).press("ArrowLeft")
    root = folders.filter(has_text="RunicornData")
    root.wait_for()
    keys.to(root, "ArrowDown").press("Enter")
    folders.filter(has_text="runs").wait_for()
    keys.to(dashboard.button("Choose this folder")).press("Enter")
    picker.wait_for(state="detached")
    until(lambda: keys.is_at(browse), "the focus is back")


def test_a_menu_and_what_it_asks(made_up):
    """Arrows go through a menu; Escape, and the question that an item leads to, give the focus back."""
    dashboard = made_up()
    keys = Keyboard(dashboard.page)
    role = dashboard.page.get_by_role
    more = dashboard.button("More for gpu-h100")
    keys.to(more).press("Enter")
    until(lambda: keys.is_at(role("menuitem", name="Log")), "the first item has the focus")
    keys.to(role("menuitem", name="Remove"), "ArrowDown").press("Escape")
    role("menu").wait_for(state="detached")
    assert keys.is_at(more)
    keys.press("Enter").to(role("menuitem", name="Remove"), "ArrowUp").press("Enter")
    asked = dashboard.dialog("Remove the session on gpu-h100?")
    assert dashboard.accuse() == []
    keys.stays_in_dialog()
    keys.press("Escape")
    asked.wait_for(state="detached")
    until(lambda: keys.is_at(more), "the focus is back")
