"""The contract as the page reads it."""

from pathlib import Path

from runicornd.protocol.typescript import contract

KEPT = Path(__file__).parents[3] / "web/src/lib/rpc/contract.ts"


def test_the_page_knows_the_contract():
    """What is checked in is what 'make web-types' writes now."""
    assert KEPT.read_text() == contract(), "run: make web-types"
