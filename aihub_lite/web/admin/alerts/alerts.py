"""Destinations of alerts: addresses and secrets are taken in and never shown again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import attrs
from litestar import delete, get, patch, post
from litestar.params import FromPath

from aihub_lite.domain.alerts.destination import AlertDestination, resolved, target_of
from aihub_lite.domain.alerts.events import TOPICS
from aihub_lite.domain.overrides import Secret
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.alerts.destinations import KIND
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.watch import note
from aihub_lite.storage.alerts.messages import Message
from aihub_lite.web.admin.bodies import read, read_object, structure
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json, moment_text

SHOWN = 20
"""Messages of one destination that its own answer has."""


@attrs.frozen(kw_only=True)
class AlertInput:
    """Body of POST. A webhook without a secret is given one, which the answer shows once."""

    name: str
    url: str
    secret: str = ""
    events: tuple[str, ...] = ()
    quiet: str = ""
    urgent: bool = False
    enabled: bool = True


@attrs.frozen(kw_only=True)
class AlertChange:
    """Body of PATCH: what is named changes; null puts it back to its default."""

    name: str = ""
    url: str = ""
    secret: str = ""
    events: tuple[str, ...] = ()
    quiet: str = ""
    urgent: bool = False
    enabled: bool = True


def destination_json(gateway: Gateway, destination: AlertDestination, messages: list[Message]) -> Json:
    """A destination without what is secret of it; `last` is what was sent or tried last, null for nothing."""
    tried = [message for message in messages if message.tries]
    return {
        "id": destination.id,
        "name": destination.name,
        "service": service_of(gateway, destination),
        "url": destination.shown_url,
        "signed": bool(destination.secret.value),
        "events": list(destination.topics) or list(TOPICS),
        "all_events": not destination.topics,
        "quiet": destination.quiet or None,
        "urgent": destination.urgent,
        "enabled": destination.enabled,
        "created": moment_text(destination.created_at),
        "waiting": sum(message.state == "waiting" for message in messages),
        "last": message_json(tried[0]) if tried else None,
    }


def message_json(message: Message) -> Json:
    """An alert and whether it has arrived: `waiting`, `sent` or `failed`."""
    return {
        "at": moment_text(message.at),
        "event": message.alert.event,
        "title": message.alert.title,
        "state": message.state,
        "tries": message.tries,
        "error": message.error or None,
        "due": moment_text(message.due),
    }


def service_of(gateway: Gateway, destination: AlertDestination) -> str | None:
    """Whose address it is; null where the variable that holds it is not set, or holds none."""
    try:
        return target_of(resolved(destination.url, gateway.environ)).service
    except InvalidRequest:
        return None


async def alerts_json(gateway: Gateway) -> list[Json]:
    """All destinations, oldest first."""
    rows = []
    for destination in [*gateway.alerts.destinations.by_id.values()]:
        messages = await gateway.alerts.outbox.store.latest(destination.id, SHOWN)
        rows.append(destination_json(gateway, destination, messages))
    return rows


async def alert_json(gateway: Gateway, destination: AlertDestination) -> Json:
    """One with its latest messages."""
    messages = await gateway.alerts.outbox.store.latest(destination.id, SHOWN)
    return {
        **destination_json(gateway, destination, messages),
        "messages": [message_json(message) for message in messages],
    }


@get("/")
async def list_alerts(gateway: TheGateway) -> Json:
    """List destinations of alerts, and what they may be told of."""
    return {"destinations": await alerts_json(gateway), "events": list(TOPICS)}


@post("/", opt=takes(AlertInput))
async def add_alert(gateway: TheGateway, content: TheBody) -> Json:
    """Add a destination of alerts. The answer alone shows a secret that was made for it."""
    body = read(content, AlertInput)
    destination = await gateway.alerts.destinations.add(
        body.name,
        body.url,
        body.secret,
        {"topics": body.events, "quiet": body.quiet, "urgent": body.urgent, "enabled": body.enabled},
    )
    note_destination(None, destination)
    made = destination.secret.value
    if made == body.secret:
        made = ""
    return {**await alert_json(gateway, destination), "secret": made or None}


@get("/{ref:str}")
async def show_alert(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a destination of alerts, with what was sent there last."""
    return await alert_json(gateway, gateway.alerts.destinations.get(ref))


@patch("/{ref:str}", opt=takes(AlertChange))
async def edit_alert(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Change a destination of alerts: the fields of the body."""
    fields = read_object(content)
    given = structure(fields, AlertChange)
    return await _changed(gateway, ref, lambda before: _evolved(before, given, fields))


def _evolved(before: AlertDestination, given: AlertChange, fields: Collection[str]) -> AlertDestination:
    changes: dict[str, Any] = {
        name: getattr(given, name) for name in ("name", "quiet", "urgent", "enabled") if name in fields
    }
    if "events" in fields:
        changes["topics"] = given.events
    changes.update({name: Secret(getattr(given, name)) for name in ("url", "secret") if name in fields})
    return attrs.evolve(before, **changes)


@delete("/{ref:str}", status_code=200)
async def delete_alert(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Remove a destination of alerts."""
    destination = await gateway.alerts.destinations.delete(ref)
    note_destination(destination, None)
    return {"id": destination.id, "name": destination.name, "deleted": True}


@post("/{ref:str}/enable", status_code=200)
async def enable_alert(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Enable a destination: alerts are sent there again."""
    return await _changed(gateway, ref, lambda before: attrs.evolve(before, enabled=True))


@post("/{ref:str}/disable", status_code=200)
async def disable_alert(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Disable a destination: nothing is sent there until it is enabled."""
    return await _changed(gateway, ref, lambda before: attrs.evolve(before, enabled=False))


@post("/{ref:str}/test", status_code=200)
async def test_alert(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Send a test to a destination now, and say whether it has arrived."""
    destination = gateway.alerts.destinations.get(ref)
    outcome = await gateway.alerts.outbox.test(destination)
    return {"id": destination.id, "name": destination.name, "ok": outcome.ok, "error": outcome.error or None}


async def _changed(gateway: Gateway, ref: str, change: Callable[[AlertDestination], AlertDestination]) -> Json:
    before = gateway.alerts.destinations.get(ref)
    after = await gateway.alerts.destinations.edit(before.id, change)
    note_destination(before, after)
    return await alert_json(gateway, after)


def note_destination(before: AlertDestination | None, after: AlertDestination | None) -> None:
    """For the audit log: addresses as they are shown, and of a secret only that it is another."""
    was, now = _facts(before), _facts(after)
    thing = after or before
    if thing is None:
        return
    fields = {name: (was.get(name), now.get(name)) for name in {**was, **now} if was.get(name) != now.get(name)}
    if before is not None and after is not None:
        for name in ("url", "secret"):
            if getattr(before, name) != getattr(after, name) and name not in fields:
                fields[name] = ("…", "another")
    note(KIND, thing.id, thing.name, **fields)


def _facts(destination: AlertDestination | None) -> Json:
    if destination is None:
        return {}
    return {
        "name": destination.name,
        "url": destination.shown_url,
        "events": ", ".join(destination.topics) or "all",
        "quiet": destination.quiet,
        "urgent": destination.urgent,
        "enabled": destination.enabled,
    }


alerts_router = PathRouter(
    "/alerts",
    route_handlers=[
        list_alerts,
        add_alert,
        show_alert,
        edit_alert,
        delete_alert,
        enable_alert,
        disable_alert,
        test_alert,
    ],
)
