"""The agent's text: it must run on Python 3.6, alone, from memory."""

import ast
import sys
from pathlib import Path

import pytest

import runicornd.agent
from runicornd.remote import bootstrap

FILES = sorted(Path(runicornd.agent.__file__).parent.glob("*.py"))
NEWER = {
    "dataclasses",
    "contextvars",
    "graphlib",
    "importlib.resources",
    "importlib.metadata",
    "tomllib",
    "zoneinfo",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_is_python_36(path):
    """It parses as 3.6, and uses none of the later future imports."""
    tree = ast.parse(path.read_text(), feature_version=(3, 6))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_imports_only_its_own_kind(path):
    """The standard library of 3.6, and neighbours by relative imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level < 2
            names = [] if node.level else [node.module]
        else:
            continue
        assert not set(names) & NEWER
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_program_is_small():
    """It crosses the network at every connect."""
    assert set(bootstrap.sources()) == {path.stem for path in FILES}
    assert len(bootstrap.program()) < 48 * 1024
