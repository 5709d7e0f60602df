"""What a request consumed, and the one row that is kept of it."""

from __future__ import annotations

import logging
from typing import Literal

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.route import PassedOver

DRIFT_WINDOW = 50
"""Answers whose median is a channel's drift: what its upstream reports of its answers' texts, over what those have by
our own count. Of fewer nothing is said. An even number."""
MOST_DRIFT = 1.5
"""The largest drift that is put down to tokenizers: those of recorded honest providers lie from 0.8 to 1.15, and so who
doubles what is reported is above it."""

log = logging.getLogger(__name__)

MAX_TOKENS = 100_000_000
"""A larger count from an upstream is none: no model reads or writes that much."""

UsageSource = Literal["upstream", "estimated", "none", "moved"]
"""Who counted: `moved`, another gateway, from whose log the record was taken over."""
Unit = Literal["image", "millisecond", "character", "search"]
"""What is counted besides tokens, one kind per request; milliseconds are those of audio."""
Outcome = Literal["ok", "error", "client_gone", "cut_off", "stopped", "interrupted"]
"""How a request ended: answered; failed before any content; the client left; the upstream broke off after
content; the gateway was shutting down or an operator stopped it; the process died."""


@attrs.frozen
class Usage:
    """Token counts in OpenAI's convention: cached ones are part of the prompt, reasoning part of the completion.

    `modal` says which of them are no text, `units` how many of `unit` were used besides tokens.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    units: int = attrs.field(default=0, kw_only=True)
    unit: Unit | Literal[""] = attrs.field(default="", kw_only=True)
    modal: Modal | None = attrs.field(default=None, kw_only=True)
    cache_write_1h_tokens: int = attrs.field(default=0, kw_only=True)
    """Those of `cache_write_tokens` that stay for an hour, not for five minutes."""
    upstream_cost_nano: int | None = attrs.field(default=None, kw_only=True)
    """Nano-USD that the upstream itself says it cost; None where it says nothing."""
    tier: str = attrs.field(default="", kw_only=True)
    """Of service, as the upstream names it (`flex`, `priority`); empty: the standard one, or none was said."""
    others: tuple[OtherUsage, ...] = attrs.field(default=(), kw_only=True)
    """What other models read and wrote for the same answer, which the counts leave out."""
    hosted: Hosted | None = attrs.field(default=None, kw_only=True)
    """What the provider itself ran for it; None where nothing did."""

    @classmethod
    def clamped(
        cls, prompt: object, completion: object, cache_read: object = 0, cache_write: object = 0, reasoning: object = 0
    ) -> Usage:
        """Counts as an upstream reported them, made sane: whole, not negative, parts no larger than the whole.

        What is cut off is logged: it may be money that somebody is billed.
        """
        prompt_tokens = count(prompt)
        completion_tokens = count(completion)
        read = count(cache_read)
        written = count(cache_write)
        thought = count(reasoning)
        if read + written > prompt_tokens or thought > completion_tokens:
            log.warning(
                "Reported usage cannot be: %d cached and %d newly cached of %d prompt tokens, %d reasoning of %d"
                " completion tokens. The parts are cut to the whole.",
                *(read, written, prompt_tokens, thought, completion_tokens),
            )
            read = min(read, prompt_tokens)
            written = min(written, prompt_tokens - read)
            thought = min(thought, completion_tokens)
        return cls(prompt_tokens, completion_tokens, read, written, thought)

    @property
    def tokens(self) -> int:
        """All that were read and written, those of other models included."""
        return self.prompt_tokens + self.completion_tokens + sum(other.usage.tokens for other in self.others)

    def possible(self, known: Usage) -> Usage:
        """The same with zeros that cannot be as they are in `known`, an earlier count or an estimate of the same.

        No prompt is empty and no text is written in no tokens. Where units of something else are counted, or tokens of
        other models, there may well be none.
        """
        if self.unit or self.others or (self.prompt_tokens and self.completion_tokens):
            return self
        usage = self
        if known.prompt_tokens and not self.prompt_tokens:
            usage = attrs.evolve(
                usage,
                prompt_tokens=known.prompt_tokens,
                cache_read_tokens=known.cache_read_tokens,
                cache_write_tokens=known.cache_write_tokens,
                cache_write_1h_tokens=known.cache_write_1h_tokens,
            )
        if known.completion_tokens and not self.completion_tokens:
            usage = attrs.evolve(
                usage, completion_tokens=known.completion_tokens, reasoning_tokens=known.reasoning_tokens
            )
        if usage is not self and known.modal is not None:
            return usage.with_modal(self.modal or known.modal)
        return usage

    def with_hour(self, tokens: int) -> Usage:
        """The same with so many of the tokens written to a cache there for an hour, no more than were written."""
        if not tokens:
            return self
        return attrs.evolve(self, cache_write_1h_tokens=min(tokens, self.cache_write_tokens))

    def with_hosted(self, hosted: Hosted | None) -> Usage:
        """The same with what its provider ran for it; None leaves it as it is."""
        if hosted is None:
            return self
        return attrs.evolve(self, hosted=hosted)

    def with_modal(self, modal: Modal) -> Usage:
        """The same with the tokens that are no text, no more than there is room for: thoughts are text, and so is what
        was written to a cache."""
        fresh = self.prompt_tokens - self.cache_read_tokens - self.cache_write_tokens
        written = self.completion_tokens - self.reasoning_tokens
        return attrs.evolve(self, modal=modal.within(fresh, self.cache_read_tokens, written))


@attrs.frozen
class OtherUsage:
    """What another model than the one that was asked counted for an answer: one that it turned to for advice."""

    model: str
    """Its id upstream."""
    usage: Usage


def believable(reported: Usage | None, own: Usage) -> Usage:
    """What an answer came to: as its upstream reports it, and by our own count what that leaves out or cannot be."""
    if reported is None:
        return own
    return reported.possible(own)


def count(value: object) -> int:
    """A token count from foreign JSON: what is no number, or none that can be, counts as 0.

    No answer is billed by it then: `possible` puts an estimate there.
    """
    if type(value) is int and 0 <= value <= MAX_TOKENS:
        return value  # what upstreams send, several in every event of some streams
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if not 0 <= value < float("inf"):
        return 0
    if not credible(value):
        return 0
    return int(value)


def credible(tokens: int | float) -> bool:
    """Whether an upstream can mean a count; one that it cannot is logged."""
    if tokens <= MAX_TOKENS:
        return True
    log.warning("A reported count of %g tokens cannot be; it is left out.", tokens)
    return False


@attrs.frozen
class Attempt:
    """One try at one channel: the upstream's status (0: none came), the name of a fault, and its duration in ms."""

    channel: str
    status: int
    fault: str
    duration_ms: int
    model: str = ""
    """Of a named route: which of its models."""
    code: str = ""
    """The upstream's own word for what was wrong."""
    began_ms: int = 0
    """From the request's arrival to its beginning."""
    connect_ms: int = 0
    """Until the connection stood; 0 where one was open already."""
    head_ms: int = 0
    """From its beginning to the head of the upstream's answer; 0 where none came."""


@attrs.frozen
class OtherBill:
    """What an OtherUsage was billed at; `price` as in UsageRecord."""

    model: str
    usage: Usage
    price: str


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
    others: tuple[OtherBill, ...] = ()
    """What other models did for the answer, each at its own price; a part of the cost."""
    asked: str = ""
    """The name that the client asked for, where it is none of the model's own: a named route's, or an alias."""
    passed: tuple[PassedOver, ...] = ()
    """The models of a named route that were passed over, then the lanes, a bounded number of them."""
    drift: float | None = None
    """How many tokens its upstream reported of the text, over how many that has by our own count; None where the two
    cannot be compared."""
    waited_ms: int = 0
    """How long it waited for a channel that was not at a limit."""
    account: str = ""
    """Ids of the channel and its key, joined by a slash, where one of the two had a budget; else empty."""
    person_id: str = ""
    """Whose token it was when it began; empty for a team's or the gateway's own."""
    team_id: str = ""
    """Whose pot it drew from; empty for no team's."""
    tags: tuple[str, ...] = ()
    """How the client tagged it; domain/reports/tags.py says what is kept."""
    end_user: str = ""
    """The client's own name for the user that it works for."""
    saved_nano: int | None = None
    """What it would have cost more without the provider's cache; None where none was used, or no price is known."""
    error_text: str = ""
    """Why it failed: the sentence that its client got, without keys and without what anybody wrote."""
    upstream_code: str = ""
    """The upstream's own word for why it failed."""
    dropped: tuple[str, ...] = ()
    """Names of the client's fields that the upstream was not sent."""
    renamed: tuple[tuple[str, str], ...] = ()
    """The client's names of fields and tools that the upstream was told others for, each with that other."""
