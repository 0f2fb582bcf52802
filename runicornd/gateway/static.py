"""The page's files, as the build left them in this package."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"  # their names change with their content
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>runicornd</title>
<h1>The dashboard is not built</h1>
<p>This runicornd runs from its source. Build the page with <code>make web</code> (it needs Node.js), then
reload. <code>runicornctl</code> works without it.</p>
"""


class StaticFiles:
    """Every file there is, found once: a request names one of them or nothing.

    Args:
        folder: Where the build left them.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: Mapping[str, Path] = {
            f"/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()
        }

    def has(self, path: str) -> bool:
        """Whether there is a file for the path of a URL."""
        return path == "/" or path in self._files

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send the file that the URL names; ``/`` is the page itself."""
        name = "/index.html" if request.path == "/" else request.path
        file = self._files.get(name)
        if file is None and name == "/index.html":
            return web.Response(text=_NOT_BUILT, content_type="text/html")
        if file is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": _FOREVER if name.startswith("/assets/") else "no-cache"}
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return web.FileResponse(file, headers=headers | {"Content-Type": kind})
