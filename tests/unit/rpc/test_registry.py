"""The registry and the handlers of the product."""

import pytest

from runicornd.protocol.methods import METHODS
from runicornd.rpc.methods import GROUPS
from runicornd.rpc.registry import build_registry


def test_every_method_has_a_handler():
    """And every handler is a method of the contract."""
    assert build_registry(GROUPS).keys() == METHODS.keys()


def test_what_does_not_fit_is_refused():
    """A missing or an extra handler is found when the daemon starts."""
    with pytest.raises(ValueError, match=r"rpc\.discover"):
        build_registry(
            [{name: handler for group in GROUPS for name, handler in group.items() if name[0] != "r"}]
        )
    with pytest.raises(ValueError, match=r"no\.such"):
        build_registry([*GROUPS, {"no.such": None}])
