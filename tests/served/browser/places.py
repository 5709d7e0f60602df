"""Every page of the console, and those of the documentation that differ, for what holds on all of them."""

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
    "/console/routes",
    "/console/routes/new",
    "/console/routes/named/coding",
    "/console/playground",
    "/console/requests",
    "/console/pots",
    "/console/pots/gateway",
    "/console/pots/per_1",
    "/console/alerts",
    "/console/settings",
    "/console/statistics?span=30d",
    "/console/statistics?span=30d&by=channel&model=gpt-5-mini&show=money",
    "/console/statistics?from=2026-10-01&to=2026-10-02",
    "/console/people",
    "/console/people/new",
    "/console/people/per_1",
    "/console/people/teams",
    "/console/people/teams/team_1",
    "/console/audit",
    "/console/doctor",
    "/console/key",
    "/docs/quick-start",
    "/docs/errors",
    "/docs/images",
    "/docs/models",
    "/docs/models/demo",
    "/docs/admin",
    "/docs/admin/tokens",
    "/docs/admin/import",
    "/docs/operator/money",
    "/docs/operator/settings",
)
"""Those of a gateway with the past that history.py makes up."""


def places(site: Gateway) -> list[str]:
    """The pages, and that of its latest request."""
    (record,) = site.admin("GET", "/records?limit=1").json()["records"]
    return [*PAGES, f"/console/requests/{record['request_id']}"]
