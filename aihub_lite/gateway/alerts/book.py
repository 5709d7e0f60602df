"""What was told: each condition once, until it is over, across restarts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import attrs

from aihub_lite.domain.alerts.condition import Condition
from aihub_lite.domain.alerts.events import Alert, Ending, alert_of, events_of, id_of, key_of, over_alert, topic_of
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.alerts.destinations import DestinationRegistry
from aihub_lite.gateway.alerts.outbox import Outbox
from aihub_lite.storage.alerts.messages import OpenCondition, Queued

SETTLED = 300.0
"""Seconds that a condition has to be gone before it is over: what comes and goes is told once."""


@attrs.define(eq=False)
class AlertBook:
    """Compares what holds with what was told, and queues what is news."""

    clock: Clock
    destinations: DestinationRegistry
    outbox: Outbox
    open: dict[str, OpenCondition] = attrs.field(factory=dict)
    """What was told and is not over, by key."""
    _gone: dict[str, float] = attrs.field(factory=dict)
    """Since when on the monotonic clock what is in `open` is known to hold no more."""

    async def load(self) -> None:
        """What earlier runs have told."""
        self.open = {each.key: each for each in await self.outbox.store.open_conditions()}

    async def observe(self, conditions: Iterable[Condition], ending_of: Callable[[str, str], Ending]) -> list[Alert]:
        """Tell what is new among all conditions that hold, and what is over, and why: `ending_of` takes an event and
        the id of what had it. Returns the alerts. Raises StorageUnavailable, and then tells it all the next time."""
        holding: set[str] = set()
        unsure: set[str] = set()
        told: list[Alert] = []
        now = self.clock.wall()
        opened: list[OpenCondition] = []
        for condition in conditions:
            if not condition.sure:
                unsure |= {key_of(event, condition) for event in events_of(condition)}
                continue
            news: list[Alert] = []
            for event in events_of(condition):
                key = key_of(event, condition)
                if key not in self.open and key not in holding:
                    alert = alert_of(event, condition, now)
                    news.append(alert)
                    opened.append(
                        OpenCondition(key=key, event=event, subject=condition.subject, page=alert.page, since=int(now))
                    )
                holding.add(key)
            # Of a limit that is used up at once, the first warning says nothing more.
            told += news[:1]
        closed = list(self._over(holding | unsure))
        for each in closed:
            over = over_alert(each.event, ending_of(each.event, id_of(each.key)), each.subject, each.page, now)
            if over is not None:
                told.append(over)
        await self._tell(opened, closed, told)
        return told

    async def _tell(self, opened: list[OpenCondition], closed: list[OpenCondition], told: list[Alert]) -> None:
        if not opened and not closed:
            return
        queued = [queued for alert in told for queued in self._queued(alert)]
        await self.outbox.tell(opened, [each.key for each in closed], queued)
        self.open.update({each.key: each for each in opened})
        for each in closed:
            del self.open[each.key]
            self._gone.pop(each.key, None)

    def _over(self, held: Collection[str]) -> Iterator[OpenCondition]:
        """What was told, and has for long enough not been among what holds or may hold: a restart makes nothing
        well."""
        now = self.clock.monotonic()
        for key, condition in self.open.items():
            if key in held:
                self._gone.pop(key, None)
            elif now - self._gone.setdefault(key, now) >= SETTLED:
                yield condition

    def _queued(self, alert: Alert) -> Iterator[Queued]:
        now = self.clock.wall()
        for destination in self.destinations.by_id.values():
            if destination.enabled and destination.wants(topic_of(alert.event)):
                due = destination.held_until(now, critical=alert.critical)
                yield Queued(destination_id=destination.id, alert=alert, due=int(due))
