"""A page for whoever got lost in the console, or met a fault of ours."""

from __future__ import annotations

from typing import Any

from litestar import Response

from aihub_lite.errors import GatewayError
from aihub_lite.web.console.entrance import HOME, refused
from aihub_lite.web.console.pages import AnyRequest, page


def wants_page(request: AnyRequest) -> bool:
    """Whether a browser asks for something below `/console`: programs, scripts and style sheets are told in JSON."""
    path = request.scope["path"]
    return (path == HOME or path.startswith(f"{HOME}/")) and "text/html" in request.headers.get("accept", "")


def lost(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """The refusal as a page that asks for nothing: neither a session nor the database need be there."""
    request_id = str(request.scope["aihub.request_id"])  # type: ignore[typeddict-item]
    what = {404: "not_found", 500: "broken"}.get(error.status, "refused")
    return refused(page(request, "lost.html", error=error, what=what, request_id=request_id), error)
