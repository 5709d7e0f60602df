"""The audit log as the gateway writes it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.people.audit import AuditEntry, Change, Via
from aihub_lite.gateway.state.limits import network_of
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.people.audit import AuditLog

NOBODY = Change(kind="", id="", name="")
"""Of a request that is about nothing in particular."""
DAY_MS = 86_400_000
FOLDED_FOR = 3600.0
"""Seconds for which failed tries of one network are counted together."""
MOST_NETWORKS = 100
"""Networks that are counted one by one; strangers with more of them are counted as one."""
OTHERS = "others"


@attrs.frozen(kw_only=True)
class Who:
    """Who makes a request, and from where."""

    via: Via
    by: str
    address: str
    person_id: str = ""
    request_id: str = ""


@attrs.define(eq=False)
class FailedTries:
    """Failed ones of one network since a monotonic time."""

    since: float
    count: int = 0


@attrs.define(eq=False)
class AuditBook:
    """Adds to the log; what has been added is durable when a call returns.

    What is older than `audit_days` goes with the lines that come.
    """

    log: AuditLog
    clock: Clock
    live_settings: LiveSettings
    _tries: dict[str, FailedTries] = attrs.field(factory=dict)
    """By network."""

    async def add(self, who: Who, action: str, changes: Sequence[Change] = (NOBODY,)) -> None:
        """One entry for each change; raises StorageUnavailable."""
        if not changes:
            return
        now_ms = int(self.clock.wall() * 1000)
        since_ms = 0
        if days := self.live_settings.now.audit_days:
            since_ms = max(0, now_ms - days * DAY_MS)
        entries = (
            AuditEntry(
                at_ms=now_ms,
                via=who.via,
                by=who.by,
                person_id=who.person_id,
                address=who.address,
                action=action,
                change=change,
                request_id=who.request_id,
            )
            for change in changes
        )
        await self.log.add(entries, since_ms)

    async def failed(self, who: Who, action: str = "failed_sign_in") -> None:
        """A try of a stranger: the first of a network in an hour is told, and the tenth, the hundredth…

        So guessing shows, with how much of it there was, and nobody fills the log with it.
        """
        network = network_of(who.address)
        count = self._count(network)
        if str(count).strip("0") == "1":
            change = Change(kind="network", id="", name=network, fields={"tries": (None, count)})
            await self.add(who, action, [change])

    def _count(self, network: str) -> int:
        now = self.clock.monotonic()
        for old in [name for name, tries in self._tries.items() if now - tries.since >= FOLDED_FOR]:
            del self._tries[old]
        if network not in self._tries and len(self._tries) >= MOST_NETWORKS:
            network = OTHERS
        tries = self._tries.setdefault(network, FailedTries(now))
        tries.count += 1
        return tries.count
