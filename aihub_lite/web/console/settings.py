"""`/console/settings`: limits, retention, addresses, who is signed in, and a backup."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.domain.strategy import DEFAULT, EVERY_MODEL, STRATEGIES
from aihub_lite.web.admin.access import list_sessions
from aihub_lite.web.admin.settings import settings_json
from aihub_lite.web.admin.views import Json, TheGateway, TheSignIn, moment_text
from aihub_lite.web.console.pages import AnyRequest, page

LIMITS = (
    "rpm",
    "max_in_flight",
    "max_attempts",
    "console_rpm",
    "auth_failures_per_minute",
    "admin_failures_per_minute",
)
"""In the order of their use; the other live settings have a part of the page of their own."""


@get("/settings")
async def show_settings_page(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn) -> Template:
    """Everything that may be set, and all that may only be read, with why."""
    settings: list[Json] = settings_json(gateway)["settings"]
    sessions: list[Json] = await list_sessions.fn(request, sign_in)
    running = gateway.clock.monotonic() - gateway.started
    return page(
        request,
        "settings.html",
        settings={each["name"]: each for each in settings},
        limits=LIMITS,
        at_start=[each for each in settings if not each["live"]],
        strategy=gateway.registry.strategies.get(EVERY_MODEL, DEFAULT),
        strategies=STRATEGIES,
        sessions=sessions,
        since=moment_text(gateway.clock.wall() - running),
    )


SETTINGS = [show_settings_page]
