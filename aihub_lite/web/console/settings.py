"""`/console/settings`: limits, retention, addresses, who is signed in, and a backup."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.domain.strategy import DEFAULT, EVERY_MODEL, STRATEGIES
from aihub_lite.web.admin.access import sessions_json
from aihub_lite.web.admin.dependencies import TheGateway, TheSignIn
from aihub_lite.web.admin.settings import settings_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.safety.findings import breaker_json
from aihub_lite.web.views import Json, moment_text

LIMITS = (
    "rpm",
    "max_in_flight",
    "max_attempts",
    "queue_timeout",
    "queue_length",
    "console_rpm",
    "auth_failures_per_minute",
    "admin_failures_per_minute",
)
"""Settings of the page's first form; the other live ones have a part of the page of their own."""
FINDINGS = 10
"""Of the breaker, the latest ones; the command lists more."""


@get("/settings")
async def show_settings_page(request: AnyRequest, gateway: TheGateway, sign_in: TheSignIn) -> Template:
    """What can be set while the gateway runs, what only a restart changes, and who is signed in."""
    settings: list[Json] = settings_json(gateway)["settings"]
    running = gateway.clock.monotonic() - gateway.started
    return page(
        request,
        "pages/settings.html",
        settings={setting["name"]: setting for setting in settings},
        limits=LIMITS,
        at_start=[setting for setting in settings if not setting["live"]],
        strategy=gateway.registry.models.strategies.get(EVERY_MODEL, DEFAULT),
        strategies=STRATEGIES,
        sessions=await sessions_json(request, sign_in),
        people=bool(gateway.people.persons),
        mail_flaw=gateway.mailer.flaw,
        findings=(await breaker_json(gateway))["findings"][:FINDINGS],
        since=moment_text(gateway.clock.wall() - running),
    )


SETTINGS = [show_settings_page]
