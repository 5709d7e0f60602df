"""`/api/admin/status`: what the gateway is doing."""

from __future__ import annotations

import asyncio

from litestar import Router, get

from aihub_lite import __version__
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.views import Json, TheGateway


def status_of(gateway: Gateway) -> Json:
    """Figures of this process; money in nano-USD, times in seconds."""
    return {
        "version": __version__,
        "uptime_s": round(gateway.clock.monotonic() - gateway.started, 3),
        "draining": gateway.flights.draining,
        "in_flight": gateway.flights.places_taken,
        "open_holds": len(gateway.ledger.open_holds),
        "held_nano": gateway.ledger.held,
        "upstream_connections": gateway.transport.busy,
        "tasks": len(asyncio.all_tasks()),
        "tokens": len(gateway.registry.tokens_by_digest),
        "channels": len(gateway.registry.channels),
        "models": len(gateway.registry.catalog.models),
    }


@get("/")
async def show_status(gateway: TheGateway) -> Json:
    """The figures at this moment."""
    return status_of(gateway)


status_router = Router("/status", route_handlers=[show_status])
