"""A deadline that moves with every piece that comes, at the price of one attribute."""

from __future__ import annotations

import asyncio
from math import inf
from types import TracebackType
from typing import Self


class Deadline:
    """`async with Deadline(seconds) as deadline:` raises TimeoutError once `deadline.at` has passed.

    `asyncio.timeout` starts a timer for every piece of every stream; this one starts its timer once, and when that
    rings looks whether the deadline has moved on. Times on the loop's clock.
    """

    __slots__ = ("_armed", "_cancelling", "_expired", "_loop", "_seconds", "_task", "_timer", "at")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        self._task = task
        self._cancelling = task.cancelling()
        self.at = self._armed = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._armed, self._ring)
        return self

    def give(self, seconds: float, until: float = inf) -> None:
        """That much time from now, but not beyond `until`."""
        self.at = min(self._loop.time() + seconds, until)
        if self.at < self._armed:
            self._timer.cancel()
            self._arm()

    def rest(self) -> None:
        """No deadline until the next `give`: it is not the other side that is waited for."""
        self.at = inf

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _arm(self) -> None:
        # Resting deadlines look again later: a timer at infinity is more than some loops can count to.
        self._armed = min(self.at, self._loop.time() + 3600)
        self._timer = self._loop.call_at(self._armed, self._ring)

    def _ring(self) -> None:
        if self._loop.time() < self.at:
            self._arm()
        else:
            self._expired = True
            self._task.cancel()
