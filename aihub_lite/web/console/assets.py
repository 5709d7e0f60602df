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
    """Every file by its path below the folder: `base/theme.css`."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


ASSETS = read_assets()
DIGEST = hashlib.sha256(b"".join(path.encode() + content for path, content in ASSETS.items())).hexdigest()[:12]
"""Part of every address: modules import each other by relative paths, so all change together."""


def asset_url(path: str) -> str:
    """Where a page finds a file."""
    return f"/console/static/{DIGEST}/{path}"


@get("/static/{digest:str}/{path:path}", sync_to_thread=False)
def serve_asset(digest: FromPath[str], path: FromPath[str]) -> Response[bytes]:
    """One file. Only what was read at the start is served: a path never reaches the disk."""
    name = path.removeprefix("/")
    content = ASSETS.get(name)
    if content is None or digest != DIGEST:
        raise NotFound("There is no such file.")
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=TYPES[Path(name).suffix], headers=headers)
