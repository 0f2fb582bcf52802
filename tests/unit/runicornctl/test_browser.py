"""Where a browser may be opened."""

import pytest

from runicornctl.browser import open_browser

URL = "http://localhost:8081"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_no_display_no_browser(monkeypatch):
    """A program that could open it is not enough."""
    monkeypatch.setenv("BROWSER", "/bin/true")
    assert not open_browser(URL)


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_enough(monkeypatch, variable):
    """X11 or Wayland, and also when X11 is forwarded over SSH."""
    monkeypatch.setenv(variable, ":0")
    monkeypatch.setenv("SSH_CONNECTION", "a b c d")
    monkeypatch.setenv("BROWSER", "/bin/true")
    assert open_browser(URL)


@pytest.mark.parametrize("browser", ["", "/nonexistent", "'unbalanced", "/etc/passwd"])
def test_a_browser_that_is_none_is_no_crash(monkeypatch, browser):
    """There is simply no browser."""
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("BROWSER", browser)
    assert not open_browser(URL)
