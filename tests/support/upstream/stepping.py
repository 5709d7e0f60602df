"""Runs a coroutine and says each time it is about to wait, so that a test can strike at every await there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any

import attrs

Strike = Callable[[], object]


@attrs.define(eq=False)
class Striker:
    """Calls `strike` at the wait number `at` (from 1), or never if there are fewer.

    `late=False` strikes while the coroutine waits; `late=True` strikes when what it waited for is there already, but
    before it has run on: what was awaited then comes to nothing.
    """

    at: int
    strike: Strike
    late: bool = False
    waits: int = 0
    """How often the coroutine has waited so far."""

    @property
    def struck(self) -> bool:
        """Whether it came to that."""
        return self.waits >= self.at

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end."""
        await self._stepped(work)

    @coroutine
    def _stepped(self, work: Coroutine[Any, Any, None]) -> Generator[Any, None, None]:
        error: BaseException | None = None
        while True:
            try:
                waited = work.send(None) if error is None else work.throw(error)
            except StopIteration:
                return
            error = None
            self._waits_for(waited)
            try:
                yield waited
            except BaseException as thrown:
                error = thrown

    def _waits_for(self, waited: asyncio.Future[Any] | None) -> None:
        self.waits += 1
        if self.waits != self.at:
            return
        if self.late and waited is not None:
            waited.add_done_callback(lambda _: self.strike())
        else:
            asyncio.get_running_loop().call_soon(self.strike)
