"""Who is let in, and what others see."""

import re

import pytest

from tests.helpers.laptop import Laptop


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    """One for all: whoever was let in before has a profile of its own, which is gone."""
    with Laptop(tmp_path_factory.mktemp("entrance"), dashboard="true") as laptop:
        yield laptop


def test_a_link_lets_in_once(visit):
    """Its page goes on after a reload. A second use is refused, and shows out who used it first."""
    first = visit(is_in=False)
    link = first.link()
    first.page.goto(link)
    first.heading("Overview")
    assert "enter=" not in first.page.url
    first.page.reload()
    first.heading("Overview")
    second = visit(is_in=False)
    second.page.goto(link)
    second.sees("This link was used before")
    second.sees("runicornctl dashboard")
    first.heading("Open the dashboard from the terminal")
    second.forgive("status of 4")  # the console shows the refusals
    first.forgive("status of 4|WebSocket")


def test_a_page_without_a_token_says_what_to_do(visit):
    """Nothing of the daemon is shown, only the command that gives a link."""
    stranger = visit(is_in=False)
    stranger.page.goto(re.sub("#.*", "", stranger.link()))
    stranger.heading("Open the dashboard from the terminal")
    stranger.sees("runicornctl dashboard")
    assert stranger.page.get_by_role("navigation").count() == 0


def test_a_page_that_is_shown_out(visit):
    """When all tokens are revoked, an open page says so at once and how to come back."""
    page = visit()
    page.heading("Overview")
    assert page.laptop.run("dashboard", "--revoke").code == 0
    page.heading("Open the dashboard from the terminal")
    page.forgive("WebSocket|401")
    page.page.goto(page.link())
    page.heading("Overview")
