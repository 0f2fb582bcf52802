"""Imports that leave something out."""

import gc
import importlib
import os
import sys

import pytest

from runicornd._lib.imports import quick, without


def test_a_library_is_away_within_the_block_only(tmp_path, monkeypatch):
    """Whoever looks for it there finds none; later it is as it was."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "made_up_library.py").touch()
    with without("made_up_library"), pytest.raises(ImportError):
        importlib.import_module("made_up_library")
    assert importlib.import_module("made_up_library").__name__ == "made_up_library"
    del sys.modules["made_up_library"]


def test_what_is_loaded_stays():
    """Somebody uses it."""
    with without("json"):
        assert importlib.import_module("json").dumps([]) == "[]"
    assert "json" in sys.modules


def test_a_failed_import_leaves_nothing_behind():
    """The error goes on."""
    with pytest.raises(ImportError), without("made_up_library"):
        importlib.import_module("made_up_library")
    assert "made_up_library" not in sys.modules


def test_variables_and_the_collector_are_as_before(monkeypatch):
    """Also after an error; what was set by somebody has their value again."""
    monkeypatch.setenv("MADE_UP", "theirs")
    monkeypatch.delenv("MADE_UP_TOO", raising=False)
    seen = []

    def fails():
        seen.extend((os.environ["MADE_UP"], os.environ["MADE_UP_TOO"], gc.isenabled()))
        raise ImportError

    with pytest.raises(ImportError), quick(MADE_UP="ours", MADE_UP_TOO="ours"):
        fails()
    assert seen == ["ours", "ours", False]
    assert (os.environ["MADE_UP"], os.environ.get("MADE_UP_TOO"), gc.isenabled()) == ("theirs", None, True)
