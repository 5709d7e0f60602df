"""Requests whose every lane is full wait here: first come first served within a token, tokens in turn.

A lane is full at a limit of its account's, and for as long as its upstream asked to wait with a 429. A request waits
before its first attempt or between two, for `queue_timeout` altogether.

Whoever's turn it is and does not fit yet keeps its lanes from those behind it, so a large request is not overtaken for
ever by small ones. A queue that is full makes room for a token with less in it, by refusing the newest request of the
one with most: a flood of one token leaves the others theirs.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator

import attrs

from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.router import Lane, Router
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.live_settings import LiveSettings

SOONEST = 0.01
LATEST = 1.0
"""Seconds until the next look, at least and at most: by then a channel may have come back that told nobody."""


@attrs.define(eq=False)
class Waiter:
    """One request that waits."""

    route: Route | Walk
    token_id: str
    until: float
    """Monotonic."""
    lane: asyncio.Future[Lane | None]
    """None: there was none in time, or no room."""


@attrs.define(eq=False)
class FairQueue:
    """All requests that wait. Its clock is the router's; the loop's only wakes it."""

    router: Router
    live_settings: LiveSettings
    waiting: int = 0
    waited: int = 0
    """Requests that got a lane after they had waited, since the start."""
    refused: int = 0
    """Those that got none in time, or found no room."""
    _turns: OrderedDict[str, dict[Waiter, None]] = attrs.field(factory=OrderedDict)
    """By token id, the one whose turn is next first; its requests, oldest first."""
    spoken_for: set[Account] = attrs.field(factory=set)
    """Those that some request waits for: whoever comes later leaves them alone."""
    _alarm: asyncio.TimerHandle | None = None
    _noticed: bool = False

    async def lane(self, route: Route | Walk, flight: Flight) -> Lane:
        """The lane to begin with, at once or as soon as there is one; raises as `Route.next` does."""
        lane = route.available_lane(self.spoken_for)
        if lane is not None:
            route.hand_out(lane)
            return lane
        left = self._left(flight)
        if not self._is_worth(route, left):
            return route.next()
        lane = await self._waited_for(route, flight, left)
        if lane is None:
            raise route.nothing_left()
        return lane

    def wait_for(self, route: Route | Walk) -> float | None:
        """Seconds after which a request that came now for a route would be tried, at the earliest; None where it would
        not wait: there is a lane, there will be none in time, or others fill the queue."""
        limits = self.live_settings.now
        if self.waiting >= limits.queue_length or not self._is_worth(route, limits.queue_timeout):
            return None
        if route.available_lane(self.spoken_for) is not None:
            return None
        # A lane that is spoken for is free for whoever waits now: when it is free again, nobody knows.
        return min(route.limit_waits(), default=0.0)

    async def lane_again(self, route: Route | Walk, flight: Flight) -> Lane | None:
        """The lane to go on with after an attempt that failed, as soon as there is one; None where none will be in
        time."""
        left = self._left(flight)
        if not self._is_worth(route, left):
            return None
        return await self._waited_for(route, flight, left)

    def _left(self, flight: Flight) -> float:
        """Seconds that a request may still wait."""
        return self.live_settings.now.queue_timeout - flight.waited_ms / 1000

    async def _waited_for(self, route: Route | Walk, flight: Flight, left: float) -> Lane | None:
        flight.pass_over(route.kept_out(None, self.spoken_for))
        now = self.router.health.clock.monotonic()
        waiter = Waiter(route, flight.token.id, now + left, asyncio.get_running_loop().create_future())
        if not self._join(waiter):
            return None
        try:
            self._serve()
            await self._wait(waiter, flight, now)
            return waiter.lane.result()
        finally:
            self._leave(waiter)
            self.notice()

    def notice(self) -> None:
        """Something may be free again: whoever waits is served soon."""
        if self.spoken_for and not self._noticed:
            self._noticed = True
            asyncio.get_running_loop().call_soon(self.look)

    def look(self) -> None:
        """Serve whom there is a lane for, and refuse whose time is over."""
        self._noticed = False
        self._serve()

    async def _wait(self, waiter: Waiter, flight: Flight, began: float) -> None:
        flight.waiting = True
        try:
            if await waiter.lane is not None:
                self.waited += 1
        except asyncio.CancelledError:
            # The client may leave in the very moment in which a lane is handed out.
            if waiter.lane.done() and not waiter.lane.cancelled() and waiter.route.reserved is not None:
                waiter.route.reserved.settle()
            raise
        finally:
            flight.waiting = False
            flight.waited_ms += round((self.router.health.clock.monotonic() - began) * 1000)

    def _is_worth(self, route: Route | Walk, left: float) -> bool:
        """Whether a request that has to wait may get a lane in so many seconds."""
        if left <= 0:
            return False
        return route.could_have(self.spoken_for) or any(wait <= left for wait in route.limit_waits())

    def _join(self, waiter: Waiter) -> bool:
        """Whether there is room."""
        mine = self._turns.get(waiter.token_id, {})
        if self.waiting >= self.live_settings.now.queue_length:
            most = max(self._turns.values(), key=len, default=mine)
            if len(most) <= len(mine) + 1:
                self.refused += 1
                return False
            self._refuse(next(reversed(most)))
        self._turns.setdefault(waiter.token_id, {})[waiter] = None
        self.waiting += 1
        return True

    def _leave(self, waiter: Waiter) -> None:
        mine = self._turns.get(waiter.token_id)
        if mine is None or waiter not in mine:
            return
        del mine[waiter]
        self.waiting -= 1
        if not mine:
            del self._turns[waiter.token_id]

    def _refuse(self, waiter: Waiter) -> None:
        self._leave(waiter)
        if waiter.lane.done():
            return
        self.refused += 1
        waiter.lane.set_result(None)

    def _serve(self) -> None:
        now = self.router.health.clock.monotonic()
        for waiter in [waiter for waiter in self._waiters() if waiter.until <= now]:
            self._refuse(waiter)
        self.spoken_for = set()
        served = True
        while served:
            served = False
            for token_id in list(self._turns):
                served |= self._serve_one(token_id)
        self._set_alarm(now)

    def _serve_one(self, token_id: str) -> bool:
        """The first request of a token that there is a lane for; whether there was one."""
        for waiter in list(self._turns.get(token_id, ())):
            if waiter.lane.done():
                continue  # its client left, which its task has not heard yet
            lane = waiter.route.available_lane(self.spoken_for)
            if lane is None:
                self.spoken_for.update(lane.account for lane in waiter.route.wanted())
                continue
            waiter.route.hand_out(lane)
            self._leave(waiter)
            if token_id in self._turns:
                self._turns.move_to_end(token_id)
            waiter.lane.set_result(lane)
            return True
        return False

    def _waiters(self) -> Iterator[Waiter]:
        for mine in self._turns.values():
            yield from mine

    def _set_alarm(self, now: float) -> None:
        """Wake up when the next lane is free by itself, or the next request has waited for long enough."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self.waiting:
            return
        waits = [waiter.until - now for waiter in self._waiters()]
        for mine in self._turns.values():
            waits += [wait for wait in next(iter(mine)).route.limit_waits() if wait]
        seconds = min(LATEST, max(SOONEST, min(waits)))
        self._alarm = asyncio.get_running_loop().call_later(seconds, self.look)

    def close(self) -> None:
        """Wake up no more."""
        if self._alarm is not None:
            self._alarm.cancel()
