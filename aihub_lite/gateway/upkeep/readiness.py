"""Whether new requests can be booked: what a load balancer asks before it sends any."""

from __future__ import annotations

import asyncio

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.state.ledger import Ledger
from aihub_lite.storage.meta import Meta

FRESH = 1.0
"""Seconds for which one look stands for those after it: strangers may ask, and each look is a write."""
PATIENCE = 2.0
"""Seconds that the write may take: a disk that is slower books nothing in time."""
KEY = "ready_at"


@attrs.define(eq=False)
class Readiness:
    """Writes to the database when it is asked: that a disk is full shows nowhere else while no request comes."""

    clock: Clock
    ledger: Ledger
    meta: Meta
    _ready: bool = False
    _until: float = float("-inf")
    _write: asyncio.Future[None] | None = None
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def books(self) -> bool:
        """Whether a request that came now could be booked."""
        async with self._turn:
            now = self.clock.monotonic()
            if now >= self._until:
                self._ready = await self._written()
                self._until = now + FRESH
        return self._ready and not self.ledger.behind

    async def _written(self) -> bool:
        if self._write is None or self._write.done():  # where a disk hangs, one write waits for it, not thousands
            self._write = asyncio.ensure_future(self.meta.put(KEY, str(int(self.clock.wall()))))
            self._write.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(self._write)
        except (StorageUnavailable, TimeoutError):
            return False
        return True
