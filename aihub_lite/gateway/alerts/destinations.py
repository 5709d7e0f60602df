"""The destinations of alerts, in memory and in storage."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.domain.alerts.destination import ENV, AlertDestination, checked_destination, target_of
from aihub_lite.domain.alerts.events import Topic
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.overrides import Secret
from aihub_lite.errors import Conflict, NotFound
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.gateway.state.identity import check_name_free, new_id
from aihub_lite.storage.alerts.destinations import Destinations

KIND = "alert destination"
"""What the audit log calls one."""
MOST = 50
SECRET_BYTES = 32


@attrs.define(eq=False)
class DestinationRegistry:
    """All of them. Read them freely; change them by the methods only."""

    stored: Destinations
    clock: Clock
    changes: Changes = attrs.field(factory=Changes, repr=False)
    by_id: dict[str, AlertDestination] = attrs.field(factory=dict)
    """Oldest first."""
    on_change: list[Callable[[str], None]] = attrs.field(factory=list)
    """Takes the id of the one that was added, changed or deleted."""

    async def load(self) -> None:
        """All that are stored."""
        self.by_id = {destination.id: destination for destination in await self.stored.load()}

    def get(self, ref: str) -> AlertDestination:
        """One by name or id; raises NotFound."""
        for destination in self.by_id.values():
            if ref in (destination.name, destination.id):
                return destination
        raise NotFound(f"There is no destination of alerts {ref[:64]!r}.")

    def hears_of(self, topic: Topic) -> bool:
        """Whether anybody is told of a topic."""
        return any(destination.enabled and destination.wants(topic) for destination in self.by_id.values())

    @serialized
    async def add(self, name: str, url: str, secret: str, fields: Mapping[str, Any]) -> AlertDestination:
        """A webhook without a secret is given one; `fields` are any others of a destination.

        Raises InvalidRequest or Conflict.
        """
        if len(self.by_id) >= MOST:
            raise Conflict(f"There are {MOST} destinations of alerts already.")
        if not secret and _is_webhook(url):
            secret = new_secret()
        destination = checked_destination(
            AlertDestination(
                id=new_id("alt_"),
                name=name,
                url=Secret(url),
                secret=Secret(secret),
                created_at=int(self.clock.wall()),
                **fields,
            )
        )
        self._check_free(destination)
        await self.stored.add(destination)
        self._keep(destination)
        return destination

    @serialized
    async def edit(self, ref: str, change: Callable[[AlertDestination], AlertDestination]) -> AlertDestination:
        """Raises NotFound, InvalidRequest or Conflict."""
        before = self.get(ref)
        destination = checked_destination(change(before))
        self._check_free(destination)
        await self.stored.update(destination)
        self._keep(destination)
        return destination

    @serialized
    async def delete(self, ref: str) -> AlertDestination:
        """What waits for it is dropped; raises NotFound."""
        destination = self.get(ref)
        await self.stored.delete(destination.id)
        del self.by_id[destination.id]
        self._changed(destination.id)
        return destination

    def adopt(self, by_id: Mapping[str, AlertDestination]) -> None:
        """All are these from now on, and stored already."""
        changed = [each for each in {**self.by_id, **by_id} if self.by_id.get(each) is not by_id.get(each)]
        self.by_id.clear()
        self.by_id.update(by_id)
        for destination_id in changed:
            self._changed(destination_id)

    def _check_free(self, destination: AlertDestination) -> None:
        others = [other.name for other in self.by_id.values() if other.id != destination.id]
        check_name_free("destination of alerts", destination.name, others)

    def _keep(self, destination: AlertDestination) -> None:
        self.by_id[destination.id] = destination
        self._changed(destination.id)

    def _changed(self, destination_id: str) -> None:
        for listener in self.on_change:
            listener(destination_id)


def new_secret() -> str:
    """Of a webhook, as Standard Webhooks writes them."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def _is_webhook(url: str) -> bool:
    """Whether it may be one: what is in a variable is known when it is used."""
    return url.startswith(ENV) or target_of(url).service == "webhook"
