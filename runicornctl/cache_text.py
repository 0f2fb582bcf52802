"""The cache in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornctl.quantities import counted, size
from runicornctl.render import Table, clean

if TYPE_CHECKING:
    from runicornd.protocol.models import CacheFreed, CacheInfo


def cache_table(info: CacheInfo) -> list[str]:
    """Return the lines that show what is cached."""
    table = Table(["STORE", "INDEX", "METADATA", "DOWNLOADS", "VERSIONS", "FOLDER"])
    names = [store.store for store in info.stores] + [f"{store.store} (removed)" for store in info.removed]
    for name, store in zip(names, [*info.stores, *info.removed], strict=True):
        table.add(
            name,
            size(store.index_bytes),
            size(store.metadata_bytes),
            size(store.downloads_bytes),
            f"{store.downloads:,}",
            store.path,
        )
    total = f"{size(info.total_bytes)} in {clean(info.path)}"
    limit = f"'cache cleanup' brings the downloads down to {size(info.limit_bytes)}"
    if not info.stores and not info.removed:
        return [f"{total}."]
    lines = [*table.lines(), f"\n{total}; {limit}."]
    if info.removed:
        lines.append("What removed stores have left stays until 'runicornctl cache clear --removed'.")
    return lines


def freed_text(freed: CacheFreed) -> str:
    """Return what was removed."""
    done = [f"removed {counted(freed.removed, 'download')}"] if freed.removed else []
    if freed.kept:
        done.append(f"kept {freed.kept:,} in use or only here")
    return f"Freed {size(freed.freed_bytes)}" + (f": {', '.join(done)}." if done else ".")
