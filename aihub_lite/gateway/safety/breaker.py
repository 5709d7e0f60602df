"""The runaway breaker: hears of every request, and acts beside them on what the detector finds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.past import Sensitivity
from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.spans import DAY, PAST, QUARTER
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.safety.conversations import Conversations
from aihub_lite.gateway.safety.detector import Detector, Sensitivities
from aihub_lite.gateway.safety.detectors import Detectors, Suspect
from aihub_lite.gateway.safety.pauses import Pauses
from aihub_lite.gateway.safety.restoring import LastDay, restore_free
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.safety.findings import BreakerFinding, BreakerFindings
from aihub_lite.storage.safety.fresh_starts import FreshStarts
from aihub_lite.storage.safety.pasts import Pasts, Quarters
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.wire.protocols import Request

log = logging.getLogger(__name__)

OFF = "off"
ON = "on"
TRY_AGAIN = 5.0
"""Seconds, where the disk refuses."""
MOST_FOUND = 1000
"""BreakerFindings that wait for the disk; of one holder there are few an hour, each far faster than the last."""

Pause = Callable[[PauseHolder, str, Runaway, int], Awaitable[bool]]
"""Pauses a token or a person for a reason at a Unix time in ms; says whether it was not paused before."""
Past = Callable[[str, int, int], Awaitable[Quarters]]
"""Reads what a holder used from a quarter to before another."""


@attrs.define(eq=False)
class Found:
    """Who left their own past, until that is on the disk."""

    suspect: Suspect
    name: str
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
    fresh_starts: FreshStarts
    pause: Pause = attrs.field(repr=False)
    persons: Mapping[str, Person] = attrs.field(repr=False)
    """By id."""
    conversations: Conversations = attrs.field(factory=Conversations)
    detectors: Detectors = attrs.field(
        init=False, default=attrs.Factory(lambda self: Detectors(lambda: self.sensitivities), takes_self=True)
    )
    sensitivities: Sensitivities = attrs.field(init=False)
    mode: str = attrs.field(init=False)
    _found: list[Found] = attrs.field(factory=list)
    _due: asyncio.Event = attrs.field(factory=asyncio.Event)
    _acting: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def __attrs_post_init__(self) -> None:
        self._read_settings()

    @classmethod
    def over(cls, database: Database, live_settings: LiveSettings, clock: Clock, pauses: Pauses) -> Breaker:
        """One that knows what is in the database, and pauses whom it finds."""
        return cls(
            live_settings,
            clock,
            Pasts(database),
            BreakerFindings(database),
            FreshStarts(database),
            pauses.pause,
            pauses.persons,
        )

    async def open(self, tokens: Iterable[Token]) -> None:
        """Know whose tokens are, and what was spent in the last day, before anything more is. Raises
        StorageUnavailable."""
        self.live_settings.on_change.append(self._follow_settings)
        tokens = [*tokens]
        self.detectors.follow(tokens)
        now = self.clock.wall()
        if self.mode == OFF:
            return
        first = int(now) // QUARTER - DAY
        last_day = LastDay(
            await self.pasts.since(first),
            await self.pasts.of_persons_since(first),
            await self.fresh_starts.since(1000 * QUARTER * first),
        )
        for token in tokens:
            self.detectors.tokens.restore(token.id, last_day.of_token(token.id, token.person_id), now)
        for person_id in self.detectors.several:
            quarters = last_day.of_person(person_id, self.detectors.tokens_of[person_id])
            self.detectors.persons.restore(person_id, quarters, now)
        await restore_free(self.detectors, tokens, last_day, self.fresh_starts, now)

    def begin(self, flight: Flight, request: Request, size: int) -> None:
        """A conversation of so many bytes goes upstream. Only those of tokens and persons that spend are looked at."""
        token = flight.token
        if self.mode != OFF and self.detectors.spends(token.id, token.person_id):
            sender = self.detectors.sender(token.id, token.person_id)
            flight.repeats = self.conversations.sent(sender, request, size)

    def settled(self, flight: Flight, record: UsageRecord) -> None:
        """A request was booked."""
        if self.mode == OFF:
            return
        now = self.clock.wall()
        suspect = self.detectors.settled(record.token_id, record.person_id, now, record.cost_nano)
        repeats = flight.repeats
        if repeats is not None and suspect is None:
            suspect = self.detectors.answered(
                flight.token, repeats, flight.started, self.clock.monotonic(), record.cost_nano, now
            )
        if suspect is not None:
            self._suspect(suspect, flight.token, int(now * 1000))
        if suspect is not None or self.detectors.tokens.wanted or self.detectors.persons.wanted:
            self._due.set()

    def resumed(self, holder: Token | Person) -> None:
        """Somebody has let a token go on, or a person with all of theirs: they begin anew."""
        if self.mode == OFF:
            return
        now = self.clock.wall()
        if isinstance(holder, Token):
            self.detectors.resume_token(holder.id, holder.person_id, now)
        else:
            self.detectors.resume_person(holder.id, now)
        self._forget_conversations(holder.id)

    async def token_changed(self, before: Token | None, after: Token | None) -> None:
        """What is known of a token goes with it, and what is known of a person, who goes with all of theirs."""
        self.detectors.token_changed(before, after, self.clock.wall())
        if before is not None and after is None:
            self.conversations.forget(before.id)
            if before.person_id not in self.detectors.tokens_of:
                self.conversations.forget(before.person_id)

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
            await self._read_pasts(self.detectors.tokens, self.pasts.of)
            await self._read_pasts(self.detectors.persons, self.pasts.of_person)

    def _suspect(self, suspect: Suspect, token: Token, at_ms: int) -> None:
        name = token.name
        if suspect.holder == "person":
            person = self.persons.get(suspect.id)
            if person is None:
                return  # deleted in this moment, and their tokens are about to be
            name = person.name
        self._forget_conversations(token.person_id or token.id)
        if len(self._found) < MOST_FOUND:
            self._found.append(Found(suspect, name, at_ms))

    async def _write_down(self) -> None:
        while self._found:
            found = self._found[0]
            suspect = found.suspect
            if found.paused is None:
                # Once: where the disk refuses the next line, a second try would find it paused already.
                found.paused = self.mode == ON and await self.pause(
                    suspect.holder, suspect.id, suspect.runaway, found.at_ms
                )
                if self.mode == ON and not found.paused:
                    # It was paused before: what had begun until then may be much, and is nothing new.
                    del self._found[0]
                    continue
            await self.findings.add(
                BreakerFinding(found.at_ms, suspect.holder, suspect.id, found.name, suspect.runaway, found.paused)
            )
            del self._found[0]

    async def _read_pasts(self, detector: Detector, past: Past) -> None:
        for holder_id in [*detector.wanted]:
            now = self.clock.wall()
            quarter = int(now) // QUARTER
            detector.learn(holder_id, await past(holder_id, quarter - PAST, quarter), now)

    def _forget_conversations(self, holder_id: str) -> None:
        """Those of a token, or of a person and all of theirs."""
        self.conversations.forget(holder_id)
        for token_id in self.detectors.tokens_of.get(holder_id, ()):
            self.conversations.forget(token_id)

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
            self.detectors.clear()
        elif before != (self.mode, self.sensitivities):
            self.detectors.start_over()
