"""Who may use the dashboard: codes that are good for one entry, and tokens that are good until revoked.

Only digests of tokens are kept, in memory and in one file, and the port beside them, so that a page stays
logged in when the daemon is started again.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import msgspec
import structlog

from runicornd._lib.atomicfile import quarantine, write_atomic
from runicornd.errors import StateUnwritable
from runicornd.rpc.failures import WrongCode

if TYPE_CHECKING:
    from pathlib import Path

    from runicornd._lib.clock import Clock

VERSION = 1
CODE_LIFE_S = 120.0
MAX_CODES = 32
MAX_TOKENS = 64
_BYTES = 32

_log = structlog.get_logger("gateway")


class UsedTwice(WrongCode):
    """A code came a second time: a stranger may have seen it, such as in a list of processes."""


class _File(msgspec.Struct):
    version: int = VERSION
    tokens: list[str] = []
    port: int | None = None


class Tokens:
    """Mints and checks codes and tokens.

    Args:
        path: The file of the digests.
        clock: The time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._codes: dict[str, float] = {}
        self._spent: dict[str, tuple[float, str]] = {}
        self._kept = _File()

    def load(self) -> None:
        """Read the file of the daemon before. The daemon's lock must be held."""
        self._kept = self._read()

    @property
    def port(self) -> int | None:
        """The port that pages know; None when there has been none."""
        return self._kept.port

    def remember_port(self, port: int) -> None:
        """Keep the port that pages know. Raises StateUnwritable."""
        if port != self.port:
            self._keep(self._digests, port)

    @property
    def _digests(self) -> list[str]:
        return self._kept.tokens

    def new_code(self) -> str:
        """Return a code for one entry within ``CODE_LIFE_S`` seconds."""
        self._drop_lapsed()
        while len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(_BYTES)
        self._codes[_digest(code)] = self._clock.boot_time() + CODE_LIFE_S
        return code

    def redeem(self, code: str) -> str:
        """Trade a code for a token.

        Raises:
            UsedTwice: Somebody has entered with it already; the token of then is not good any more.
            WrongCode: It is not good, or no longer.
            StateUnwritable: The token cannot be kept.
        """
        self._drop_lapsed()
        digest = _digest(code)
        if (spent := self._spent.pop(digest, None)) is not None:
            self._keep([each for each in self._digests if each != spent[1]])
            raise UsedTwice(
                "cannot enter: this link was used before; whoever used it is logged out now",
                hint="'runicornctl dashboard' opens a new one",
            )
        ends = self._codes.pop(digest, None)
        if ends is None:
            raise WrongCode(
                "cannot enter: this link is older than two minutes, or none of ours",
                hint="'runicornctl dashboard' opens a new one",
            )
        token = self.new_token()
        self._spent[digest] = ends, _digest(token)
        return token

    def new_token(self) -> str:
        """Return a token that is good until it is revoked; the oldest of too many are forgotten.

        Raises:
            StateUnwritable: It cannot be kept.
        """
        token = secrets.token_urlsafe(_BYTES)
        self._keep([*self._digests, _digest(token)][-MAX_TOKENS:])
        return token

    def is_good(self, token: str) -> bool:
        """Whether the token opens the door."""
        return _digest(token) in self._digests

    def revoke_all(self) -> None:
        """Let no code and no token of before in any more. Raises StateUnwritable."""
        self._codes.clear()
        self._spent.clear()
        self._keep([])

    def _drop_lapsed(self) -> None:
        now = self._clock.boot_time()
        self._codes = {code: ends for code, ends in self._codes.items() if ends > now}
        self._spent = {code: spent for code, spent in self._spent.items() if spent[0] > now}

    def _keep(self, digests: list[str], port: int | None = None) -> None:
        kept = _File(VERSION, digests, port or self.port)
        try:
            write_atomic(self._path, msgspec.json.encode(kept))
        except OSError as error:
            raise StateUnwritable(
                f"cannot remember who may use the dashboard: {error.strerror or error}",
                hint=f"make room in {self._path.parent} and see that it is yours to write",
            ) from error
        self._kept = kept

    def _read(self) -> _File:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_File)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            _log.warning("tokens cannot be read", file=str(self._path), reason=error.strerror)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning(
                "file is damaged and was set aside", file=str(quarantine(self._path)), reason=str(error)
            )
        return _File()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
