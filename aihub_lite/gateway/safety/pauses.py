"""Who is paused for safety: in memory for the line to ask at each request, in storage to last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.people.audit import Change
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.pause import MANUAL, PauseHolder, SafetyPause, why
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.token import Token
from aihub_lite.errors import NotFound, PausedForSafety, StorageUnavailable
from aihub_lite.gateway.people.audit import AuditBook, Who
from aihub_lite.gateway.people.watch import note
from aihub_lite.gateway.safety.texts import refusal_text
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.gateway.state.tokens import TokenRegistry
from aihub_lite.storage.safety.pauses import StoredPauses

log = logging.getLogger(__name__)

AGAIN = 5.0
"""Seconds until what the disk refused is tried again."""
BY_ITSELF = Who(via="gateway", by="gateway", address="")
PauseKey = tuple[PauseHolder, str]
"""What is paused, and its id."""


@attrs.define(eq=False)
class Pauses:
    """All pauses. A pause holds for the next request on, whatever the disk says; requests under way go on."""

    store: StoredPauses
    clock: Clock
    live_settings: LiveSettings
    tokens: TokenRegistry
    audit: AuditBook
    persons: Mapping[str, Person]
    """By id."""
    on_pause: list[Callable[[SafetyPause, Token | Person], None]] = attrs.field(factory=list)
    """Told of whatever the gateway pauses by itself."""
    on_resume: list[Callable[[Token | Person], None]] = attrs.field(factory=list)
    """Told of each token that may go on, or of a person with all of theirs."""
    on_change: list[Callable[[], None]] = attrs.field(factory=list)
    """Told that there is one more, or one less."""
    _all: dict[PauseKey, SafetyPause] = attrs.field(factory=dict)
    _unwritten: dict[PauseKey, Change | None] = attrs.field(factory=dict)
    """What the disk does not know of, with what the audit log is to be told of it."""
    _news: asyncio.Event = attrs.field(factory=asyncio.Event)
    _writing: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def load(self) -> None:
        """Those of earlier runs, once, before the first request."""
        self._all = {(pause.holder, pause.id): pause for pause in await self.store.load()}

    @property
    def all(self) -> list[SafetyPause]:
        """The oldest first."""
        return sorted(self._all.values(), key=lambda pause: (pause.since, pause.id))

    def of(self, token: Token) -> SafetyPause | None:
        """Why a token is paused, by itself or with its person; None for one that is not."""
        if not self._all:
            return None
        return self._all.get(("token", token.id)) or self._all.get(("person", token.person_id))

    def of_person(self, person_id: str) -> SafetyPause | None:
        """Why a person is paused; None for one who is not."""
        return self._all.get(("person", person_id))

    def refusal_of(self, token: Token) -> PausedForSafety | None:
        """What to tell a client of a token that is paused."""
        pause = self.of(token)
        if pause is None:
            return None
        return PausedForSafety(refusal_text(pause, token, own_resume=self.may_resume_own(pause)))

    def may_resume_own(self, pause: SafetyPause) -> bool:
        """Whether those whose it is may resume it: never what somebody has paused by hand."""
        return self.live_settings.now.own_resume == "on" and not pause.by_hand

    async def pause(self, kind: PauseHolder, holder_id: str, reason: Runaway, now_ms: int) -> bool:
        """The gateway pauses a token or a person by itself; False where it is paused already, or gone.

        It holds before this first waits. What the disk does not take is written once it does.
        """
        holder = self._holder(kind, holder_id)
        if holder is None or self._is_paused(holder):
            return False
        pause = SafetyPause(
            holder=kind,
            id=holder.id,
            kind=reason.kind,
            seen=reason.seen,
            usual=reason.usual,
            spent=reason.spent,
            minutes=reason.minutes,
            since=now_ms // 1000,
        )
        log.warning("%s %s is paused for safety: %s", kind, holder.id, why(pause))
        change = Change(kind=kind, id=holder.id, name=holder.name, fields={"paused": (None, why(pause))})
        self._begin(pause, change)
        for listener in self.on_pause:
            listener(pause, holder)
        with suppress(StorageUnavailable):
            await self.flush()
        return True

    async def pause_by_hand(self, holder: Token | Person) -> None:
        """Pause a token, or a person with all of theirs, until somebody resumes it; what is paused stays as it is.

        Raises StorageUnavailable, and it holds all the same."""
        key = key_of(holder)
        if key in self._all:
            return
        pause = SafetyPause(holder=key[0], id=key[1], kind=MANUAL, since=int(self.clock.wall()))
        note(key[0], key[1], holder.name, paused=(None, why(pause)))
        self._begin(pause, None)
        await self.flush()

    async def resume(self, holder: Token | Person) -> None:
        """Let a token, or a person with all of theirs, go on; nothing where it is not paused. Raises
        StorageUnavailable, and then it is paused still."""
        key = key_of(holder)
        # One at a time with what is still to be written: it would be paused again by a write that comes later.
        async with self._writing:
            if key not in self._all:
                return
            await self.store.end(*key)
            pause = self._all.pop(key)
        note(key[0], key[1], holder.name, paused=(why(pause), None))
        for listener in self.on_resume:
            listener(holder)
        self._changed()

    async def flush(self) -> None:
        """Write what the disk does not know of yet; raises StorageUnavailable, and keeps what it does not take."""
        async with self._writing:
            for key, change in [*self._unwritten.items()]:
                pause = self._all.get(key)
                try:
                    if pause is not None:
                        await self.store.begin(pause)
                    if change is not None:
                        await self.audit.add(BY_ITSELF, f"pause_{key[0]}", [change])
                except StorageUnavailable:
                    self._news.set()
                    raise
                del self._unwritten[key]

    async def run(self) -> None:
        """Write what the disk has refused, for as long as the gateway runs."""
        while True:
            await self._news.wait()
            await asyncio.sleep(AGAIN)
            self._news.clear()
            with suppress(StorageUnavailable):
                await self.flush()

    async def close(self) -> None:
        """Write what is left."""
        try:
            await self.flush()
        except StorageUnavailable as error:
            log.warning("what was paused last is not written: %s", error)

    async def token_changed(self, before: Token | None, after: Token | None) -> None:
        """A token that is gone is paused no more, on the disk neither."""
        if before is not None and after is None:
            self._forget(("token", before.id))

    async def person_changed(self, before: Person | None, after: Person | None) -> None:
        """Nor is a person who is gone."""
        if before is not None and after is None:
            self._forget(("person", before.id))

    def _holder(self, kind: PauseHolder, holder_id: str) -> Token | Person | None:
        if kind == "person":
            return self.persons.get(holder_id)
        try:
            return self.tokens.get(holder_id)
        except NotFound:
            return None

    def _is_paused(self, holder: Token | Person) -> bool:
        if isinstance(holder, Token):
            return self.of(holder) is not None
        return self.of_person(holder.id) is not None

    def _begin(self, pause: SafetyPause, change: Change | None) -> None:
        key = (pause.holder, pause.id)
        self._all[key] = pause
        self._unwritten[key] = change
        self._changed()

    def _forget(self, key: PauseKey) -> None:
        if self._all.pop(key, None) is not None:
            self._changed()

    def _changed(self) -> None:
        for listener in self.on_change:
            listener()


def key_of(holder: Token | Person) -> PauseKey:
    """By which a pause of it is known."""
    if isinstance(holder, Token):
        return "token", holder.id
    return "person", holder.id
