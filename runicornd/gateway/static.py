"""The page's files, as the build left them in this package."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "static"
_OWN_FOLDER = Path(__file__).parent / "docs"
_OWN: Mapping[str, str] = {"/docs": "docs.html", "/docs.js": "docs.js", "/docs.css": "docs.css"}
# No part begins with a dot, so that no path leads out of the folder.
_NAME = re.compile(r"/(?:[A-Za-z0-9_-]{1,50}/){0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_FOREVER = "public, max-age=31536000, immutable"  # their names change with their content
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>runicornd</title>
<h1>The dashboard is not built</h1>
<p>This runicornd runs from its source. Build the page with <code>make web</code> (it needs Node.js), then
reload. <code>runicornctl</code> works without it.</p>
"""


class StaticFiles:
    """Files by the path of a URL. They are looked for each time: an update may put others there.

    Args:
        folder: Where the build left them.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def has(self, path: str) -> bool:
        """Whether there is a file for the path of a URL."""
        return path == "/" or self._find(path) is not None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send the file that the URL names; ``/`` is the page itself."""
        file = self._find(request.path)
        if file is None and request.path == "/":
            return web.Response(text=_NOT_BUILT, content_type="text/html")
        if file is None:
            raise web.HTTPNotFound
        headers = {
            "Cache-Control": _FOREVER if request.path.startswith("/assets/") else "no-cache",
            "Content-Type": _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain",
        }
        return web.FileResponse(file, headers=headers)

    def _find(self, path: str) -> Path | None:
        if own := _OWN.get(path):
            return _OWN_FOLDER / own
        if path != "/" and not _NAME.fullmatch(path):
            return None
        file = self._folder / ("index.html" if path == "/" else path[1:])
        return file if file.is_file() else None
