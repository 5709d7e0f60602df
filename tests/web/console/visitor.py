"""A browser without a screen: the console over a real gateway on a temporary directory, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import attrs
import httpx

from aihub_lite.config import Settings
from aihub_lite.domain.clock import SystemClock
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.web.app import create_app
from aihub_lite.web.gate import Gate

SITE = "http://gateway"
SAME_ORIGIN = {"origin": SITE, "sec-fetch-site": "same-origin"}


@attrs.define
class Shifted(SystemClock):
    """A clock that a test turns forward; `leapt` turns the wall clock alone."""

    ahead: float = 0.0
    leapt: float = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def wall(self) -> float:
        return super().wall() + self.ahead + self.leapt


@attrs.frozen(eq=False)
class Visitor:
    """Somebody at the console; signed in once `sign_in` was called."""

    gateway: Gateway
    app: Gate
    clock: Shifted
    key: str
    http: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return await self.http.get(path, headers={"accept": "text/html", **named(headers)})

    async def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """A form of one of our own pages, unless headers say otherwise."""
        return await self.http.post(path, data=fields or {}, headers={**SAME_ORIGIN, **named(headers)})

    async def sign_in(self) -> httpx.Response:
        """With the admin key."""
        answer = await self.post("/console/sign-in", {"key": self.key})
        assert 303 == answer.status_code, answer.text
        return answer

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The admin API as the holder of its key."""
        headers = {"authorization": f"Bearer {self.key}"}
        answer = await self.http.request(method, f"/api/admin{path}", json=body, headers=headers)
        assert status == answer.status_code, answer.text
        return answer.json()

    async def page(self, path: str, **headers: str) -> str:
        """The text of a page that has to be there."""
        answer = await self.get(path, **headers)
        assert 200 == answer.status_code, answer.text
        return answer.text


def named(headers: dict[str, str]) -> dict[str, str]:
    """`accept_language` as `accept-language`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


@asynccontextmanager
async def console_of(
    directory: Path, environ: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[Visitor]:
    """A visitor of a fresh gateway, which is open inside the block; `options` are settings."""
    settings = Settings(data_dir=directory, discover_local=False, **options)
    clock = Shifted()
    async with open_gateway(settings, environ or {}, clock) as gateway:
        app = create_app(gateway)
        transport = httpx.ASGITransport(cast("Any", app))
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as http:
            yield Visitor(gateway, app, clock, admin_key(directory, {}), http)


def at_console(
    directory: Path,
    story: Callable[[Visitor], Awaitable[None]],
    environ: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Play a story at the console of a fresh gateway; `options` are settings."""

    async def play() -> None:
        async with console_of(directory, environ, **options) as visitor:
            await story(visitor)

    asyncio.run(play())
