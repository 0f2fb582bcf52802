"""Escaping, widths, tables and times."""

import io

import pytest

from runicornctl.render import Paint, Table, age, block, clean, duration, fit, log_line, width


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain é 漢字 ✓", "plain é 漢字 ✓"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\r\tc\0", "a\\nb\\r\\tc\\x00"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\U000e0041", "\\U000e0041"),
        ("half \udce9", "half \\udce9"),
    ],
)
def test_what_could_steer_a_terminal_is_spelled_out(text, safe):
    """Everything that is printable stays, everything else becomes its code."""
    assert clean(text) == safe
    assert clean(text).isprintable()


def test_a_block_keeps_its_lines_and_cleans_each():
    """Messages may have several lines; nothing in them is obeyed."""
    assert block("one\n two\x1b\n\n", "  ") == "one\n   two\\x1b"


def test_a_log_line_has_its_tabs_as_spaces():
    """Tabs are layout, not an attack."""
    assert log_line("a\tb\x07") == "a       b\\x07"


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("\uff46\uff55", 4), ("ｶ", 1), ("", 0)]
)
def test_width_counts_columns(text, columns):
    """Wide characters take two columns, combining marks none."""
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "fitted"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("漢字漢字", 5, "漢字…"), ("漢字漢字", 4, "漢…"), ("abc", 0, "")],
)
def test_fit_never_exceeds_the_columns(text, columns, fitted):
    """Cut text ends with an ellipsis and is not wider than allowed."""
    assert fit(text, columns) == fitted
    assert width(fitted) <= columns


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0.0s"), (0.44, "0.4s"), (59.9, "59s"), (61, "1m 1s"), (7260, "2h 1m"), (90061, "1d 1h")],
)
def test_durations(seconds, text):
    """As people say them."""
    assert duration(seconds) == text


def test_age_of_a_clock_that_runs_ahead_is_nothing():
    """A time in the future is not a negative age."""
    assert age(100.0, now=90.0) == "0s"
    assert age(90.0, now=95.5) == "5s"


class Screen(io.StringIO):
    """A terminal of 30 columns."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        raise ValueError("no descriptor")


def filled(stream):
    table = Table(["NAME", "WHERE"], stream)
    table.add("漢字", "x" * 60)
    table.add(("b\x1b", "red"), "y")
    return list(table.lines())


def test_a_table_is_not_cut_when_piped():
    """Programs that read the table get whole cells, aligned by columns and without colours."""
    assert filled(io.StringIO()) == ["NAME   WHERE", f"漢字   {'x' * 60}", "b\\x1b  y"]


def test_a_table_fits_its_terminal(monkeypatch):
    """The widest column gives way."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    assert [width(line) for line in filled(Screen())][1] == 30
    assert filled(Screen())[1].endswith("x…")


def test_colours_only_where_they_are_wanted(monkeypatch):
    """A terminal gets them, a pipe, NO_COLOR and a dumb terminal do not."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Paint(Screen())("red", "x") == "\x1b[31mx\x1b[0m"
    assert Paint(io.StringIO())("red", "x") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Paint(Screen())("red", "x") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Paint(Screen())("red", "x") == "x"


def test_symbols_need_a_stream_that_can_write_them():
    """A terminal of another encoding gets the plain form."""
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert Paint(latin).symbol("✓", "+") == "+"
    assert Paint(Screen()).symbol("✓", "+") == "✓"
