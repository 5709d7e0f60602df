"""What credentials are exchanged for, kept as long as it is good; one fetch at a time for each, whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.upstream.access.faults import AccessTimedOut

T = TypeVar("T")

EARLY = 240.0
"""Seconds before its end that a grant is renewed, beside the requests that it still serves."""
LAST = 20.0
"""Seconds before its end that it serves no more: a request is under way for a while, and clocks differ."""
PAUSE = 10.0
"""Seconds from a renewal that failed to the next, while the grant is still good."""
PATIENCE = 10.0
"""Seconds that a fetch may take."""
FRESH = 60.0
"""Seconds within which a grant that is refused is not at fault: another would be refused too."""


@attrs.frozen
class Grant(Generic[T]):
    """What was fetched, and for how many seconds from then on it is good."""

    value: T = attrs.field(repr=False)
    seconds: float


@attrs.define(eq=False)
class _Held(Generic[T]):
    value: T = attrs.field(repr=False)
    since: float
    renew_at: float
    until: float


@attrs.define(eq=False)
class Grants(Generic[T]):
    """The grants of one kind, by the credential that each was given for; in memory alone."""

    clock: Clock
    fetch: Callable[[str], Awaitable[Grant[T]]]
    """Asks for one; raises TransportFault."""
    patience: float = PATIENCE
    _held: dict[str, _Held[T]] = attrs.field(factory=dict, repr=False)
    _fetches: dict[str, asyncio.Task[T]] = attrs.field(factory=dict, repr=False)

    async def get(self, credential: str) -> T:
        """A grant that is good for a while; raises TransportFault. Who gives up waiting stops nobody else's fetch."""
        now = self.clock.monotonic()
        held = self._held.get(credential)
        if held is not None and now < held.renew_at:
            return held.value
        fetch = self._fetches.get(credential)
        if fetch is None:
            fetch = self._begin(credential)
        if held is not None and now < held.until:
            return held.value
        return await asyncio.shield(fetch)

    def give_up(self, credential: str, value: T) -> bool:
        """An upstream refused a grant: whether the next `get` gives another one."""
        held = self._held.get(credential)
        if held is None or held.value != value:
            return True
        if self.clock.monotonic() - held.since < FRESH:
            return False
        del self._held[credential]
        return True

    async def close(self) -> None:
        """End what is under way."""
        for fetch in self._fetches.values():
            fetch.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)

    def _begin(self, credential: str) -> asyncio.Task[T]:
        fetch = asyncio.create_task(self._fetch(credential), name="access")
        self._fetches[credential] = fetch
        fetch.add_done_callback(lambda ended: self._end(credential, ended))
        return fetch

    def _end(self, credential: str, fetch: asyncio.Task[T]) -> None:
        del self._fetches[credential]
        held = self._held.get(credential)
        if fetch.cancelled() or fetch.exception() is None or held is None:
            return
        held.renew_at = self.clock.monotonic() + PAUSE

    async def _fetch(self, credential: str) -> T:
        try:
            async with asyncio.timeout(self.patience):
                grant = await self.fetch(credential)
        except TimeoutError:
            raise AccessTimedOut("no answer to the channel's credential in time") from None
        now = self.clock.monotonic()
        # Credentials that no channel has any more go with the last grant that they were given.
        self._held = {other: held for other, held in self._held.items() if now < held.until}
        early = min(EARLY, grant.seconds / 5)
        last = min(LAST, grant.seconds / 10)
        self._held[credential] = _Held(grant.value, now, now + grant.seconds - early, now + grant.seconds - last)
        return grant.value
