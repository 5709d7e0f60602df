"""What was booked and what was refused since the start, by kinds that have a bounded number.

Every figure is of a usage record whose settlement is on the disk, so sums over time are those of `usage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.telemetry.families import OTHER, Counter, Histogram, LabelNames, MetricFamily

NANO = 1_000_000_000
DURATIONS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
"""Seconds: from an embedding to a model that thinks for ten minutes."""
FIRST_TOKENS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
MOST_MODELS = 200
MOST_CHANNELS = 200
MOST_TOKENS = 1000
MOST_CODES = 100
BY_ROUTE = ("model", "channel")
ENDED = "Requests that ended, with a usage record each."
COST = "What requests cost, in USD, as it was booked."
USED = "Tokens of models, each counted under one kind only."
FAILED = "Requests with a usage record that failed, by the code that was told."
REFUSED = "Calls that were refused before anything was held for them."
TRIED = "Tries at channels, by what came of them: ok, or the fault."
ESTIMATED = "Requests booked by an estimate, as the upstream told no usage."
WHOLE = "From a request's arrival to its end."
FIRST = "From a request's arrival to the first content sent to its client."
WAITED = "How long requests waited for a channel that was not at a limit."


def tokens_by_kind(usage: Usage) -> Iterator[tuple[str, int]]:
    """Each token of a request once: what was cached is no `input`, and what was thought no `output`."""
    yield "input", usage.prompt_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    yield "cache_read", usage.cache_read_tokens
    yield "cache_write", usage.cache_write_tokens
    yield "output", usage.completion_tokens - usage.reasoning_tokens
    yield "reasoning", usage.reasoning_tokens


@attrs.define(eq=False)
class Tallies:
    """All counts of this process."""

    is_listed: Callable[[str], bool]
    """Whether a model is offered by its name: what patterns let through may be whatever a client wrote."""
    with_tokens: bool = False
    """Whether tokens are told apart, by their names."""
    models: LabelNames = attrs.field(factory=lambda: LabelNames(MOST_MODELS))
    channels: LabelNames = attrs.field(factory=lambda: LabelNames(MOST_CHANNELS))
    tokens: LabelNames = attrs.field(factory=lambda: LabelNames(MOST_TOKENS))
    codes: LabelNames = attrs.field(factory=lambda: LabelNames(MOST_CODES))
    requests: Counter = attrs.field(factory=lambda: Counter("aihub_requests", ENDED, (*BY_ROUTE, "surface", "outcome")))
    cost: Counter = attrs.field(factory=lambda: Counter("aihub_cost_usd", COST, BY_ROUTE, NANO))
    used: Counter = attrs.field(factory=lambda: Counter("aihub_tokens", USED, (*BY_ROUTE, "kind")))
    errors: Counter = attrs.field(factory=lambda: Counter("aihub_errors", FAILED, ("code", "channel")))
    refusals: Counter = attrs.field(factory=lambda: Counter("aihub_refusals", REFUSED, ("status", "code")))
    attempts: Counter = attrs.field(factory=lambda: Counter("aihub_attempts", TRIED, ("channel", "result")))
    estimated: Counter = attrs.field(factory=lambda: Counter("aihub_estimated_requests", ESTIMATED, ("channel",)))
    durations: Histogram = attrs.field(
        factory=lambda: Histogram("aihub_request_duration_seconds", WHOLE, BY_ROUTE, DURATIONS)
    )
    first_tokens: Histogram = attrs.field(
        factory=lambda: Histogram("aihub_time_to_first_token_seconds", FIRST, BY_ROUTE, FIRST_TOKENS)
    )
    waits: Histogram = attrs.field(
        factory=lambda: Histogram("aihub_queue_wait_seconds", WAITED, ("channel",), FIRST_TOKENS)
    )
    token_requests: Counter = attrs.field(factory=lambda: Counter("aihub_token_requests", ENDED, ("token",)))
    token_cost: Counter = attrs.field(factory=lambda: Counter("aihub_token_cost_usd", COST, ("token",), NANO))

    def booked(self, record: UsageRecord) -> None:
        """A settlement is on the disk."""
        route = self.route(record)
        channel = route[1]
        self.requests.add((*route, record.surface, record.outcome))
        self.cost.add(route, record.cost_nano)
        for kind, count in tokens_by_kind(record.usage):
            if count:
                self.used.add((*route, kind), count)
        if record.error_code:
            self.errors.add((self.codes.label(record.error_code), channel))
        if record.usage_source == "estimated":
            self.estimated.add((channel,))
        for attempt in record.attempts:
            self.attempts.add((self.channels.label(attempt.channel), attempt.fault or "ok"))
        self.durations.add(route, record.duration_ms)
        if record.first_byte_ms:
            self.first_tokens.add(route, record.first_byte_ms)
        if record.waited_ms:
            self.waits.add((channel,), record.waited_ms)
        if self.with_tokens:
            token = (self.tokens.label(record.token),)
            self.token_requests.add(token)
            self.token_cost.add(token, record.cost_nano)

    def route(self, record: UsageRecord) -> tuple[str, str]:
        """The labels of a record's model and channel."""
        return self._model(record), self.channels.label(record.channel)

    def refused(self, status: int, code: str) -> None:
        """A call was refused, and no record tells of it."""
        self.refusals.add((str(status), self.codes.label(code)))

    def families(self) -> Iterator[MetricFamily]:
        """All as they stand."""
        for tally in (self.requests, self.cost, self.used, self.errors, self.refusals, self.attempts, self.estimated):
            yield tally.family()
        for histogram in (self.durations, self.first_tokens, self.waits):
            yield histogram.family()
        if self.with_tokens:
            yield self.token_requests.family()
            yield self.token_cost.family()

    def _model(self, record: UsageRecord) -> str:
        """A model that only a pattern offers has a label of its own once its upstream has answered for it."""
        name = record.model
        if name in self.models or record.outcome == "ok" or self.is_listed(name):
            return self.models.label(name)
        return OTHER
