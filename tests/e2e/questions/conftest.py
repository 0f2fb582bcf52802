"""A laptop whose daemon logs all it can, and accounts on servers that ask."""

import contextlib
from pathlib import Path

import pytest

from tests.helpers.account import Account
from tests.helpers.laptop import Laptop


@pytest.fixture
def laptop(tmp_path):
    """A laptop whose daemon runs; at the end it has to stop in order."""
    with Laptop(tmp_path, log_level="debug") as laptop:
        yield laptop


@pytest.fixture
def account(tmp_path, laptop):
    """Makes accounts: ``account("gpu", password="…")`` is known to the laptop under that alias."""
    with contextlib.ExitStack() as stack:

        def make(alias="gpu", *, trusted=True, extra=(), **options):
            made = stack.enter_context(Account(tmp_path / alias, **options))
            if trusted:
                made.trust()
            laptop.know(made, alias, extra=extra)
            return made

        yield make


@pytest.fixture
def written(laptop):
    """Says where a secret has been written: files of the laptop, and what processes show of themselves."""

    def search(secret):
        wanted = secret.encode()
        files = [path for folder in (laptop.home, laptop.runtime) for path in folder.rglob("*")]
        shown = [path for name in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{name}")]
        return [str(path) for path in [*files, *shown] if wanted in _content(path)]

    return search


def _content(path):
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""
