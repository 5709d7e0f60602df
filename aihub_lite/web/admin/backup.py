"""`/api/admin/backup`: the database, whole and of one moment, as a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import BinaryIO

from litestar import get
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Send

from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.sqlite.backup import back_up
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import PathRouter

PIECE = 256 * 1024
"""Bytes read and sent at once."""


class Download(ASGIResponse):
    """An open file as a download; closed on every way out."""

    __slots__ = ("file", "patience")

    def __init__(self, file: BinaryIO, name: str, patience: float) -> None:
        super().__init__(
            content_length=os.fstat(file.fileno()).st_size,
            media_type="application/vnd.sqlite3",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )
        self.file = file
        self.patience = patience
        """Seconds that the client may take for one piece."""

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Sends the file. A client that stops reading gets no more, and can tell by the length in the head."""
        with self.file:
            async with aclosing(self._pieces()) as pieces:
                async for piece in pieces:
                    try:
                        async with asyncio.timeout(self.patience):
                            await send({"type": "http.response.body", "body": piece, "more_body": True})
                    except TimeoutError:
                        return
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        while piece := await asyncio.to_thread(self.file.read, PIECE):
            yield piece


@get("/")
async def download_backup(gateway: TheGateway) -> ASGIApp:
    """Download the database as a file, with the keys of all channels in it.

    One at a time: each takes the disk space of another database.
    """
    if gateway.backing_up.locked():
        raise Conflict("Another backup is being made.")
    async with gateway.backing_up:
        file = await back_up(gateway.database.path)
    return Download(file, name_of(gateway), gateway.settings.write_timeout)


def name_of(gateway: Gateway) -> str:
    """The file's name with the time in UTC: `aihub-2026-11-23-1830.db`."""
    return datetime.fromtimestamp(gateway.clock.wall(), UTC).strftime("aihub-%Y-%m-%d-%H%M.db")


backup_router = PathRouter("/backup", route_handlers=[download_backup])
