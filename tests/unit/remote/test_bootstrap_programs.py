"""What is sent to become a far end."""

import ast

import pytest

from runicornd.remote import bootstrap

CHOSEN = {*bootstrap.STREAM_MODULES, *bootstrap.SHARED_MODULES}


def neighbours(text):
    """The modules that a module imports from its own package."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level]
    return {
        name for node in nodes for name in ([node.module] if node.module else [a.name for a in node.names])
    }


def test_a_stream_has_every_module_it_needs_and_no_other():
    """What its modules import is sent with them; what nobody imports is not."""
    sources = bootstrap.sources()
    needed = set().union(*(neighbours(sources[name]) for name in CHOSEN))
    assert needed | {"__init__", "loader", "store"} == CHOSEN


def test_the_agent_needs_nothing_of_the_streams():
    """They are left out of its program."""
    others = {name: text for name, text in bootstrap.sources().items() if name not in CHOSEN}
    assert not set().union(*map(neighbours, others.values())) & set(bootstrap.STREAM_MODULES)


@pytest.mark.parametrize(("entry", "most"), [("main", 48), ("store", 20)])
def test_programs_are_small(entry, most):
    """One crosses the network at every connect, the other at every sync."""
    assert len(bootstrap.program(entry)) < most * 1024
