"""Large requests are read beside the loop, so that nobody else waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

import attrs

LARGE = 256 * 1024
"""Bytes of a body: what takes longer to parse than to hand to a thread and back."""
Body = TypeVar("Body")
Parsed = TypeVar("Parsed")


@attrs.define(eq=False)
class Parsing:
    """Takes bodies apart. A token has one large one at a time in work: no token has all threads to itself."""

    _turns: WeakValueDictionary[str, asyncio.Lock] = attrs.field(factory=WeakValueDictionary)
    """By token id, while somebody has the turn or waits for it."""

    async def parsed(self, parse: Callable[[Body], Parsed], body: Body, size: int, token_id: str) -> Parsed:
        """What `parse` makes of a body of `size` bytes; raises what it raises."""
        if size <= LARGE:
            return parse(body)
        turn = self._turns.setdefault(token_id, asyncio.Lock())
        async with turn:
            return await asyncio.to_thread(parse, body)
