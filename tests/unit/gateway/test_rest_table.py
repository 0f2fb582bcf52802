"""The table of REST operations, and what describes it."""

import http
import re

import msgspec
import pytest

from runicornd.gateway.rest.bodies import Nothing, Server, target_of
from runicornd.gateway.rest.openapi import document
from runicornd.gateway.rest.routes import OPERATIONS
from runicornd.gateway.rest.statuses import STATUSES, status_of
from runicornd.protocol.errors import CODES
from runicornd.protocol.methods import METHODS

_REF = re.compile(r'"#/components/schemas/(\w+)"')


def test_operations_do_what_the_daemon_can():
    """Each method exists, none is what a page may not do, and each path is there once."""
    for each in OPERATIONS:
        assert each.methods, each.path
        assert set(each.methods) <= METHODS.keys()
        assert not any(name.startswith(("dashboard.", "daemon.shutdown")) for name in each.methods)
    assert len({(each.verb, each.path) for each in OPERATIONS}) == len(OPERATIONS)


def test_a_get_takes_no_body():
    """What only reads says nothing but its query."""
    assert all(each.body is Nothing for each in OPERATIONS if each.verb == "GET")


def test_the_document_is_whole():
    """Every operation is in it, and every reference leads somewhere."""
    made = document(OPERATIONS, "9.9")
    assert made["openapi"].startswith("3.1.")
    assert sum(len(verbs) for verbs in made["paths"].values()) == len(OPERATIONS)
    named = set(_REF.findall(msgspec.json.encode(made).decode()))
    assert named <= made["components"]["schemas"].keys()
    identities = [told["operationId"] for verbs in made["paths"].values() for told in verbs.values()]
    assert len(set(identities)) == len(OPERATIONS)
    for path, verbs in made["paths"].items():
        words = set(re.findall(r"\{(\w+)\}", path))
        assert "[" not in path
        for told in verbs.values():
            assert {each["name"] for each in told["parameters"] if each["in"] == "path"} == words


def test_statuses_are_of_kinds():
    """A renamed kind does not silently lose its status."""
    assert STATUSES.keys() <= CODES.keys()
    assert status_of("viewer_crashed") is http.HTTPStatus.BAD_GATEWAY


@pytest.mark.parametrize(
    ("host", "port", "username", "target"),
    [
        ("gpu", None, None, "gpu"),
        ("gpu", 22, "ada", "ada@gpu"),
        ("gpu", 2222, "ada", "ada@gpu:2222"),
        ("::1", 2222, None, "[::1]:2222"),
        ("[::1]", 22, "ada", "ada@[::1]"),
    ],
)
def test_targets(host, port, username, target):
    """An address in parts becomes what people type."""
    assert target_of(host, port, username) == target


def test_how_to_log_in():
    """Empty texts, which forms send for fields that were left out, count as nothing."""
    assert Server(host="gpu", password="", private_key="").auth() is None
    given = Server(host="gpu", private_key_path="/k", passphrase="p").auth()
    assert (given.identity_file, given.passphrase) == ("/k", "p")
