"""Notices when the client leaves, and lets others end a request: one way to be cut off, one place it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import attrs

from aihub_lite.domain.usage import Outcome
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.state.flight import Flight, nothing_to_cut


class Cut(Exception):
    """The request was ended from outside; `outcome` says by whom."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@attrs.define(eq=False)
class Cancellation:
    """Inside its block the running task is cancelled when the client has left for longer than `grace()` seconds,
    or when somebody calls the flight's `cut`; the block then raises Cut instead of CancelledError.

    Hypercorn swallows writes after a disconnect. On HTTP/1.1 the connection itself tells when its client leaves;
    elsewhere, where many requests share one, only `receive()` does, and a task waits on it.
    """

    exchange: Exchange
    flight: Flight
    grace: Callable[[], float]
    """How long the request may go on without its client, asked at the moment it leaves."""
    _outcome: Outcome | None = None
    _task: asyncio.Task[object] | None = None
    _watch: asyncio.Task[None] | None = None
    _timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        if (disconnect := self.exchange.disconnect) is not None:
            disconnect.listen(self._left)
        else:
            self._watch = asyncio.create_task(self._watch_client())
        self.flight.cut = self.cut
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        watch = self._watch
        task = self._task
        # A task that was cancelled keeps its frames, and they would keep us, the request and its prompt.
        self._watch = None
        self._task = None
        self.flight.cut = nothing_to_cut
        if watch is not None:
            watch.cancel()
        if (disconnect := self.exchange.disconnect) is not None:
            disconnect.forget(self._left)
        if self._timer is not None:
            self._timer.cancel()
        if self._outcome is None or task is None:
            return
        if kind is None:
            await self._absorb()
        if task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise Cut(self._outcome) from None

    def cut(self, outcome: Outcome) -> None:
        """End the request now; only the first call counts. Once its last piece is being sent, only a client that
        does not take it ends it, and nothing once it is taken."""
        too_late = self.exchange.complete or (self.exchange.finished and outcome != "client_gone")
        if self._outcome is None and self._task is not None and not too_late:
            self._outcome = outcome
            self._task.cancel()

    async def _watch_client(self) -> None:
        while (await self.exchange.receive())["type"] != "http.disconnect":
            pass
        self._left()

    def _left(self) -> None:
        if self.exchange.finished or self._task is None:
            return
        self.exchange.gone = self.flight.abandoned = True
        if grace := self.grace():
            self._timer = asyncio.get_running_loop().call_later(grace, self.cut, "client_gone")
        else:
            self.cut("client_gone")

    async def _absorb(self) -> None:
        """Take delivery of a cancellation that came too late to interrupt anything."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            return
