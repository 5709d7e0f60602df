"""JSON answers on the relay surfaces."""

from __future__ import annotations

import msgspec

from aihub_lite.gateway.client.exchange import JSON_HEADERS, Exchange


async def send_json(exchange: Exchange, value: object) -> None:
    """A 200 with a JSON body."""
    await exchange.answer(200, JSON_HEADERS, msgspec.json.encode(value))
