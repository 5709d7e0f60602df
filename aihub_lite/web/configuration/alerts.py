"""`[alerts.NAME]`: the destination of alerts that a table describes, by the rules of the admin API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.domain.alerts.destination import AlertDestination, checked_destination
from aihub_lite.domain.overrides import Secret
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.alerts.alerts import note_destination
from aihub_lite.web.configuration.entries import AlertEntry
from aihub_lite.web.configuration.reading import Table, at, entry_of

SECRETS = ("url", "secret")


async def apply_alerts(gateway: Gateway, tables: Table) -> dict[str, str]:
    """Bring about what the tables say; raises InvalidRequest. Returns secrets that were made, by name."""
    destinations = gateway.alerts.destinations
    there = {destination.name: destination for destination in destinations.by_id.values()}
    made = {}
    for name, table in tables.items():
        with at("alerts", name):
            entry = entry_of(AlertEntry, table)
            before = there.get(name)
            if before is None:
                after = await _add(gateway, name, entry)
                if after.secret.value != (entry.secret or ""):
                    made[name] = after.secret.value
                note_destination(None, after)
            elif checked_destination(_evolved(before, entry)) != before:
                after = await destinations.edit(before.id, lambda now, entry=entry: _evolved(now, entry))  # type: ignore[misc]
                note_destination(before, after)
    return made


async def prune_alerts(gateway: Gateway, tables: Table) -> None:
    """Take away the destinations that a file does not name."""
    for destination in [*gateway.alerts.destinations.by_id.values()]:
        if destination.name not in tables:
            note_destination(await gateway.alerts.destinations.delete(destination.id), None)


async def _add(gateway: Gateway, name: str, entry: AlertEntry) -> AlertDestination:
    if not entry.url:
        raise InvalidRequest('url: is left out, and there is no destination of this name: write url = "env:NAME"')
    return await gateway.alerts.destinations.add(name, entry.url, entry.secret or "", _fields(entry))


def _evolved(before: AlertDestination, entry: AlertEntry) -> AlertDestination:
    """What is secret and left out stays as it is."""
    said = {name: getattr(entry, name) for name in SECRETS}
    secrets = {name: Secret(text) for name, text in said.items() if text is not None}
    return attrs.evolve(before, **_fields(entry), **secrets)  # type: ignore[arg-type]


def _fields(entry: AlertEntry) -> Mapping[str, Any]:
    return {"topics": entry.events, "quiet": entry.quiet, "urgent": entry.urgent, "enabled": entry.enabled}
