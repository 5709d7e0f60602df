"""The admin API in this process, for when no server runs: the same application over the same data directory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx

from aihub_lite.cli.base.call import Calls, Failed, next_call, outcome_of, write_private
from aihub_lite.config import DATABASE, Settings
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.core import open_gateway
from aihub_lite.gateway.upkeep.bootstrap import create_known_channels
from aihub_lite.storage.sqlite.backup import back_up
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.web.admin.backup import PIECE
from aihub_lite.web.app import create_app

T = TypeVar("T")


def answer_in_process(
    calls: Calls[T], settings: Settings, environ: Mapping[str, str], decode: Callable[[httpx.Response], Any]
) -> T:
    """What the calls come to. The caller holds the data directory's lock; everything is closed afterwards."""
    return asyncio.run(_answer(calls, settings, environ, decode))


def back_up_in_process(settings: Settings, file: Path) -> int:
    """Write a backup into a new private file, and return its size. The caller holds the data directory's lock.

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


async def _answer(
    calls: Calls[T], settings: Settings, environ: Mapping[str, str], decode: Callable[[httpx.Response], Any]
) -> T:
    async with open_gateway(settings, environ) as gateway:
        await create_known_channels(gateway)
        headers = {"authorization": f"Bearer {gateway.run_key}"}
        transport = httpx.ASGITransport(cast("Any", create_app(gateway)))
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process", headers=headers) as http:
            answer = None
            while True:
                try:
                    request = next_call(calls, answer)
                except StopIteration as end:
                    result: T = end.value
                    return result
                response = await http.request(
                    request.method, request.target, content=request.content, params=request.query
                )
                answer = outcome_of(decode, response)
