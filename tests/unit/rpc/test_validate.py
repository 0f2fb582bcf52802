"""Checking parameters."""

import pytest

from runicornd.errors import InvalidParams
from runicornd.protocol import models
from runicornd.rpc.validate import checked


def test_good_parameters():
    """They come as their struct, with its defaults."""
    params = checked(models.LogsParams, {"session": "gpu"})
    assert params == models.LogsParams(session="gpu", lines=100)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {"session"}),
        ({"session": ""}, {"session"}),
        ({"session": "x" * 4097}, {"session"}),
        ({"session": "x", "lines": 0, "Lines": 5}, {"lines", "Lines"}),
        ({"session": 1, "lines": True, "x" * 1000: 1}, {"session", "lines", "x" * 100}),
    ],
)
def test_bad_fields_are_named(given, fields):
    """All of them, and nothing else."""
    with pytest.raises(InvalidParams) as caught:
        checked(models.LogsParams, given)
    assert set(caught.value.context["fields"]) == fields
    assert all(name in caught.value.message for name in fields)


def test_nested_fields_are_named():
    """The path inside a parameter is told."""
    with pytest.raises(InvalidParams) as caught:
        checked(models.SessionStartParams, {"target": "x", "auth": {"password": 1}})
    assert "$.password" in caught.value.context["fields"]["auth"]
