"""Keeps silent streams alive and ends those whose client reads nothing: one task for all streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import attrs

from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.state.flight import Flight

MAX_TICK = 1.0
IdleEvent = Callable[[], bytes | None]
"""Makes an event that says nothing; None where the surface has no such event, and comments must do."""


@attrs.define(eq=False)
class WatchedAnswer:
    """One answer under watch; `idle_event` makes an event that says nothing, for clients that count only events."""

    keepalive: KeepAlive
    exchange: Exchange
    flight: Flight
    idle_event: IdleEvent | None
    """None for an answer that is no stream of events: nothing can be said before it."""

    def __enter__(self) -> None:
        self.exchange.last_write = self.exchange.last_event = asyncio.get_running_loop().time()
        self.keepalive.watched.add(self)

    def __exit__(self, *_: object) -> None:
        self.keepalive.watched.discard(self)


@attrs.define(eq=False)
class KeepAlive:
    """Figures in seconds; see the settings of the same names."""

    keepalive_after: float
    keepalive_event_after: float
    write_timeout: float
    watched: set[WatchedAnswer] = attrs.field(factory=set)
    _beats: set[asyncio.Task[None]] = attrs.field(factory=set)

    def watching(self, exchange: Exchange, flight: Flight, idle_event: IdleEvent | None) -> WatchedAnswer:
        """Watch an answer inside the block; silence counts from here."""
        return WatchedAnswer(self, exchange, flight, idle_event)

    async def run(self) -> None:
        """Look at every watched answer a few times a second, until cancelled."""
        tick = min(MAX_TICK, self.keepalive_after / 4, self.write_timeout / 4)
        while True:
            await asyncio.sleep(tick)
            now = asyncio.get_running_loop().time()
            for watched in tuple(self.watched):
                self._look_at(watched, now)

    def _look_at(self, watched: WatchedAnswer, now: float) -> None:
        exchange = watched.exchange
        if exchange.gone or exchange.complete:
            return
        if exchange.writing_since:
            if now - exchange.writing_since >= self.write_timeout:
                exchange.gone = True
                watched.flight.cut("client_gone")
        elif exchange.finished or watched.idle_event is None:
            return
        else:
            event_due = now - exchange.last_event >= self.keepalive_event_after
            comment_due = now - exchange.last_write >= self.keepalive_after
            if event_due:
                self._beat(exchange, _unless_said(exchange, watched.idle_event), comment=comment_due)
            elif comment_due:
                self._beat(exchange, None, comment=True)

    def _beat(self, exchange: Exchange, idle: IdleEvent | None, *, comment: bool) -> None:
        task = asyncio.create_task(_keep_alive(exchange, idle, comment=comment))
        self._beats.add(task)
        task.add_done_callback(self._beats.discard)


def _unless_said(exchange: Exchange, idle: IdleEvent) -> IdleEvent:
    """The event, unless anything else was sent before its turn came: then there is no silence to break."""
    since = exchange.last_event

    def event() -> bytes | None:
        if exchange.last_event != since:
            return None
        return idle()

    return event


async def _keep_alive(exchange: Exchange, idle: IdleEvent | None, *, comment: bool) -> None:
    with suppress(OSError):
        await exchange.keep_alive(idle, comment=comment)
