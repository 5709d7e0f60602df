"""The admin API in this process, for when no server runs: the same application over the same data directory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx

from aihub_lite.cli.client import Failed, write_private
from aihub_lite.config import Settings
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.bootstrap import make_certain
from aihub_lite.gateway.core import DATABASE, open_gateway
from aihub_lite.storage.backup import back_up
from aihub_lite.storage.database import Database
from aihub_lite.web.admin.backup import PIECE
from aihub_lite.web.app import create_app

if TYPE_CHECKING:
    from aihub_lite.cli.client import Call


def answer_in_process(asked: Call, settings: Settings, environ: Mapping[str, str]) -> httpx.Response:
    """The answer to one call. The caller holds the data directory's lock; everything is closed afterwards."""
    return asyncio.run(_answer(asked, settings, environ))


def back_up_in_process(settings: Settings, file: Path) -> int:
    """Writes a backup into a new private file; how many bytes it has. The caller holds the data directory's lock.

    Raises Failed.
    """
    try:
        return asyncio.run(_back_up(settings, file))
    except StorageUnavailable as error:
        raise Failed(error.message, error.status) from None


async def _back_up(settings: Settings, file: Path) -> int:
    async with await Database.open(settings.data_dir / DATABASE) as database:
        with await back_up(database.path) as copy:
            return write_private(file, iter(lambda: copy.read(PIECE), b""))


async def _answer(asked: Call, settings: Settings, environ: Mapping[str, str]) -> httpx.Response:
    async with open_gateway(settings, environ) as gateway:
        await make_certain(gateway)
        headers = {"authorization": f"Bearer {gateway.run_key}"}
        transport = httpx.ASGITransport(cast("Any", create_app(gateway)))
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process", headers=headers) as http:
            return await http.request(asked.method, asked.target, content=asked.content, params=asked.query)
