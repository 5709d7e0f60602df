"""The admin API described: the framework's own OpenAPI document, with what the framework cannot know of it.

May import `web.admin`, for how bodies are read, and `web.access`, for who may use which route.
"""

from __future__ import annotations

import asyncio

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from aihub_lite.web.description.document import Description
from aihub_lite.web.framework import PathRouter

TheDescription = NamedDependency[SkipValidation[Description]]


@get("/openapi.json")
async def show_description(description: TheDescription) -> Response[bytes]:
    """Show this API as an OpenAPI 3.1 document."""
    return Response(await asyncio.to_thread(description.encoded), media_type="application/json")


def description_router(description: Description) -> PathRouter:
    """The route that programs read it at."""
    return PathRouter(
        "/",
        route_handlers=[show_description],
        dependencies={"description": Provide(lambda: description, sync_to_thread=False)},
    )
