"""A deadline that moves with every piece that comes, at the price of one attribute."""

from __future__ import annotations

import asyncio
from math import inf
from types import TracebackType
from typing import Self

TICK = 0.025
"""Seconds by which a deadline may be noticed late."""


class Deadline:
    """`async with Deadline(seconds) as deadline:` raises TimeoutError once `deadline.at` has passed.

    `asyncio.timeout` starts a timer for every piece of every stream; here one clock looks at all deadlines of a
    loop, so entering, moving and leaving one costs next to nothing. Times on the loop's clock.
    """

    __slots__ = ("_cancelling", "_clock", "_expired", "_loop", "_seconds", "_task", "at")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        self._task = task
        self._cancelling = task.cancelling()
        self.at = self._loop.time() + self._seconds
        self._clock = _clock_of(self._loop)
        self._clock.add(self)
        return self

    def give(self, seconds: float, until: float = inf) -> None:
        """Move it to so many seconds from now, but not beyond `until`."""
        self.at = min(self._loop.time() + seconds, until)

    def rest(self) -> None:
        """No deadline until the next `give`: the other side is not what is waited for."""
        self.at = inf

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.running.discard(self)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the block: its time is up."""
        self._expired = True
        self._task.cancel()


class _Clock:
    """Looks at the running deadlines of one loop, and rests while there are none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.running: set[Deadline] = set()
        self.loop = loop
        self._ticking = False

    def add(self, deadline: Deadline) -> None:
        self.running.add(deadline)
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        now = self.loop.time()
        for deadline in [deadline for deadline in self.running if deadline.at <= now]:
            self.running.discard(deadline)
            deadline.expire()
        self._ticking = bool(self.running)
        if self._ticking:
            self.loop.call_later(TICK, self._tick)


_latest: _Clock | None = None


def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    """The loop's; a second loop that runs beside it gets another one each time, which counts as well."""
    global _latest  # noqa: PLW0603  one loop in a process, and a look-up for every deadline costs as much as the rest
    if _latest is None or _latest.loop is not loop:
        _latest = _Clock(loop)
    return _latest
