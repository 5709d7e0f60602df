"""Applications that are made when somebody asks for them first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.web.gate import App


@attrs.define(eq=False)
class MadeLater:
    """An application that is made when it is first asked for, beside the event loop."""

    make: Callable[[], App]
    _making: asyncio.Future[App] | None = None
    _app: App | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._app is None:
            self._app = await self.made()
        await self._app(scope, receive, send)

    async def made(self) -> App:
        """The application itself. A caller that is cancelled stops nothing: others may wait for it too.

        Raises what making it does; whoever comes after that has it tried again.
        """
        if self._making is None or (self._making.done() and self._making.exception()):
            self._making = asyncio.ensure_future(asyncio.to_thread(self.make))
        return await asyncio.shield(self._making)


@attrs.frozen
class Paths:
    """Endpoints by canonical path, and who answers at all others."""

    endpoints: Mapping[str, App]
    mounted: frozenset[str]
    """Those of them that answer for every path below their own, but for what another one has."""
    otherwise: App

    @property
    def apps(self) -> list[App]:
        """Whoever answers anywhere, once each."""
        return [*{id(app): app for app in (*self.endpoints.values(), self.otherwise)}.values()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.answering(scope.get("aihub.path", ""))(scope, receive, send)

    def answering(self, path: str) -> App:
        """Whoever answers at a path."""
        if path in self.endpoints:
            return self.endpoints[path]
        root = path.rpartition("/")[0]
        while root:
            if root in self.mounted:
                return self.endpoints[root]
            root = root.rpartition("/")[0]
        return self.otherwise


async def made_whole(app: App) -> None:
    """Make what would be made later, and all that is behind it."""
    if isinstance(app, MadeLater):
        await made_whole(await app.made())
    if isinstance(app, Paths):
        for each in app.apps:
            await made_whole(each)
