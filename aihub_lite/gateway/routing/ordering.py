"""In which order a request tries channels, where its model's strategy is another than `priority`.

An ordering only says what comes first. Which channels are available, which keys may be used, and how many attempts
there are is the same under every strategy.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from math import log

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import cost_of, with_fee
from aihub_lite.domain.strategy import Strategy
from aihub_lite.domain.usage import Attempt, Usage
from aihub_lite.gateway.routing.fault_policy import POLICY
from aihub_lite.gateway.routing.latency import Key, Latencies
from aihub_lite.upstream.providers import is_unpriced
from aihub_lite.wire.chat.conversation import conversation_of
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.protocols import Request

Rank = tuple[float, tuple[float, ...]]
"""Tier, and rank within it; smaller comes first. Within a tier, channels that failed this request come last."""
SizeAt = Callable[[Candidate], Usage]
"""The most that a request may come to at a candidate, whose channel may say how much it may write."""
HARMFUL = frozenset(fault for fault, policy in POLICY.items() if policy.harms_channel)


@attrs.frozen
class Ordering:
    """The order of channels for one request; this one by priority alone."""

    def rank(self, candidate: Candidate, key_id: str) -> Rank:
        """Where a channel with one of its keys stands; equal ranks are a weighted choice."""
        return -candidate.channel.priority, ()

    def started(self, candidate: Candidate) -> None:
        """An attempt begins at a candidate."""

    def ended(self, candidate: Candidate, attempt: Attempt) -> None:
        """An attempt at a candidate gave first content, or failed."""


BY_PRIORITY = Ordering()


@attrs.frozen
class ByPrice(Ordering):
    """Cheapest first, then by priority."""

    size_at: SizeAt
    now: float
    """Unix time."""

    def rank(self, candidate: Candidate, key_id: str) -> Rank:
        """A candidate whose price nobody knows comes last."""
        cost = known_cost(candidate, self.size_at(candidate), self.now)
        return 0, (cost is None, cost or 0, -candidate.channel.priority)


@attrs.frozen
class ByLatency(Ordering):
    """Soonest first, then by priority."""

    latencies: Latencies
    streamed: bool

    def rank(self, candidate: Candidate, key_id: str) -> Rank:
        """A candidate that was never asked comes first."""
        return 0, (self.latencies.expected(latency_key(candidate, self.streamed)), -candidate.channel.priority)

    def started(self, candidate: Candidate) -> None:
        """Of several requests at once, only one goes to see how fast an unknown candidate is."""
        self.latencies.started(latency_key(candidate, self.streamed))

    def ended(self, candidate: Candidate, attempt: Attempt) -> None:
        """A failure that is no fault of the channel says nothing of its speed."""
        seconds = attempt.duration_ms / 1000
        if not attempt.fault:
            self.latencies.measured(latency_key(candidate, self.streamed), seconds)
        elif attempt.fault in HARMFUL:
            self.latencies.failed(latency_key(candidate, self.streamed), seconds)


@attrs.frozen
class ByConversation(Ordering):
    """By priority, and within one the same channel, and key, for the same conversation.

    Rendezvous hashing: each channel draws a number from the conversation, and the highest wins. When a channel is
    out, only the conversations that it had won move, each to its second; when it is back, they return.
    """

    conversation: bytes = attrs.field(repr=False)

    def rank(self, candidate: Candidate, key_id: str) -> Rank:
        """A channel of weight 2 wins twice as many conversations as one of weight 1."""
        channel = candidate.channel
        drawn = draw(self.conversation, channel.id) / channel.weight
        return -channel.priority, (drawn, draw(self.conversation, f"{channel.id}/{key_id}"))


def ordering_of(
    strategy: Strategy, request: Request, chat: ChatRequest | None, size_at: SizeAt, latencies: Latencies, now: float
) -> Ordering:
    """By a model's strategy; `chat` is the request as a conversation, `now` Unix time."""
    match strategy:
        case "cheapest":
            return ByPrice(size_at, now)
        case "fastest":
            return ByLatency(latencies, request.stream)
        case "sticky" if chat is not None:
            return ByConversation(conversation_of(chat.body["messages"]))
        case "sticky" | "priority":
            return BY_PRIORITY


def draw(conversation: bytes, name: str) -> float:
    """An exponentially distributed number, always the same for the same conversation and name."""
    number = int.from_bytes(blake2b(name.encode(), digest_size=8, key=conversation).digest())
    return -log((number + 1) / (2**64 + 1))


def known_cost(candidate: Candidate, size: Usage, now: float) -> int | None:
    """In nano-USD, of a request that begins at Unix time `now`; None where no price is known."""
    if is_unpriced(candidate):
        return None
    price = candidate.price.at(now)
    return cost_of(with_fee(size, price), price)


def latency_key(candidate: Candidate, streamed: bool) -> Key:
    """What the average of a candidate is kept by."""
    return candidate.channel.id, candidate.upstream_model, streamed
