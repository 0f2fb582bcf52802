"""The table of methods and the codes of errors."""

import ast
from pathlib import Path

import msgspec

import runicornd.doctor
from runicornd.errors import RunicorndError
from runicornd.protocol import errors
from runicornd.protocol.findings import FINDINGS
from runicornd.protocol.methods import METHODS
from runicornd.rpc import failures

assert failures


def _kinds(root):
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_kind_has_a_code():
    """What can be raised can be told, under a number of its own."""
    raised = {kind.kind for kind in _kinds(RunicorndError)} | {RunicorndError.kind}
    assert raised <= errors.CODES.keys()
    assert errors.CODES.keys() <= raised
    assert len(set(errors.CODES.values())) == len(errors.CODES)


def test_every_finding_is_listed():
    """What the doctor can find is a word of the contract, and no kind of error."""
    found = set()
    for path in Path(runicornd.doctor.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="ok" | "warning" | "failure" | "not_needed" | "judge"),
                    args=[ast.Constant(value=kind), _, *_],
                ):
                    found.add(kind)
    assert found == set(FINDINGS)
    assert len(FINDINGS) == len(set(FINDINGS))
    assert not found & errors.CODES.keys()


def test_codes_of_json_rpc():
    """Its reserved numbers mean what they mean everywhere; ours are outside its range."""
    reserved = {kind: code for kind, code in errors.CODES.items() if -32768 <= code <= -32000}
    assert reserved == {
        "parse_error": -32700,
        "invalid_request": -32600,
        "method_not_found": -32601,
        "invalid_params": -32602,
        "internal": -32603,
    }


def test_a_kind_of_a_later_version():
    """It has a code, too."""
    assert errors.code_of("from_the_future") == errors.UNLISTED
    assert errors.UNLISTED not in errors.CODES.values()


def test_parameters_refuse_what_they_do_not_know():
    """A misspelt parameter is an error in every method."""
    for method in METHODS.values():
        assert method.params.__struct_config__.forbid_unknown_fields, method.name
        assert method.summary.endswith(".")


def test_results_may_grow():
    """A client reads the answer of a later daemon."""
    for method in METHODS.values():
        assert not method.result.__struct_config__.forbid_unknown_fields, method.name
        assert msgspec.json.schema_components(
            [method.result], schema_hook=lambda _kind: {"description": "any"}
        )
