"""Style sheets, scripts and icons: read once, addressed by the digest of them all, kept by browsers for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from aihub_lite.errors import NotFound

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def read_assets(folder: Path = FOLDER) -> Mapping[str, bytes]:
    """Every file by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in TYPES}


ASSETS = read_assets()
DIGEST = hashlib.sha256(b"".join(name.encode() + content for name, content in ASSETS.items())).hexdigest()[:12]
"""Part of every address: modules import each other by relative names, so all change together."""


def asset_url(name: str) -> str:
    """Where a page finds a file."""
    return f"/console/static/{DIGEST}/{name}"


@get("/static/{digest:str}/{name:str}", sync_to_thread=False)
def serve_asset(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """One file; nothing is read from disk."""
    content = ASSETS.get(name) if digest == DIGEST else None
    if content is None:
        raise NotFound("There is no such file.")
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=TYPES[Path(name).suffix], headers=headers)
