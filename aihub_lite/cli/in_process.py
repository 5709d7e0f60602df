"""The admin API in this process, for when no server runs: the same application over the same data directory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import httpx

from aihub_lite.config import Settings
from aihub_lite.gateway.bootstrap import make_certain
from aihub_lite.gateway.core import open_gateway
from aihub_lite.web.app import create_app

if TYPE_CHECKING:
    from aihub_lite.cli.client import Call


def answer_in_process(asked: Call, settings: Settings, environ: Mapping[str, str]) -> httpx.Response:
    """The answer to one call. The caller holds the data directory's lock; everything is closed afterwards."""
    return asyncio.run(_answer(asked, settings, environ))


async def _answer(asked: Call, settings: Settings, environ: Mapping[str, str]) -> httpx.Response:
    async with open_gateway(settings, environ) as gateway:
        await make_certain(gateway)
        headers = {"authorization": f"Bearer {gateway.run_key}"}
        transport = httpx.ASGITransport(cast("Any", create_app(gateway)))
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process", headers=headers) as http:
            return await http.request(asked.method, asked.target, content=asked.content, params=asked.query)
