"""Codes and tokens without a server."""

import json

import pytest

from runicornd.errors import StateUnwritable
from runicornd.gateway.tokens import CODE_LIFE_S, MAX_CODES, MAX_TOKENS, Tokens, UsedTwice
from runicornd.rpc.failures import WrongCode
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def tokens(tmp_path, clock):
    return Tokens(tmp_path / "dashboard.json", clock)


def test_a_code_is_good_once(tokens):
    """Its token is good until it comes again."""
    code = tokens.new_code()
    token = tokens.redeem(code)
    assert tokens.is_good(token)
    with pytest.raises(UsedTwice):
        tokens.redeem(code)
    assert not tokens.is_good(token)


async def test_a_code_lapses(tokens, clock):
    """To the second; sleep of the machine counts."""
    early, late = tokens.new_code(), tokens.new_code()
    await clock.advance(CODE_LIFE_S - 1)
    tokens.redeem(early)
    await clock.advance(1)
    with pytest.raises(WrongCode):
        tokens.redeem(late)


async def test_a_spent_code_is_forgotten(tokens, clock):
    """Once it has lapsed it harms nobody any more."""
    code = tokens.new_code()
    token = tokens.redeem(code)
    await clock.advance(CODE_LIFE_S)
    with pytest.raises(WrongCode):
        tokens.redeem(code)
    assert tokens.is_good(token)


def test_codes_and_tokens_are_bounded(tokens):
    """The oldest are forgotten."""
    codes = [tokens.new_code() for _ in range(MAX_CODES + 1)]
    with pytest.raises(WrongCode):
        tokens.redeem(codes[0])
    made = [tokens.new_token() for _ in range(MAX_TOKENS + 1)]
    assert [tokens.is_good(token) for token in made[:2]] == [False, True]


def test_tokens_are_kept_as_digests(tokens, tmp_path, clock):
    """The next daemon knows them; the file lets nobody in."""
    token = tokens.new_token()
    file = tmp_path / "dashboard.json"
    (digest,) = json.loads(file.read_text())["tokens"]
    assert token not in file.read_text()
    later = Tokens(file, clock)
    assert not later.is_good(token)
    later.load()
    assert later.is_good(token)
    assert not later.is_good(digest)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version":1,"tokens":[1]}', b"\xff\xfe"])
def test_a_damaged_file(tmp_path, clock, text):
    """Nobody is let in by it, and it is set aside."""
    file = tmp_path / "dashboard.json"
    file.write_bytes(text)
    tokens = Tokens(file, clock)
    tokens.load()
    assert not file.exists()
    assert tokens.is_good(tokens.new_token())


def test_a_file_that_cannot_be_written(tmp_path, clock):
    """Then there is no token, and the reason is said."""
    (tmp_path / "file").write_text("")
    tokens = Tokens(tmp_path / "file" / "dashboard.json", clock)
    with pytest.raises(StateUnwritable, match="cannot remember"):
        tokens.new_token()


def test_revoking(tokens):
    """Nothing of before is good."""
    code, token = tokens.new_code(), tokens.new_token()
    tokens.revoke_all()
    assert not tokens.is_good(token)
    with pytest.raises(WrongCode):
        tokens.redeem(code)
