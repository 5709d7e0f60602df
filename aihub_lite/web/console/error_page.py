"""The page of an error below `/console` that no page answers: an unknown path, or a fault of our own."""

from __future__ import annotations

from typing import Any

from litestar import Response

from aihub_lite.errors import GatewayError
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.sign_in import HOME, with_status
from aihub_lite.web.framework import AnyRequest

ERROR_CASES = {404: "not_found", 500: "broken"}
"""By status: keys of the catalogues under `lost`; for all other errors it is `refused`."""


def wants_page(request: AnyRequest) -> bool:
    """Whether a browser asks for a page below `/console`: for all else, such as a script or asset, errors are JSON."""
    path = request.scope["path"]
    return (path == HOME or path.startswith(f"{HOME}/")) and "text/html" in request.headers.get("accept", "")


def error_page(request: AnyRequest, error: GatewayError) -> Response[Any]:
    """The error as a page that reads nothing: neither a session nor the database need be there."""
    request_id = str(request.scope["aihub.request_id"])  # type: ignore[typeddict-item]
    case = ERROR_CASES.get(error.status, "refused")
    return with_status(page(request, "errors/bare.html", error=error, case=case, request_id=request_id), error)
