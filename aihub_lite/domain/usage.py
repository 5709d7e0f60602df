"""What a request consumed, and the one row that is kept of it."""

from __future__ import annotations

from typing import Literal

import attrs

from aihub_lite.domain.modal import Modal

MAX_TOKENS = 100_000_000
"""Above this a count from an upstream is nonsense and is clamped: no model reads or writes that much."""

UsageSource = Literal["upstream", "estimated", "none"]
Unit = Literal["image", "millisecond", "character", "search"]
"""What is counted besides tokens, one kind per request; milliseconds are those of audio."""
Outcome = Literal["ok", "error", "client_gone", "cut_off", "stopped", "interrupted"]
"""How a request ended: answered; failed before any content; the client left; the upstream broke off after
content; the gateway was shutting down or an operator stopped it; the process died."""


@attrs.frozen
class Usage:
    """Token counts in OpenAI's convention: cached ones are part of the prompt, reasoning part of the completion.

    And how many of them are no text, and how many units there were of something else.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    units: int = attrs.field(default=0, kw_only=True)
    unit: Unit | Literal[""] = attrs.field(default="", kw_only=True)
    modal: Modal | None = attrs.field(default=None, kw_only=True)

    @classmethod
    def clamped(
        cls, prompt: object, completion: object, cache_read: object = 0, cache_write: object = 0, reasoning: object = 0
    ) -> Usage:
        """Counts as an upstream reported them, made sane: whole, not negative, parts no larger than the whole."""
        whole_in, whole_out = count(prompt), count(completion)
        read = min(count(cache_read), whole_in)
        return cls(
            whole_in, whole_out, read, min(count(cache_write), whole_in - read), min(count(reasoning), whole_out)
        )

    def with_modal(self, modal: Modal) -> Usage:
        """The same with as many tokens that are no text as there is room for: thoughts are text, and so is what was
        written to a cache."""
        fresh = self.prompt_tokens - self.cache_read_tokens - self.cache_write_tokens
        written = self.completion_tokens - self.reasoning_tokens
        return attrs.evolve(self, modal=modal.within(fresh, self.cache_read_tokens, written))


def count(value: object) -> int:
    """A token count from foreign JSON: anything that is not a non-negative number counts as 0."""
    if type(value) is int and 0 <= value <= MAX_TOKENS:
        return value  # what upstreams send, several in every event of some streams
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if not 0 <= value < float("inf"):
        return 0
    return min(int(value), MAX_TOKENS)


@attrs.frozen
class Attempt:
    """One try at one channel: upstream status (0: none came) or a fault word, and its duration in ms."""

    channel: str
    status: int
    fault: str
    duration_ms: int


@attrs.frozen(kw_only=True)
class UsageRecord:
    """One row per finished request: metadata only, never text. Times in Unix ms, money in nano-USD."""

    request_id: str
    started_ms: int
    token_id: str
    token: str
    model: str
    surface: str
    streamed: bool
    outcome: Outcome
    status: int
    error_code: str
    channel: str
    upstream_model: str
    attempts: tuple[Attempt, ...]
    usage: Usage
    usage_source: UsageSource
    price: str
    """The rates used, as JSON of `Price`, so that the bill can be re-computed."""
    cost_nano: int
    overrun_nano: int
    """By how much the cost exceeded the hold."""
    first_byte_ms: int
    """From arrival to the first content sent to the client; 0 when none was sent."""
    duration_ms: int
    client: str
    """The client's product name and version, from `User-Agent`, shortened and cleaned."""
