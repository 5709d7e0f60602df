"""Changes that run one after the other, each to its end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Changing(Protocol):
    """What is changed: its turn, and the changes under way."""

    turn: asyncio.Lock
    changes: set[asyncio.Future[Any]]


P = ParamSpec("P")
S = TypeVar("S", bound=Changing)
T = TypeVar("T")
Change = Callable[Concatenate[S, P], Coroutine[Any, Any, T]]


def alone(change: Change[S, P, T]) -> Change[S, P, T]:
    """Run a change after all earlier ones and to its end, whatever becomes of the caller."""

    async def whole(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def in_turn() -> T:
            async with self.turn:
                return await change(self, *args, **kwargs)

        task = asyncio.ensure_future(in_turn())
        self.changes.add(task)
        task.add_done_callback(self.changes.discard)
        return await asyncio.shield(task)

    functools.update_wrapper(whole, change)
    return whole
