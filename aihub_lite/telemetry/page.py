"""`/metrics`: on an address of its own, or beside the rest to whoever has the key for it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.client.exchange import Exchange, Headers
from aihub_lite.gateway.state.limits import Limiter

HEADERS: Headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"cache-control", b"no-store")]
FRESH = 1.0
"""Seconds for which a text is told again: whoever may ask cannot keep the process busy with it."""


@attrs.define(eq=False)
class MetricsText:
    """The text, made once for all who ask within a second."""

    make: Callable[[], Awaitable[bytes]]
    clock: Clock
    _text: bytes = b""
    _made: float = float("-inf")
    _making: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def get(self) -> bytes:
        """What there is to tell now."""
        async with self._making:
            if self.clock.monotonic() - self._made >= FRESH:
                self._text = await self.make()
                self._made = self.clock.monotonic()
        return self._text


@attrs.frozen(eq=False)
class MetricsPage:
    """Answers with the text."""

    text: MetricsText
    limits: Limiter
    key: str = attrs.field(repr=False)
    """Who shows it may read; empty where everybody may who reaches the page."""

    async def serve(self, exchange: Exchange) -> None:
        """Raises Unauthenticated, and RateLimited to who guesses."""
        if self.key and not any(self._is_key(each) for each in exchange.credentials()):
            raise self.limits.authentication_failed(exchange.address)
        await exchange.answer(200, HEADERS, await self.text.get())

    def _is_key(self, presented: str) -> bool:
        return hmac.compare_digest(presented.encode("utf-8", "replace"), self.key.encode("utf-8", "replace"))
