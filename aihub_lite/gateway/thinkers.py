"""Which key thought what: some models' thoughts are only read again at the account that had them.

Digests of signatures alone, and in memory: no text is kept, and after a start nobody is known to have thought anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import attrs

from aihub_lite.gateway.routing import Lane, Place
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic_thinking import signatures_in
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.claude_models import claude_model

LIMIT = 20_000
"""Thoughts remembered, the latest ones: some 4 MB when full."""


@attrs.define(eq=False)
class Thinkers:
    """Remembers the place of each thought that was relayed lately."""

    limit: int = LIMIT
    _places: dict[bytes, Place] = attrs.field(factory=dict)
    """By digest of the thought's signature, oldest first."""

    def __len__(self) -> int:
        return len(self._places)

    def thought(self, place: Place, details: Iterable[Mapping[str, Any]]) -> None:
        """Remember the thoughts of an answer, given as its `reasoning_details`."""
        for signature in signatures_in({"reasoning_details": [*details]}):
            digest = _digest(signature)
            self._places.pop(digest, None)
            self._places[digest] = place
        while len(self._places) > self.limit:
            del self._places[next(iter(self._places))]

    def home(self, asked: ChatRequest, lanes: Sequence[Lane]) -> Place | None:
        """Where the latest thought of a conversation came from, if it is known and any of its lanes would mind."""
        if not any(binds(lane) for lane in lanes):
            return None
        for message in reversed(asked.body["messages"]):
            for signature in reversed(signatures_in(message)):
                if (place := self._places.get(_digest(signature))) is not None:
                    return place
        return None

    def readable(self, place: Place, signature: str, unknown: bool) -> bool:
        """Whether a thought can be read at a place; `unknown` is the answer where nobody knows who had it."""
        found = self._places.get(_digest(signature))
        return unknown if found is None else found == place


def binds(lane: Lane) -> bool:
    """Whether a lane's model reads its own account's thoughts only."""
    candidate = lane.candidate
    wire = PROVIDERS[candidate.channel.provider].wire
    return wire == "anthropic" and claude_model(candidate.upstream_model).account_bound


def _digest(signature: str) -> bytes:
    return blake2b(signature.encode("utf-8", "surrogatepass"), digest_size=16).digest()
