"""The admin API over a real gateway on a temporary directory, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import attrs
import httpx
from litestar import Litestar
from litestar.routes import BaseRoute

from aihub_lite.config import Settings
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.web.administration.later import MadeLater, Paths
from aihub_lite.web.app import create_app
from aihub_lite.web.gate import App, Gate


async def surfaces_of(app: Gate) -> Paths:
    """The surfaces behind the gate, which are made when one of them is first asked for."""
    assert isinstance(app.app, MadeLater)
    surfaces = await app.app.made()
    assert isinstance(surfaces, Paths)
    return surfaces


async def framed_routes(app: Gate) -> list[BaseRoute]:
    """The routes of all that the framework serves, behind gate and surfaces."""
    administration = (await surfaces_of(app)).otherwise
    assert isinstance(administration, MadeLater)
    rooms = await administration.made()
    assert isinstance(rooms, Paths)
    return [route for app in [await _framework_of(room) for room in rooms.apps] for route in app.routes]


async def _framework_of(room: App) -> Litestar:
    assert isinstance(room, MadeLater)
    return cast("Litestar", await room.made())


@attrs.frozen
class Desk:
    """An operator with the right key."""

    gateway: Gateway
    http: httpx.AsyncClient

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The decoded answer, whose status must be the one expected."""
        answer = await self.http.request(method, f"/api/admin{path}", json=body)
        assert (status, answer.text) == (answer.status_code, answer.text)
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None, *, status: int = 400) -> str:
        """The message of a refusal."""
        error = (await self.call(method, path, body, status=status))["error"]
        assert {"code", "message", "type", "param"} == set(error)
        return str(error["message"])


@asynccontextmanager
async def open_desk(directory: Path, environ: Mapping[str, str], **options: Any) -> AsyncIterator[Desk]:
    settings = Settings(data_dir=directory, discover_local=False, **options)
    async with open_gateway(settings, environ) as gateway:
        app = create_app(gateway)
        headers = {"authorization": f"Bearer {admin_key(directory, environ)}"}
        transport = httpx.ASGITransport(cast("Any", app))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as http:
            yield Desk(gateway, http)


def at_desk(
    directory: Path, story: Callable[[Desk], Awaitable[None]], environ: Mapping[str, str] | None = None, **options: Any
) -> None:
    """Play a story at the desk of a fresh gateway; `options` are settings."""

    async def play() -> None:
        async with open_desk(directory, environ or {}, **options) as desk:
            await story(desk)

    asyncio.run(play())
