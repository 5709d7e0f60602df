"""Changes of what is kept both in memory and in storage: one after the other, each to its end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import attrs

P = ParamSpec("P")
S = TypeVar("S", bound="Changeable")
T = TypeVar("T")
Change = Callable[Concatenate[S, P], Coroutine[Any, Any, T]]


@attrs.define(eq=False)
class Changes:
    """The lock that changes take in turn, and those under way."""

    around: Callable[[], AbstractContextManager[object]] = nullcontext
    """What each change runs inside of, in its turn."""
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    _running: set[asyncio.Task[Any]] = attrs.field(factory=set)
    """The event loop itself refers to tasks only weakly."""

    async def run(self, change: Callable[[], Awaitable[T]]) -> T:
        """Run a change after all earlier ones. Once begun it is finished, even if its caller is cancelled."""
        task = asyncio.create_task(self._in_turn(change))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _in_turn(self, change: Callable[[], Awaitable[T]]) -> T:
        async with self._lock:
            with self.around():
                return await change()


class Changeable(Protocol):
    """What has changes that must not run at once."""

    changes: Changes


def serialized(change: Change[S, P, T]) -> Change[S, P, T]:
    """Let a method run as one of its object's changes."""

    @functools.wraps(change)
    async def in_turn(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.changes.run(lambda: change(self, *args, **kwargs))

    return in_turn


def unchanged(thing: T) -> T:
    """The change that changes nothing."""
    return thing
