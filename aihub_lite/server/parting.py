"""How a server stops: at once, or by first leaving those who come to the next process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Wait = Callable[[], Awaitable[None]]


async def until(stop: Wait, leave: Wait | None, part: Callable[[], None]) -> None:
    """Return when `stop` does; `part` from those who are connected when `leave` returns before."""
    if leave is None:
        await stop()
        return
    stopping = asyncio.ensure_future(stop())
    leaving = asyncio.ensure_future(leave())
    try:
        await asyncio.wait({stopping, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            part()
        await stopping
    finally:
        stopping.cancel()
        leaving.cancel()
