"""One attempt: asks one upstream, and reads its answer up to the first real content, or whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Clocks
from aihub_lite.errors import AnswerOverdue, InvalidRequest, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.adapters.outgoing import authorize, outgoing
from aihub_lite.gateway.adapters.surface import SurfaceTraits
from aihub_lite.gateway.client.exchange import STREAM_HEADERS, file_headers
from aihub_lite.gateway.deadline import Deadline
from aihub_lite.gateway.line.streaming import Passthrough, Splitter, StreamedAnswer
from aihub_lite.gateway.routing.classify import failure_of, not_a_stream, refusal, scrubbed, transport_failure
from aihub_lite.gateway.routing.fault_policy import AttemptFailed, Fault
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.access.authorizer import Authorization
from aihub_lite.upstream.http1.faults import AnswerTooLarge, TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Response, Transport
from aihub_lite.wire.event_stream import CONTENT_TYPE as EVENT_STREAM
from aihub_lite.wire.event_stream import MessageSplitter
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.protocols import Answer, Request
from aihub_lite.wire.scrubbing import scrub, scrub_payload, together
from aihub_lite.wire.sse import EventSplitter, EventTooLarge
from aihub_lite.wire.upstream_error import is_unreadable

ERROR_BODY_LIMIT = 256 * 1024
"""Bytes of an error answer that are read."""
WITHHELD = "The model's policy kept its answer back."


@attrs.frozen
class Deadlines:
    """A channel's clocks in force, in seconds."""

    connect: float
    first_byte: float
    idle: float
    answer: float
    """Of an answer that is not streamed, all of it, from when the request was sent whole."""
    total: float


def deadlines(own: Clocks, settings: Settings) -> Deadlines:
    """A channel's clocks, the gateway's where it has none of its own."""
    return Deadlines(
        connect=_seconds(own.connect, settings.connect_timeout),
        first_byte=_seconds(own.first_byte, settings.first_byte_timeout),
        idle=_seconds(own.idle, settings.idle_timeout),
        answer=_seconds(own.answer, settings.answer_timeout),
        total=_seconds(own.total, settings.total_timeout),
    )


def _seconds(own: float | None, default: float) -> float:
    if own is None:
        return default
    return own


@attrs.define(eq=False)
class UpstreamAttempt:
    """One try at one lane; made for one call of `open`."""

    surface: SurfaceTraits
    request: Request
    lane: Lane
    adapter: Adapter
    context: AttemptContext
    settings: Settings
    deadlines: Deadlines
    transport: Transport
    lingering: set[asyncio.Task[None]]
    """Where a finished answer waits for the end of its transfer."""
    patience: float | None = None
    """Seconds for the first byte, where another model of a named route is to be tried then; None: as the clocks say."""
    may_be_withheld: bool = True
    """Whether an answer that a policy kept back is passed on as one; else another model of a named route is tried."""
    head: float = 0.0
    """When the head of an answer was in, by the context's clock; 0 while none is."""
    _response: Response | None = None
    _heard: bool = False
    """Whether anything came of the answer."""
    _authorization: Authorization | None = None
    """What the lane's credential was exchanged for; None where it is sent as it is."""

    @property
    def told(self) -> Mapping[str, str] | None:
        """The headers of the upstream's answer; None where none came."""
        if self._response is None:
            return None
        return self._response.headers

    @property
    def streams(self) -> bool:
        """Whether its answer began to come as a stream."""
        return self.context.stream is not None

    async def open(self) -> StreamedAnswer | Answer:
        """The answer: a stream from its first content on, or all of it. Raises AttemptFailed."""
        answer: StreamedAnswer | Answer | None = None
        given: StreamedAnswer | Answer
        try:
            async with Deadline(self._shortened(self.deadlines.first_byte)) as deadline:
                response = self._response = await self._send(deadline)
                self.head = self.context.clock.monotonic()
                if response.status != 200:
                    self.context.parcel.sent = False
                    raise await self._refusal(response)
                if self._streams(response):
                    given = await self._first_content(response, deadline)
                else:
                    given = self._whole(response, await self._read(response, deadline))
                self._check_given(given)
                answer = given
                return answer
        except TimeoutError:
            raise self._silence() from None
        except TransportFault as error:
            raise transport_failure(error) from error
        except AttemptFailed as failure:
            failure.error = scrubbed(failure.error, self._secrets)
            if self._response is not None:
                failure.fault = self._amendable(failure)
            raise
        finally:
            if self._response is not None and not isinstance(answer, StreamedAnswer):
                await self._response.aclose()

    def _check_given(self, answer: StreamedAnswer | Answer) -> None:
        """Raises AttemptFailed for an answer that a policy kept back, where another model may give one."""
        if not self.may_be_withheld and is_withheld(answer):
            raise AttemptFailed("withheld", UpstreamRejected(400, "content_filter", WITHHELD), status=200)

    def _silence(self) -> AttemptFailed:
        """What it means that nothing came in time."""
        if self.patience is not None and not self._heard:
            return AttemptFailed("slow", UpstreamTimeout("The upstream sent nothing in time."))
        if self.context.parcel.sent and not self.request.stream:
            return AttemptFailed("late", AnswerOverdue(self.deadlines.answer))
        return AttemptFailed("timeout", UpstreamTimeout("The upstream sent nothing in time."))

    def _shortened(self, seconds: float) -> float:
        if self.patience is None:
            return seconds
        return min(seconds, self.patience)

    def _amendable(self, failure: AttemptFailed) -> Fault:
        """The fault of an answer: another one where the next adapter will ask in a way that may do."""
        error = failure.error
        # First: that a thought is not there is a 404, as if the endpoint were not.
        unreadable = failure.fault in ("client", "unsuited") and is_unreadable(error.code, error.message)
        if unreadable and not self.context.without_thoughts and self.adapter.forget():
            return "unreadable"
        if failure.fault in ("unsuited", "nonsense") and self.adapter.rephrase():
            return "absent"
        # AWS says it with 403, which of a client's own words may mean that they are not allowed.
        if failure.fault in ("auth", "unsuited") and failure.status in (401, 403) and self._outdated():
            return "outdated"
        if failure.fault != "client":
            return failure.fault
        if self.adapter.reword(error.message):
            return "absent"
        return "client"

    async def _send(self, deadline: Deadline) -> Response:
        try:
            sent, headers = outgoing(self.adapter, self.lane)
        except InvalidRequest as error:
            raise AttemptFailed("unsuited", error) from error
        self.context.dropped = sent.dropped
        self.context.renamed = sent.renamed
        if self.context.traceparent:
            headers = [*headers, (b"traceparent", self.context.traceparent)]
        access = PROVIDERS[self.lane.candidate.channel.provider].access
        if access is not None:
            self._authorization = await authorize(self.transport.access, access, self.lane, sent, headers)
            headers = [*headers, *self._authorization.headers]
        connect = self.deadlines.connect
        if not self.request.stream:
            # An upstream that has all of such a request says nothing until its answer is made.
            self.context.parcel.on_sent = partial(deadline.give, self._shortened(self.deadlines.answer))
        return await self.transport.send("POST", sent.url, headers, sent.body, connect, self.context.parcel)

    @property
    def _secrets(self) -> str:
        """What the upstream was sent, or a proxy before it, and may echo."""
        secrets = self.lane.secrets
        if self._authorization is not None:
            secrets = attrs.evolve(self.lane, secret=self._authorization.secret).secrets
        if self._response is not None and self._response.secrets:
            return together(secrets, self._response.secrets)
        return secrets

    def _outdated(self) -> bool:
        """Whether what was refused is what a credential was exchanged for, and another exchange may do."""
        access = PROVIDERS[self.lane.candidate.channel.provider].access
        if access is None or self._authorization is None:
            return False
        return self.transport.access.refused(access, self.lane.secret, self._authorization)

    async def _refusal(self, response: Response) -> AttemptFailed:
        body = await response.read(ERROR_BODY_LIMIT)
        everywhere = self.surface.everywhere and not self.adapter.verbatim
        return refusal(response.status, response.headers, body, everywhere=everywhere)

    def _streams(self, response: Response) -> bool:
        return self.request.stream and not not_a_stream(response.headers, events=self.request.events)

    def _streaming(self, response: Response) -> StreamedAnswer:
        splitter: Splitter = Passthrough()
        head = STREAM_HEADERS
        if self.request.events:
            splitter = self._event_splitter(response.headers.get("content-type", ""))
        else:
            head = file_headers(scrub(response.headers["content-type"], self._secrets))
        stream = self.context.stream = self.adapter.stream()
        return StreamedAnswer(
            response=response,
            splitter=splitter,
            stream=stream,
            ready=[],
            idle=self.deadlines.idle,
            usage_grace=self.settings.usage_grace,
            until=asyncio.get_running_loop().time() + self.deadlines.total,
            lingering=self.lingering,
            head=head,
            secret=self._secrets,
        )

    def _event_splitter(self, content_type: str) -> Splitter:
        if content_type.startswith(EVENT_STREAM):
            return MessageSplitter(self.settings.max_event_bytes)
        return EventSplitter(self.settings.max_event_bytes)

    async def _first_content(self, response: Response, deadline: Deadline) -> StreamedAnswer:
        streaming = self._streaming(response)
        stream = streaming.stream
        splitter = streaming.splitter
        try:
            async for data in response:
                # The upstream is alive: a model that thinks before its first content has the time between two chunks.
                self._heard = True
                deadline.give(streaming.idle, streaming.until)
                for payload in splitter.feed(data):
                    streaming.ready += stream.push(scrub_payload(payload, streaming.secret))
                if stream.has_content:
                    return streaming
            for payload in splitter.flush():
                streaming.ready += stream.push(scrub_payload(payload, streaming.secret))
        except (StreamError, AnswerNonsense, EventTooLarge) as error:
            # What follows a complete answer in the same piece is no reason to ask again.
            if stream.complete:
                return streaming
            if isinstance(error, StreamError):
                raise failure_of(error.foreign, error.status) from error
            raise _nonsense("The upstream's stream makes no sense.") from error
        if stream.has_content:
            return streaming
        raise _nonsense("The upstream answered nothing.")

    async def _read(self, response: Response, deadline: Deadline) -> bytes:
        pieces: list[bytes] = []
        size = 0
        until = asyncio.get_running_loop().time() + self.deadlines.total
        while True:
            if self.request.stream:
                deadline.give(self.deadlines.idle, until)
            data = await anext(response, None)
            if data is None:
                return b"".join(pieces)
            if self.patience is not None and not self._heard:
                self._heard = True
                deadline.give(self.deadlines.answer)
            pieces.append(data)
            size += len(data)
            if size > self.settings.max_answer_bytes:
                raise AnswerTooLarge(self.settings.max_answer_bytes)

    def _whole(self, response: Response, data: bytes) -> StreamedAnswer | Answer:
        """A document: the answer, or what came in place of a stream (an error inside a 200, an HTML page, the answer of
        an upstream that does not stream, which then becomes a stream here)."""
        content_type = response.headers.get("content-type", "")
        data = scrub_payload(data, self._secrets)
        try:
            answer = self.adapter.answer(data, content_type)
            if self.request.stream and not self.surface.whole_for_stream:
                return self._streamed(response, self.adapter.events(data))
        except AnswerNonsense as error:
            if error.foreign is not None:
                raise failure_of(error.foreign, 502) from error
            raise _nonsense(error.message) from error
        return answer

    def _streamed(self, response: Response, payloads: list[bytes]) -> StreamedAnswer:
        """The stream that was asked for, of an answer that has been read to its end."""
        streaming = self._streaming(response)
        for payload in payloads:
            streaming.ready += streaming.stream.push(payload)
        if not streaming.stream.has_content:
            raise _nonsense("The upstream answered nothing.")
        return streaming


def is_withheld(answer: StreamedAnswer | Answer) -> bool:
    """Whether a policy kept the whole answer back."""
    if isinstance(answer, StreamedAnswer):
        return answer.stream.withheld
    return answer.withheld


def _nonsense(message: str) -> AttemptFailed:
    return AttemptFailed("nonsense", UpstreamBroken(message), status=200)
