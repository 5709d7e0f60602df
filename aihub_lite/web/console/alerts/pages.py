"""The page of alerts: a list, a form, and what was sent last."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.domain.alerts.events import TOPICS
from aihub_lite.web.admin.alerts.alerts import alert_json
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest


@get("/alerts")
async def show_alerts(request: AnyRequest, gateway: TheGateway) -> Template:
    """All destinations with their latest messages, newest first."""
    destinations = [await alert_json(gateway, each) for each in [*gateway.alerts.destinations.by_id.values()]]
    messages = [
        {**message, "destination": destination["name"]}
        for destination in destinations
        for message in destination["messages"]
    ]
    messages.sort(key=lambda message: message["at"], reverse=True)
    linked = bool(gateway.settings.public_url)
    return page(
        request, "alerts/alerts.html", destinations=destinations, messages=messages, topics=TOPICS, linked=linked
    )
