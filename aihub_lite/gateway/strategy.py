"""In which order a request tries channels, where its model's strategy is another than `priority`.

An ordering only says what comes first. Which channels are well, which keys may be used, and how many attempts there
are is the router's business under every strategy.
"""

from __future__ import annotations

from hashlib import blake2b
from math import log

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import UNPRICED, cost_of
from aihub_lite.domain.usage import Attempt, Usage
from aihub_lite.gateway.faults import POLICY
from aihub_lite.gateway.speeds import Key, Speeds
from aihub_lite.upstream.providers import PROVIDERS

Place = tuple[float, tuple[float, ...]]
"""Tier, and place within it; smaller comes first. Within a tier, channels that failed this request come last."""
HARMFUL = frozenset(fault for fault, policy in POLICY.items() if policy.harms_channel)


@attrs.frozen
class Ordering:
    """The order of channels for one request. This one knows none: all are equal."""

    def place(self, candidate: Candidate, key_id: str) -> Place:
        """Where a channel with one of its keys stands; equal places are a weighted choice."""
        return 0, ()

    def began(self, candidate: Candidate) -> None:
        """An attempt begins there."""

    def ended(self, candidate: Candidate, attempt: Attempt) -> None:
        """An attempt gave first content, or failed."""


@attrs.frozen
class ByPrice(Ordering):
    """Cheapest first, then by priority."""

    size: Usage

    def place(self, candidate: Candidate, key_id: str) -> Place:
        """What nobody knows the price of comes last."""
        cost = known_cost(candidate, self.size)
        return 0, (cost is None, cost or 0, -candidate.channel.priority)


@attrs.frozen
class BySpeed(Ordering):
    """Soonest first, then by priority."""

    speeds: Speeds
    streamed: bool

    def place(self, candidate: Candidate, key_id: str) -> Place:
        """What was never asked comes first."""
        return 0, (self.speeds.expected(speed_key(candidate, self.streamed)), -candidate.channel.priority)

    def began(self, candidate: Candidate) -> None:
        """From now on others need not go and see."""
        self.speeds.asked(speed_key(candidate, self.streamed))

    def ended(self, candidate: Candidate, attempt: Attempt) -> None:
        """What is no fault of the channel says nothing of its speed."""
        seconds = attempt.duration_ms / 1000
        if not attempt.fault:
            self.speeds.measured(speed_key(candidate, self.streamed), seconds)
        elif attempt.fault in HARMFUL:
            self.speeds.failed(speed_key(candidate, self.streamed), seconds)


@attrs.frozen
class ByConversation(Ordering):
    """By priority, and within one the same channel, and key, for the same conversation.

    Rendezvous hashing: each channel draws a number from the conversation, and the highest wins. When a channel is
    out, only the conversations that it had won move, each to its second; when it is back, they return.
    """

    conversation: bytes = attrs.field(repr=False)

    def place(self, candidate: Candidate, key_id: str) -> Place:
        """A channel of weight 2 wins twice as many conversations as one of weight 1."""
        channel = candidate.channel
        drawn = draw(self.conversation, channel.id) / channel.weight
        return -channel.priority, (drawn, draw(self.conversation, f"{channel.id}/{key_id}"))


def draw(conversation: bytes, name: str) -> float:
    """An exponentially distributed number, always the same for the same two."""
    number = int.from_bytes(blake2b(name.encode(), digest_size=8, key=conversation).digest())
    return -log((number + 1) / (2**64 + 1))


def known_cost(candidate: Candidate, size: Usage) -> int | None:
    """Nano-USD; None where no price is known. What runs on one's own machine, or is a demo, costs nothing."""
    if candidate.price != UNPRICED:
        return cost_of(size, candidate.price)
    provider = PROVIDERS.get(candidate.channel.provider)
    free = provider is not None and (provider.local or provider.base_url.startswith("demo:"))
    return 0 if free else None


def speed_key(candidate: Candidate, streamed: bool) -> Key:
    """What an average is kept by."""
    return candidate.channel.id, candidate.upstream_model, streamed
