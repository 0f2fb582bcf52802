"""What stores are asked for, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd.ssh.auth import Login


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """What the user wants to be mirrored.

    Args:
        target: Where it is; ``local`` is this machine.
        name: What to call the store; None takes it from the target.
        root: The root's path there; None takes what Runicorn itself would take.
        interval_s: Seconds between two syncs; None is the configured interval.
        is_automatic: False: it is synced only when asked.
        login: How to log in, kept in memory only.
    """

    target: str
    name: str | None = None
    root: str | None = None
    interval_s: float | None = None
    is_automatic: bool = True
    login: Login | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """What the user has configured for all stores.

    Args:
        interval_s: Seconds between two syncs of a store for which nothing else was said.
        metadata_max_bytes: Larger metadata files are skipped.
        manifest_max_bytes: Larger manifests are skipped.
        cache_limit_bytes: What a cleanup brings the downloads down to.
    """

    interval_s: float = 600.0
    metadata_max_bytes: int = 1024 * 1024
    manifest_max_bytes: int = 32 * 1024 * 1024
    cache_limit_bytes: int = 10_000_000_000
