"""Alerts on their way: each destination has a queue and a task of its own: one that hangs costs no other anything."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Sequence
from functools import partial

import attrs

from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.alerts.events import Alert, test_alert
from aihub_lite.domain.clock import Clock
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.alerts.destinations import DestinationRegistry
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.alerts.messages import AlertStore, Message, OpenCondition, Queued
from aihub_lite.upstream.messengers.forms import AlertLetter
from aihub_lite.upstream.messengers.messenger import Messenger, SendOutcome

log = logging.getLogger(__name__)

MOST_WAITING = 100
"""Messages for one destination; the oldest gives way to one more."""
MOST_TOGETHER = 50
"""Alerts in one message."""
MOST_TRIES = 10
FIRST_PAUSE = 10.0
"""Seconds until the second try; each further pause is three times the last, up to LONGEST_PAUSE."""
LONGEST_PAUSE = 3600.0
LONGEST_SLEEP = 60.0
"""Seconds between two looks at the clock, which may have been set."""
CROWDED = "too many others waited"


@attrs.define(eq=False)
class Outbox:
    """Sends what is due, and keeps what is not in storage: what a run does not get away, the next one sends."""

    clock: Clock
    live_settings: LiveSettings
    destinations: DestinationRegistry
    messenger: Messenger
    store: AlertStore
    _waiting: dict[str, list[Message]] = attrs.field(factory=dict)
    """By destination, the oldest first."""
    _sending: dict[str, asyncio.Task[None]] = attrs.field(factory=dict)
    _wake: asyncio.Event = attrs.field(factory=asyncio.Event)
    _loading: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """Else what was read before a message was sent might be taken over after it: it would be sent again."""

    async def load(self) -> None:
        """What waits; raises StorageUnavailable."""
        async with self._loading:
            found: dict[str, list[Message]] = {}
            for message in await self.store.waiting():
                found.setdefault(message.destination_id, []).append(message)
            for destination_id, waiting in found.items():
                dropped = waiting[: max(0, len(waiting) - MOST_WAITING)]
                await self.store.tried(dropped, "failed", CROWDED, int(self.clock.wall()))
                found[destination_id] = waiting[len(dropped) :]
            self._waiting = found
        self._wake.set()

    async def tell(self, opened: Iterable[OpenCondition], closed: Iterable[str], queued: Sequence[Queued]) -> None:
        """Store what begins and what is over, and what is to be said of it; raises StorageUnavailable."""
        await self.store.tell(opened, closed, queued, int(self.clock.wall()))
        if queued:
            await self.load()

    async def run(self) -> None:
        """Send for as long as it runs; what is under way when it is cancelled goes on."""
        self.destinations.on_change.append(lambda _: self._wake.set())
        while True:
            self._wake.clear()
            self._begin()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def deliver_due(self) -> None:
        """Send what is due now; returns when each destination has answered, or its time was over."""
        self._begin()
        if self._sending:
            await asyncio.wait([*self._sending.values()])

    async def finish(self, seconds: float) -> None:
        """Send what is due, for so long at most; the rest stays for the next run."""
        self._begin()
        under_way = [*self._sending.values()]
        if under_way:
            await asyncio.wait(under_way, timeout=seconds)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def test(self, destination: AlertDestination) -> SendOutcome:
        """One message now, whatever else waits."""
        now = int(self.clock.wall())
        alert = test_alert(now)
        outcome = await self.messenger.send(destination, self._letter(f"test-{now}", [alert]))
        await self.store.note(destination.id, alert, outcome.error, now)
        return outcome

    def _begin(self) -> None:
        """A task for each destination that something is due for, and that has none."""
        for destination_id in [*self._waiting]:
            destination = self.destinations.by_id.get(destination_id)
            if destination is None:
                del self._waiting[destination_id]
            elif destination.enabled and destination_id not in self._sending and self._due(destination_id):
                task = asyncio.create_task(self._send_due(destination), name=f"alerts to {destination_id}")
                self._sending[destination_id] = task
                task.add_done_callback(partial(self._ended, destination_id))

    def _ended(self, destination_id: str, _: asyncio.Task[None]) -> None:
        del self._sending[destination_id]
        self._wake.set()

    def _due(self, destination_id: str) -> list[Message]:
        now = self.clock.wall()
        waiting = self._waiting.get(destination_id, [])
        return [message for message in waiting if message.due <= now][:MOST_TOGETHER]

    def _pause(self) -> float:
        """Seconds until something is due, at most LONGEST_SLEEP."""
        now = self.clock.wall()
        idle = (waiting for id_, waiting in self._waiting.items() if id_ not in self._sending)
        dues = [message.due - now for waiting in idle for message in waiting]
        return min(max(min(dues, default=LONGEST_SLEEP), 0.05), LONGEST_SLEEP)

    async def _send_due(self, destination: AlertDestination) -> None:
        messages = self._due(destination.id)
        letter_id = f"{destination.id}-{messages[0].id}-{len(messages)}"
        letter = self._letter(letter_id, [message.alert for message in messages])
        outcome = await self.messenger.send(destination, letter)
        if not outcome.ok:
            log.warning("alerts to %s: %s", destination.name, outcome.error)
        try:
            await self._keep(messages, outcome)
            await self.load()
        except StorageUnavailable as error:
            # In memory it is done all the same: nobody is told the same thing again and again.
            waiting = self._waiting.get(destination.id, [])
            self._waiting[destination.id] = [message for message in waiting if message not in messages]
            log.warning("what became of alerts to %s is not kept: %s", destination.name, error)

    async def _keep(self, messages: Sequence[Message], outcome: SendOutcome) -> None:
        """Store what became of a try. Raises StorageUnavailable."""
        now = self.clock.wall()
        if outcome.ok:
            await self.store.tried(messages, "sent", "", int(now))
            return
        lasting = [message for message in messages if outcome.again and message.tries + 1 < MOST_TRIES]
        over = [message for message in messages if message not in lasting]
        await self.store.tried(over, "failed", outcome.error, int(now))
        if lasting:
            pause = max(pause_after(lasting[0].tries + 1), outcome.wait)
            await self.store.tried(lasting, "waiting", outcome.error, math.ceil(now + pause))

    def _letter(self, letter_id: str, alerts: Sequence[Alert]) -> AlertLetter:
        url = self.live_settings.now.public_url
        return AlertLetter(id=letter_id, alerts=tuple(alerts), public_url=url, now=int(self.clock.wall()))


def pause_after(tries: int) -> float:
    """Seconds until the next try, after so many."""
    return min(FIRST_PAUSE * 3.0 ** (min(tries, MOST_TRIES) - 1), LONGEST_PAUSE)
