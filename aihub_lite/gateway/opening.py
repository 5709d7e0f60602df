"""Walks the route until one channel gives first real content: failover happens here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel, Clocks
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.usage import Attempt
from aihub_lite.errors import (
    GatewayError,
    InvalidRequest,
    UpstreamBroken,
    UpstreamFault,
    UpstreamRejected,
    UpstreamTimeout,
)
from aihub_lite.gateway.deadline import Deadline
from aihub_lite.gateway.exchange import STREAM_HEADERS, file_headers
from aihub_lite.gateway.faults import POLICY, AttemptFailed
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.health import Health
from aihub_lite.gateway.judging import broken, failed_with, not_a_stream, refusal, verdict
from aihub_lite.gateway.routing import Lane, Route
from aihub_lite.gateway.streaming import Splitter, Streaming, Uncut
from aihub_lite.gateway.surface import Surface
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.gateway.wires import Reader, Sent, Wire
from aihub_lite.upstream.faults import AnswerTooLarge, TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Response, Transport
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.shapes import Answer, Request, Stream
from aihub_lite.wire.sse import EventSplitter, EventTooLarge

log = logging.getLogger(__name__)

ERROR_BODY_LIMIT = 256 * 1024
PAUSE = (0.05, 0.25)
"""Seconds, from and to, before the same channel is tried again."""
DisableKey = Callable[[Channel, str, str], None]
"""(channel, key id, reason): take a key out of use."""


@attrs.define(eq=False)
class Opener:
    """Makes attempts, judges them, and tells health what it learned."""

    settings: Settings
    clock: Clock
    transport: Transport
    health: Health
    disable_key: DisableKey
    clocks: dict[Clocks, Deadlines] = attrs.field(factory=dict)
    """The clocks in force, by a channel's own."""
    thinkers: Thinkers = attrs.field(factory=Thinkers)
    lingering: set[asyncio.Task[None]] = attrs.field(factory=set)
    """Finished answers whose transfer is still to end."""

    async def open(self, flight: Flight, surface: Surface, asked: Request, route: Route) -> Streaming | Answer:
        """The answer of the first channel that gives one; raises the error to tell the client."""
        failures: list[AttemptFailed] = []
        if self.thinkers and (chat := surface.chat(asked)) is not None:
            route.home = self.thinkers.home(chat, route.lanes)
        lane = route.next()
        while True:
            failure = await self._try(flight, surface, asked, lane)
            if route.ordering is not None:
                route.ordering.ended(lane.candidate, flight.attempts[-1])
            if not isinstance(failure, AttemptFailed):
                return failure
            policy = POLICY[failure.fault]
            if policy.rephrased and not flight.abandoned:
                continue
            failures.append(failure)
            if not policy.failover or flight.abandoned or len(failures) >= self.settings.max_attempts:
                raise verdict(failures, asked.model)
            if not route.exhausted:
                lane = route.next()
            elif policy.again:
                await asyncio.sleep(route.router.random.uniform(*PAUSE))
            else:
                raise verdict(failures, asked.model)

    def completed(self, flight: Flight) -> None:
        """An answer was passed on to its end: its channel is well."""
        if flight.candidate is not None:
            self.health.succeeded(flight.candidate.channel.id)

    def broke_off(self, flight: Flight, error: GatewayError) -> None:
        """An answer ended after its first content; a fault of the upstream's counts as any other does."""
        upstreams = isinstance(error, UpstreamFault) and not isinstance(error, UpstreamRejected)
        if upstreams and flight.relayed is not None and flight.candidate is not None:
            self.health.failed(flight.candidate.channel.id, "cut")

    async def close(self) -> None:
        """End what still lingers."""
        for task in self.lingering:
            task.cancel()
        await asyncio.gather(*self.lingering, return_exceptions=True)

    async def _try(
        self, flight: Flight, surface: Surface, asked: Request, lane: Lane
    ) -> Streaming | Answer | AttemptFailed:
        """One attempt with everything it teaches; a failure is returned, for the loop to judge."""
        flight.candidate, flight.read = lane.candidate, None
        channel, began = lane.candidate.channel, self.clock.monotonic()
        probe = self.health.started(channel.id)
        status, fault = 0, "cut_short"
        try:
            answer = await self._attempt(flight, surface, asked, lane)
        except AttemptFailed as failure:
            if failure.fault == "nonsense" and not surface.everywhere:
                failure.fault = "unsuited"  # a web page, say, at a path that it does not have; it may still chat well
            status, fault = failure.status, failure.fault
            self._learn(flight, lane, failure)
            return failure
        else:
            status, fault = 200, ""
            self.health.answered(channel.id)
            return answer
        finally:
            self.health.ended(channel.id, probe)
            took = round((self.clock.monotonic() - began) * 1000)
            flight.attempts.append(Attempt(channel.name, status, fault, took))

    def _learn(self, flight: Flight, lane: Lane, failure: AttemptFailed) -> None:
        channel, policy = lane.candidate.channel, POLICY[failure.fault]
        log.info("%s: channel %s failed: %s %s", flight.request_id, channel.name, failure.fault, failure.status or "")
        if policy.harms_channel:
            self.health.failed(channel.id, failure.fault)
        if failure.fault == "rate":
            self.health.rate_limit(channel.id, lane.key_id, failure.retry_after)
        if policy.disables_key:
            self.health.refuse_key(channel.id, lane.key_id)
            reason = f"the upstream refused it with HTTP status {failure.status}"
            self.disable_key(channel, lane.key_id, reason if failure.fault == "auth" else "the account is spent")

    async def _attempt(self, flight: Flight, surface: Surface, asked: Request, lane: Lane) -> Streaming | Answer:
        clocks = self._clocks(lane.candidate.channel.clocks)
        response: Response | None = None
        sent: Sent | None = None
        kept = False
        try:
            async with Deadline(clocks.first_byte) as deadline:
                wire = surface.wire(lane.candidate)
                assert wire is not None  # noqa: S101  the route holds none other
                sent = self._translated(flight, asked, lane, wire)
                response = await self._send(sent, lane, clocks)
                if response.status != 200:
                    body = await response.read(ERROR_BODY_LIMIT)
                    everywhere = surface.everywhere and not sent.unread
                    raise refusal(response.status, response.headers, body, everywhere=everywhere)
                if asked.stream and not not_a_stream(response.headers, events=asked.events):
                    flight.read = stream = surface.stream(asked, flight, int(self.clock.wall()))
                    reader = wire.reader(stream, sent)
                    answer = await self._first_content(asked, stream, reader, response, clocks, deadline)
                    kept = True
                    return answer
                data = await self._read(response, clocks, deadline)
                return self._whole(flight, surface, asked, wire, sent, response, data)
        except TimeoutError:
            raise AttemptFailed("timeout", UpstreamTimeout("The upstream sent nothing in time.")) from None
        except TransportFault as error:
            raise broken(error) from error
        except AttemptFailed as failure:
            if sent is not None and sent.lacks is not None and failure.fault in ("unsuited", "nonsense"):
                sent.lacks()
                failure.fault = "absent"
            raise
        finally:
            if response is not None and not kept:
                await response.aclose()

    def _clocks(self, own: Clocks) -> Deadlines:
        clocks = self.clocks.get(own)
        if clocks is None:
            clocks = self.clocks[own] = deadlines(own, self.settings)
        return clocks

    def _translated(self, flight: Flight, asked: Request, lane: Lane, wire: Wire) -> Sent:
        try:
            again = bool(flight.attempts)
            sent = wire.send(asked, lane, self.thinkers, again=again, strict=self.settings.strict)
        except InvalidRequest as error:
            raise AttemptFailed("unsuited", error) from error
        flight.dropped = sent.dropped
        return sent

    async def _send(self, sent: Sent, lane: Lane, clocks: Deadlines) -> Response:
        key = PROVIDERS[lane.candidate.channel.provider].key_headers(lane.secret)
        return await self.transport.send("POST", sent.url, [*sent.headers, *key], sent.body, clocks.connect)

    async def _first_content(
        self,
        asked: Request,
        stream: Stream,
        reader: Reader,
        response: Response,
        clocks: Deadlines,
        deadline: Deadline,
    ) -> Streaming:
        until = asyncio.get_running_loop().time() + clocks.total
        splitter: Splitter = EventSplitter(self.settings.max_event_bytes) if asked.events else Uncut()
        head = STREAM_HEADERS if asked.events else file_headers(response.headers["content-type"])
        grace = self.settings.usage_grace
        streaming = Streaming(response, splitter, stream, reader, [], clocks.idle, grace, until, self.lingering, head)
        try:
            async for data in response:
                # It is alive: from its first byte on, a model that thinks is measured by the clock between chunks.
                deadline.give(clocks.idle, until)
                for payload in splitter.feed(data):
                    streaming.ready += reader.push(payload)
                if stream.has_content:
                    return streaming
            for payload in splitter.flush():
                streaming.ready += reader.push(payload)
        except (StreamError, AnswerNonsense, EventTooLarge) as error:
            if stream.complete:
                return streaming  # whole already: what came after it in the same piece is no reason to ask again
            if isinstance(error, StreamError):
                raise failed_with(error.foreign, error.status) from error
            raise AttemptFailed(
                "nonsense", UpstreamBroken("The upstream's stream makes no sense."), status=200
            ) from error
        if stream.has_content:
            return streaming
        raise AttemptFailed("nonsense", UpstreamBroken("The upstream answered nothing."), status=200)

    def _whole(
        self,
        flight: Flight,
        surface: Surface,
        asked: Request,
        wire: Wire,
        sent: Sent,
        response: Response,
        data: bytes,
    ) -> Answer:
        """One document: what was asked for, or why a stream was answered so: an error inside a 200, an HTML page, or
        no streaming at all."""
        kind = response.headers.get("content-type", "")
        try:
            body = wire.answer_body(data, sent)
            answer = surface.whole(asked, body, kind, flight.request_id, int(self.clock.wall()))
        except AnswerNonsense as error:
            if error.foreign is not None:
                raise failed_with(error.foreign, 502) from error
            raise AttemptFailed("nonsense", UpstreamBroken(error.message), status=200) from error
        if asked.stream and not surface.whole_for_stream:
            raise AttemptFailed("nonsense", UpstreamBroken("The upstream does not stream."), status=200)
        return answer

    async def _read(self, response: Response, clocks: Deadlines, deadline: Deadline) -> bytes:
        pieces: list[bytes] = []
        size, until = 0, asyncio.get_running_loop().time() + clocks.total
        while True:
            deadline.give(clocks.idle, until)
            data = await anext(response, None)
            if data is None:
                return b"".join(pieces)
            pieces.append(data)
            size += len(data)
            if size > self.settings.max_answer_bytes:
                raise AnswerTooLarge(self.settings.max_answer_bytes)


@attrs.frozen
class Deadlines:
    """A channel's clocks in force, in seconds."""

    connect: float
    first_byte: float
    idle: float
    total: float


def deadlines(own: Clocks, settings: Settings) -> Deadlines:
    """A channel's clocks, the gateway's where it has none of its own."""
    return Deadlines(
        connect=settings.connect_timeout if own.connect is None else own.connect,
        first_byte=settings.first_byte_timeout if own.first_byte is None else own.first_byte,
        idle=settings.idle_timeout if own.idle is None else own.idle,
        total=settings.total_timeout if own.total is None else own.total,
    )
