"""Traces and metrics to a collector of OpenTelemetry, by OTLP over HTTP, in the words of its conventions for gen_ai.

Whoever ends a request only puts spans into a queue: threads of the SDK send them, and what they cannot send is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import attrs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram as Distribution
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from aihub_lite import __version__
from aihub_lite.domain.usage import Attempt, UsageRecord
from aihub_lite.telemetry.request_watch import EndedRequest
from aihub_lite.telemetry.tallies import Tallies
from aihub_lite.telemetry.trace import Trace

NAME = "aihub_lite"
TIMEOUT = 5.0
"""Seconds that a thread waits for the collector."""
LAST_WORDS = 1.0
"""Seconds that the end of the process waits for what is left to be sent."""
SAY_AGAIN = 60.0
"""Seconds between two lines of the log about a collector that takes nothing."""
MS = 1_000_000
"""Nanoseconds."""
OPERATIONS = {"chat": "chat", "messages": "chat", "responses": "chat", "completions": "text_completion"}
"""By our surfaces; the others go by their own names, as the conventions allow."""
SCOPE = InstrumentationScope(NAME, __version__)
Attributes = dict[str, str | int | float | bool]


class Seldom(logging.Filter):
    """Lets one of the SDK's lines pass in a minute: one for each span that finds no room would be a flood."""

    def __init__(self, time: Callable[[], float]) -> None:
        super().__init__()
        self._time = time
        self._say_from = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is said."""
        now = self._time()
        if now < self._say_from:
            return False
        self._say_from = now + SAY_AGAIN
        return True


@attrs.define(eq=False)
class Exporter:
    """Takes requests as they end, and records as they are booked."""

    spans: BatchSpanProcessor
    meters: MeterProvider
    resource: Resource
    tallies: Tallies
    """What bounds the names of models and channels."""
    provider_of: Callable[[str], str]
    """By a channel's name."""
    tokens: Distribution
    durations: Distribution
    first_chunks: Distribution
    cost: Callable[[int, Attributes], None]

    @classmethod
    def to(cls, endpoint: str, tallies: Tallies, provider_of: Callable[[str], str]) -> Exporter:
        """To a collector; `endpoint` without `/v1/traces`. Its headers come from OTEL_EXPORTER_OTLP_HEADERS."""
        resource = Resource.create({"service.name": "aihub-lite", "service.version": __version__})
        spans = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=TIMEOUT))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics", timeout=TIMEOUT))
        meters = MeterProvider([reader], resource, shutdown_on_exit=False)
        meter = meters.get_meter(NAME, __version__)
        cost = meter.create_counter("aihub.cost", "{nUSD}", "What requests cost, in nano-USD, as it was booked.")
        return cls(
            spans,
            meters,
            resource,
            tallies,
            provider_of,
            meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of requests."),
            meter.create_histogram("gen_ai.client.operation.duration", "s", "From a request's arrival to its end."),
            meter.create_histogram("gen_ai.client.operation.time_to_first_chunk", "s", "To the first content."),
            cost.add,
        )

    def booked(self, record: UsageRecord) -> None:
        """A settlement is on the disk: what is measured is measured of it."""
        model, channel = self.tallies.route(record)
        told = self._of_model(operation_of(record.surface), model, channel)
        self.cost(record.cost_nano, told)
        self.tokens.record(record.usage.prompt_tokens, {**told, "gen_ai.token.type": "input"})
        self.tokens.record(record.usage.completion_tokens, {**told, "gen_ai.token.type": "output"})
        failed: Attributes = {}
        if record.error_code:
            failed["error.type"] = self.tallies.codes.label(record.error_code)
        self.durations.record(record.duration_ms / 1000, {**told, **failed})
        if record.first_byte_ms:
            self.first_chunks.record(record.first_byte_ms / 1000, told)

    def ended(self, ended: EndedRequest) -> None:
        """A request is over: its spans are due, unless its client does not record them."""
        if ended.trace.sampled and (ended.record is not None or ended.refused is not None):
            for span in self._spans_of(ended):
                self.spans.on_end(span)

    def _of_model(self, operation: str, model: str, channel: str) -> Attributes:
        told: Attributes = {"gen_ai.operation.name": operation, "gen_ai.request.model": model}
        if channel:
            told |= {"gen_ai.provider.name": self.provider_of(channel), "aihub.channel": channel}
        return told

    def _spans_of(self, ended: EndedRequest) -> Iterator[ReadableSpan]:
        context = context_of(ended.trace.trace_id, ended.trace.span_id)
        start = (ended.ended_ms - ended.ms) * MS
        told: Attributes = {
            "http.request.method": ended.method,
            "url.path": ended.path,
            "http.response.status_code": ended.status,
            "aihub.request_id": ended.request_id,
        }
        name = ended.method
        error = ""
        if ended.refused is not None:
            error = ended.refused.code
        if (record := ended.record) is not None:
            operation = operation_of(record.surface)
            name = f"{operation} {record.model}"
            error = record.error_code
            told |= self._of_model(operation, record.model, record.channel)
            told |= usage_of(record)
            for attempt in record.attempts:
                yield self._attempt(context, start, operation, record, attempt)
        if error:
            told["error.type"] = error
        parent = parent_of(ended.trace)
        yield self._span(name, context, parent, told, SpanKind.SERVER, error, (start, ended.ended_ms * MS))

    def _attempt(
        self, parent: SpanContext, start: int, operation: str, record: UsageRecord, attempt: Attempt
    ) -> ReadableSpan:
        told = self._of_model(operation, attempt.model or record.model, attempt.channel)
        if attempt.status:
            told["http.response.status_code"] = attempt.status
        if attempt.fault:
            told["error.type"] = attempt.fault
        began = start + attempt.began_ms * MS
        context = SpanContext(
            parent.trace_id, secrets.randbits(63) + 1, is_remote=False, trace_flags=parent.trace_flags
        )
        times = (began, began + attempt.duration_ms * MS)
        name = f"{operation} {attempt.model or record.model}"
        return self._span(name, context, parent, told, SpanKind.CLIENT, attempt.fault, times)

    def _span(
        self,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        told: Attributes,
        kind: SpanKind,
        error: str,
        times: tuple[int, int],
    ) -> ReadableSpan:
        status = Status(StatusCode.UNSET)
        if error:
            status = Status(StatusCode.ERROR)
        return ReadableSpan(
            name,
            context,
            parent,
            self.resource,
            told,
            kind=kind,
            status=status,
            start_time=times[0],
            end_time=times[1],
            instrumentation_scope=SCOPE,
        )

    async def close(self) -> None:
        """Send what is left, as far as that takes no longer than LAST_WORDS: a collector may hang."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def end() -> None:
            with suppress(Exception):
                self.spans.shutdown()  # type: ignore[no-untyped-call]
            with suppress(Exception):
                self.meters.shutdown(timeout_millis=TIMEOUT * 1000)
            with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
                loop.call_soon_threadsafe(over.set)

        # Not in the executor of the loop, whose end waits for all of its threads.
        threading.Thread(target=end, name="otlp end", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await over.wait()


def operation_of(surface: str) -> str:
    """What the conventions call what a surface does."""
    return OPERATIONS.get(surface, surface)


def usage_of(record: UsageRecord) -> Attributes:
    """What a record says of tokens, times and money."""
    usage = record.usage
    told: Attributes = {
        "gen_ai.response.model": record.upstream_model,
        "gen_ai.request.stream": record.streamed,
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        "aihub.token_id": record.token_id,
        "aihub.outcome": record.outcome,
        "aihub.cost_nano_usd": record.cost_nano,
    }
    if record.first_byte_ms:
        told["gen_ai.response.time_to_first_chunk"] = record.first_byte_ms / 1000
    return told


def context_of(trace_id: str, span_id: str, *, is_remote: bool = False) -> SpanContext:
    """Ids as the SDK has them."""
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=is_remote, trace_flags=TraceFlags(1))


def parent_of(trace: Trace) -> SpanContext | None:
    """The client's span; None where it named none."""
    if not trace.parent_id:
        return None
    return context_of(trace.trace_id, trace.parent_id, is_remote=True)
