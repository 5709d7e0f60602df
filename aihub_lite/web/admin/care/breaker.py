"""`/api/admin/breaker`: which tokens and persons left their own past, and whether they were paused for it."""

from __future__ import annotations

from litestar import get

from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.safety.findings import breaker_json
from aihub_lite.web.views import Json


@get("/")
async def show_breaker(gateway: TheGateway) -> Json:
    """Show whether tokens, and persons with several, are paused that leave their own past, and which have left it."""
    return await breaker_json(gateway)


breaker_router = PathRouter("/breaker", route_handlers=[show_breaker])
