"""Lines that are drawn again and again."""

import io

from runicornctl.live import Live, bar


class Screen(io.StringIO):
    """A terminal of 30 columns."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        raise ValueError("no descriptor")


def test_lines_take_the_place_of_those_before(monkeypatch):
    """Long ones are cut, and fewer leave nothing behind."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    live = Live(screen)
    live.draw(["one", "x" * 60], "")
    assert screen.getvalue().count("\n") == 2
    assert "x" * 28 + "…" in screen.getvalue()
    screen.truncate(0)
    live.draw(["two"], "")
    assert screen.getvalue().lstrip("\0") == "\x1b[2A\r\x1b[2Ktwo\n\x1b[J"
    live.clear()
    assert screen.getvalue().endswith("\x1b[1A\r\x1b[J")


def test_a_pipe_gets_news_only():
    """Each once; nothing is moved."""
    stream = io.StringIO()
    live = Live(stream)
    for news in ("Syncing gpu", "Syncing gpu", "Indexing gpu", "Syncing gpu"):
        live.draw(["bar"], news)
    live.clear()
    assert stream.getvalue() == "Syncing gpu\nIndexing gpu\n"


def test_quiet_is_quiet():
    """Programs that read the result see no progress."""
    stream = io.StringIO()
    Live(stream, is_quiet=True).draw(["bar"], "news")
    assert stream.getvalue() == ""


def test_bars():
    """Empty, part, full; never more than full; plain where the stream cannot write blocks."""
    screen = Screen()
    assert bar(0, None, screen) == "[" + "░" * 20 + "] 0%"
    assert bar(3, 4, screen) == "[" + "█" * 15 + "░" * 5 + "] 75%"
    assert bar(9, 4, screen) == "[" + "█" * 20 + "] 100%"
    assert bar(0, 0, screen).endswith("100%")
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert bar(1, 2, latin) == "[" + "#" * 10 + "-" * 10 + "] 50%"
