"""The last part of the line: opens an answer, has it passed on, and books it however it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import attrs

from aihub_lite.domain.usage import Outcome
from aihub_lite.errors import GatewayError, Stopped, StorageUnavailable
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.gateway.client.cancellation import Cancellation, Cut
from aihub_lite.gateway.client.exchange import ClientGone, Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent, KeepAlive
from aihub_lite.gateway.line.charging import Aborted
from aihub_lite.gateway.line.failover import Failover
from aihub_lite.gateway.line.parsing import LARGE
from aihub_lite.gateway.line.relay import relay
from aihub_lite.gateway.line.streaming import StreamedAnswer
from aihub_lite.gateway.refusals.reasons import explain
from aihub_lite.gateway.refusals.texts import kept_names, kept_pairs
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.state.ledger import Hold
from aihub_lite.wire.protocols import Answer, Request


@attrs.define(eq=False)
class Delivery:
    """One answer on its way to its client."""

    failover: Failover
    keepalive: KeepAlive
    exchange: Exchange
    surface: AnySurface
    request: Request
    hold: Hold
    context: AttemptContext
    answer: StreamedAnswer | Answer | None = None

    async def run(self, route: Route | Walk) -> None:
        """Pass on the answer of the first channel that gives one, which settles it, and close it on every exit.

        However it ends early, that is booked here: the client left, somebody stopped it, the upstream failed.
        """
        flight = self.hold.flight
        context = self.context
        try:
            async with Cancellation(self.exchange, flight, self._grace):
                with self.keepalive.watching(self.exchange, flight, self._idle()):
                    lane = await self.failover.first_lane(flight, self.surface, self.request, route)
                    durable = self.hold.durable
                    if self.hold.ledger.crowded:
                        await durable
                    answer = await self.failover.open(flight, self.surface, self.request, route, context, lane)
                    self.answer = answer
                    self._tell_of_changes(route)
                    await relay(answer, self.exchange, self.hold, self.surface.chat(self.request))
                    self.failover.completed(flight)
        except Cut as cut:
            await self._end_without_client(cut.outcome)
            if cut.outcome == "client_gone":
                raise ClientGone from None
            raise Stopped from None
        except asyncio.CancelledError:
            await self._end_without_client("stopped")
            raise
        except GatewayError as error:
            self.failover.broke_off(flight, error)
            outcome: Outcome = "error"
            if flight.relayed:
                outcome = "cut_off"
            await self._end(outcome, error.status, error)
            raise
        finally:
            await self._close()

    def _tell_of_changes(self, route: Route | Walk) -> None:
        """Which model answers, where a name was asked for that may mean several, and what its upstream was not sent."""
        flight = self.hold.flight
        context = self.context
        if flight.asked:
            self.exchange.extra_headers.append((b"x-aihub-model", flight.model.encode()))
            if isinstance(route, Walk):
                route.answered(route.leg)
        if context.renamed:
            flight.renamed = kept_pairs(context.renamed)
        if context.dropped:
            flight.dropped = kept_names(context.dropped)
            self.exchange.extra_headers.append((b"x-aihub-dropped-params", ",".join(flight.dropped).encode()))

    def _grace(self) -> float:
        """Seconds that the upstream may go on after the client has left, for its usage."""
        settings = self.failover.settings
        if self.hold.flight.waiting:
            return 0.0
        if not self.request.stream:
            return settings.abort_grace
        if isinstance(self.answer, StreamedAnswer) and self.answer.stream.complete:
            return settings.usage_grace
        return 0.0

    def _idle(self) -> IdleEvent | None:
        if not self.request.stream:
            return None
        return self.surface.idle_event(self.request, self.hold.flight, self.context)

    async def _end_without_client(self, outcome: Outcome) -> None:
        """As `_end`, where nobody is there to be told that the request cannot be booked."""
        with suppress(StorageUnavailable):
            await self._end(outcome, 499)

    async def _end(self, outcome: Outcome, status: int, error: GatewayError | None = None) -> None:
        """Stop the upstream of a request that ended before its answer did, and book it by the table of aborts.

        In this order: while the books wait for the disk, the upstream would go on and bill.
        """
        context = self.context
        self.hold.flight.dropped = kept_names(context.dropped)
        self.hold.flight.renamed = kept_pairs(context.renamed)
        aborted = Aborted(
            self.request.stream, self.hold.sent_prompt, context.parcel.sent, context.stream, self.hold.flight.relayed
        )
        code = ""
        try:
            await self._close()
            if error is not None:
                code = error.recorded_code
                code = await explain(self.hold.flight, error, self.request, large=self.exchange.received > LARGE)
        finally:
            usage, source = aborted.usage(outcome)
            await self.hold.settle(outcome, usage=usage, source=source, status=status, error_code=code)

    async def _close(self) -> None:
        if isinstance(self.answer, StreamedAnswer):
            await self.answer.aclose()
