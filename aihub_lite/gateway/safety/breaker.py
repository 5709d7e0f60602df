"""The runaway breaker: hears of every request, and acts beside them on what the detector finds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.spans import DAY, PAST, QUARTER
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.safety.conversations import Conversations
from aihub_lite.gateway.safety.detector import Detector, Sensitivities
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.safety.findings import BreakerFinding, BreakerFindings
from aihub_lite.storage.safety.pasts import Pasts
from aihub_lite.wire.protocols import Request

log = logging.getLogger(__name__)

OFF = "off"
ON = "on"
TRY_AGAIN = 5.0
"""Seconds, where the disk refuses."""
MOST_FOUND = 1000
"""BreakerFindings that wait for the disk; more than one an hour and token there are none."""

Pause = Callable[[str, Runaway, int], Awaitable[bool]]
"""Pauses a token for a reason at a Unix time in ms; says whether it was not paused before."""


@attrs.define(eq=False)
class Found:
    """A token that left its own past, until that is on the disk."""

    token: Token
    runaway: Runaway
    at_ms: int
    """When, in Unix ms."""
    paused: bool | None = None
    """Whether it was paused for it; None before that was decided."""


@attrs.define(eq=False)
class Breaker:
    """Off, it does nothing; watching, it writes down whom it would have paused; on, it pauses them."""

    live_settings: LiveSettings
    clock: Clock
    pasts: Pasts
    findings: BreakerFindings
    pause: Pause = attrs.field(repr=False)
    conversations: Conversations = attrs.field(factory=Conversations)
    detector: Detector = attrs.field(
        init=False, default=attrs.Factory(lambda self: Detector(lambda: self.sensitivities), takes_self=True)
    )
    sensitivities: Sensitivities = attrs.field(init=False)
    mode: str = attrs.field(init=False)
    _found: list[Found] = attrs.field(factory=list)
    _due: asyncio.Event = attrs.field(factory=asyncio.Event)
    _acting: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def __attrs_post_init__(self) -> None:
        self._read_settings()

    async def open(self) -> None:
        """Know what was spent in the last day, before anything more is. Raises StorageUnavailable."""
        self.live_settings.on_change.append(self._follow_settings)
        now = self.clock.wall()
        if self.mode != OFF:
            for token_id, quarters in (await self.pasts.since(int(now) // QUARTER - DAY)).items():
                self.detector.restore(token_id, quarters, now)

    def begin(self, flight: Flight, request: Request, size: int) -> None:
        """A conversation of so many bytes goes upstream. Only those of tokens that spend are looked at."""
        if self.mode != OFF and self.detector.spends(flight.token.id):
            flight.repeats = self.conversations.sent(flight.token.id, request, size)

    def settled(self, flight: Flight, record: UsageRecord) -> None:
        """A request was booked."""
        if self.mode == OFF:
            return
        runaway = self.detector.settled(record.token_id, self.clock.wall(), record.cost_nano)
        repeats = flight.repeats
        if repeats is not None:
            repeats.answered(flight.started, self.clock.monotonic(), record.cost_nano)
            if runaway is None:
                runaway = self.detector.repeated(record.token_id, repeats)
        if runaway is not None and len(self._found) < MOST_FOUND:
            self._found.append(Found(flight.token, runaway, int(self.clock.wall() * 1000)))
        if runaway is not None or self.detector.wanted:
            self._due.set()

    def resumed(self, token_id: str) -> None:
        """Somebody has let a token go on: it begins anew."""
        self.detector.resume(token_id, self.clock.wall())
        self.conversations.forget(token_id)

    async def token_changed(self, before: Token | None, after: Token | None) -> None:
        """What is known of a token goes with it."""
        if before is not None and after is None:
            self.detector.forget(before.id)
            self.conversations.forget(before.id)

    async def run(self) -> None:
        """Read pasts and act on what was found, until it is cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self.act()
            except StorageUnavailable as error:
                log.warning("the breaker waits for the database: %s", error)
                await asyncio.sleep(TRY_AGAIN)
                self._due.set()

    async def act(self) -> None:
        """One round: all that is due. Raises StorageUnavailable, and then what is left is still due."""
        async with self._acting:
            await self._write_down()
            await self._read_pasts()

    async def _write_down(self) -> None:
        while self._found:
            found = self._found[0]
            if found.paused is None:
                # Once: where the disk refuses the next line, a second try would find it paused already.
                found.paused = self.mode == ON and await self.pause(found.token.id, found.runaway, found.at_ms)
            token = found.token
            await self.findings.add(BreakerFinding(found.at_ms, token.id, token.name, found.runaway, found.paused))
            del self._found[0]

    async def _read_pasts(self) -> None:
        for token_id in [*self.detector.wanted]:
            now = self.clock.wall()
            quarter = int(now) // QUARTER
            self.detector.learn(token_id, await self.pasts.of(token_id, quarter - PAST, quarter), now)

    def _read_settings(self) -> None:
        settings = self.live_settings.now
        self.mode = settings.breaker
        self.sensitivities = Sensitivities(
            Sensitivity(nano_usd(settings.breaker_floor_usd), settings.breaker_times),
            Sensitivity(settings.breaker_floor_requests, settings.breaker_times),
            settings.breaker_repeats,
        )

    def _follow_settings(self) -> None:
        before = self.mode, self.sensitivities
        self._read_settings()
        if self.mode == OFF:
            # What is spent meanwhile is not summed: begun again, it begins with nothing.
            self.detector.watched.clear()
            self.detector.wanted.clear()
        elif before != (self.mode, self.sensitivities):
            self.detector.start_over()
