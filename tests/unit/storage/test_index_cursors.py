import base64
import json

import pytest

from runicornd.errors import InvalidParams
from runicornd.storage.index.cursors import read_cursor, write_cursor

QUESTION = ("artifacts", None, "words")


def coded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_cursor_comes_back():
    """What was written is read."""
    cursor = write_cursor(QUESTION, 7, "näme", 1.5)
    assert read_cursor(cursor, QUESTION, (int, str, float)) == (7, "näme", 1.5)


def test_a_cursor_of_another_question_is_refused():
    """The place in one list means nothing in another."""
    with pytest.raises(InvalidParams, match="cursor"):
        read_cursor(write_cursor(QUESTION, 7), ("artifacts", "model", "words"), (int,))


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "!!!!", "é", "AAAA", coded({"a": 1}), coded([]), coded([1, 2]), coded([None, 1]),
        coded([[[1]]]), coded([10**400, 1]), "W" * 8192, base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)  # fmt: skip
def test_broken_cursors_are_refused(cursor):
    """Whatever is sent in place of a cursor is an error of the request."""
    with pytest.raises(InvalidParams):
        read_cursor(cursor, QUESTION, (int,))


@pytest.mark.parametrize("place", [("text",), (2**70,), (1.5,), (1, 2), ()])
def test_a_place_of_the_wrong_kind_is_refused(place):
    """A forged place cannot reach the database."""
    with pytest.raises(InvalidParams):
        read_cursor(write_cursor(QUESTION, *place), QUESTION, (int,))
