"""What may come out of a metadata file."""

import json
import tracemalloc

import msgspec
import pytest

from runicornd.storage.layouts import content
from runicornd.storage.layouts.content import Problems, Skipped, Unreadable, bounded, decode

DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "is missing"),
        (Skipped("it has 104857600 bytes"), "was not read: it has 104857600 bytes"),
        (b"", "is no JSON"),
        (b'{"a": 1', "is no JSON"),
        (b"\x00\x01\x02", "is no JSON"),
        (b"[1]", "is of another form"),
        (b"null", "is of another form"),
        (DEEP, "is nested too deeply"),
        (b'{"a":' + b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' + b"9" * 5000 + b"}", "is no JSON"),
        (b" " * (content.CONTENT_LIMIT + 1), "is larger than 32 MiB"),
        (b"NaN" * content.SLOW_LIMIT, "is no JSON"),
    ],
)
def test_what_is_no_object_of_json_is_unreadable(data, why):
    """The reason is a short text, whatever the content is."""
    with pytest.raises(Unreadable, match=why) as caught:
        decode(data, dict[str, object])
    assert len(str(caught.value)) < 300


def test_what_python_writes_beyond_json_is_read():
    """NaN and broken Unicode become texts; the rest of the file stays."""
    data = b'{"a": NaN, "b": [-Infinity, 1e400], "c": "\xff", "d": "\\udcff", "e": 1}'
    found = bounded(decode(data, dict[str, object]))
    assert found == {"a": "NaN", "b": ["-Infinity", "inf"], "c": "\ufffd", "d": "\ufffd", "e": 1}


@pytest.mark.parametrize(
    "value",
    [
        {"a": [[[]]] * 10_000_000},
        {str(number): number for number in range(100_000)},
        {"a": "x" * 100_000_000},
        {"x" * 10_000_000: 1},
        {"a": 10**400, "b": float("nan"), "c": float("inf"), "\ud800": "\udfff"},
        json.loads('{"a":' + "[" * 900 + "]" * 900 + "}"),
    ],
)
def test_metadata_is_bounded_and_can_be_encoded(value):
    """However large, deep or odd the values are, what is kept is small and goes over the wire."""
    tracemalloc.start()
    try:
        kept = bounded(value)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert len(msgspec.json.encode(kept)) < 1_000_000


@pytest.mark.parametrize(
    "value", [{}, {"a": {"b": [1, 2.5, None, True, "作者"]}}, {"lr": 1e-5, "big": 2**62, "small": -(2**62)}]
)
def test_ordinary_metadata_stays_as_it_is(value):
    """Nothing is changed that need not be."""
    assert bounded(value) == value


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        (12.5, None),
        (-1, None),
        (True, None),
        ("12", None),
        (2**53, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (None, None),
        ([], None),
    ],
)
def test_a_whole_number(value, number):
    """Sizes and versions are whole, not negative, and exact everywhere."""
    assert content.whole(value) == number


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1.5, 1.5),
        (0, 0.0),
        (-1, None),
        (1000000000000.0, None),
        (10**400, None),
        (float("nan"), None),
        (True, None),
        ("2026", None),
        (None, None),
    ],
)
def test_a_moment(value, moment):
    """Times are what a calendar can show."""
    assert content.moment(value) == moment


@pytest.mark.parametrize("value", ["", "a\nb", "\x1b[31m", "x" * 256, None, 3, ["a"], {}])
def test_what_is_no_word(value):
    """Words are short, not empty, and have nothing in them that a terminal obeys."""
    assert content.word(value) is None
    assert content.words([value, "good", "good"]) == ("good",)


def test_problems_are_said_once_and_not_without_end():
    """The first few stand in the text, the others are counted."""
    problems = Problems()
    assert problems.text is None
    for number in (1, 1, 2, 3, 4, 5, 6):
        problems.add(f"problem {number}")
    assert problems.text == "problem 1; problem 2; problem 3; problem 4; and 2 more"
