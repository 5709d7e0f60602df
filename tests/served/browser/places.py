"""Every page of the console, for what holds on all of them."""

from __future__ import annotations

from tests.support.gateway import Gateway

PAGES = (
    "/console",
    "/console/tokens",
    "/console/tokens/new",
    "/console/tokens/Ana",
    "/console/channels",
    "/console/channels/new",
    "/console/channels/demo",
    "/console/models",
    "/console/models/demo",
    "/console/playground",
    "/console/requests",
    "/console/settings",
    "/console/statistics?span=30d",
    "/console/statistics?from=2026-10-01&to=2026-10-02",
    "/console/key",
)
"""Those of a gateway with the past that history.py makes up."""


def places(site: Gateway) -> list[str]:
    """The pages, and that of its latest request."""
    (record,) = site.admin("GET", "/records?limit=1").json()["records"]
    return [*PAGES, f"/console/requests/{record['request_id']}"]
