"""Sizes, rates and times as people write and read them."""

import pytest

from runicornctl.quantities import counted, interval, moment, parsed_interval, parsed_size, rate, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (-1, "unknown"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (12_345, "12.3 kB"),
        (180_000_000, "180 MB"),
        (999_600, "1.00 MB"),
        (8_000_000_000, "8.00 GB"),
        (10**18, "1000 PB"),
    ],
)
def test_sizes(count, text):
    """Three digits and a unit."""
    assert size(count) == text


def test_rates_and_counts():
    """With their units and nouns."""
    assert rate(12_345_678) == "12.3 MB/s"
    assert (counted(1, "file"), counted(2000, "file")) == ("1 file", "2,000 files")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1500", 1500),
        ("500 MB", 500_000_000),
        ("10GB", 10**10),
        ("2GiB", 2 * 1024**3),
        ("1.5k", 1500),
        ("0", 0),
    ],
)
def test_sizes_that_people_write(text, count):
    """Decimal, or binary with an i."""
    assert parsed_size(text) == count


@pytest.mark.parametrize("text", ["", "much", "-5GB", "5XB", "1e9", "1" * 50, "٣GB"])
def test_what_is_no_size(text):
    """It is refused."""
    with pytest.raises(ValueError, match="not a size"):
        parsed_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("600", 600), ("10m", 600), ("90s", 90), ("1h30m", 5400), ("2D", 172_800)]
)
def test_intervals_that_people_write(text, seconds):
    """Units may be joined; without one it is seconds."""
    assert parsed_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-10m", "10x", "m", "1" * 50])
def test_what_is_no_interval(text):
    """It is refused."""
    with pytest.raises(ValueError, match="not a time"):
        parsed_interval(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "by hand"), (600, "every 10m"), (5400, "every 1h 30m"), (3600, "every 1h"), (86400, "every 1d")],
)
def test_how_often(seconds, text):
    """Without empty parts."""
    assert interval(seconds) == text


def test_moments():
    """A date with its age; none, or an impossible one, is a dash."""
    assert moment(1_700_000_000.0, now=1_700_007_260.0).endswith("(2h 1m ago)")
    assert (moment(None), moment(1e300)) == ("-", "-")
