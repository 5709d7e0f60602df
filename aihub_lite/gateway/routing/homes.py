"""Which model of a named route a conversation stays with: the one that answered it last holds its thoughts and caches.

In memory, as digests: no text is kept, and after a start a conversation begins at the first model again.
"""

from __future__ import annotations

from hashlib import blake2b

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.wire.chat.conversation import conversation_of
from aihub_lite.wire.chat.request import ChatRequest

LIMIT = 20_000
"""Conversations remembered, the latest ones: some 4 MB when full."""
KEPT = 3600.0
"""Seconds since the last answer: the longest that an upstream keeps a cache by default."""


@attrs.define(eq=False)
class Homes:
    """Remembers the model that answered each conversation last."""

    clock: Clock
    limit: int = LIMIT
    _models: dict[bytes, tuple[str, float]] = attrs.field(factory=dict)
    """Model and time of the answer, by conversation, oldest first."""

    def __len__(self) -> int:
        return len(self._models)

    def remember(self, conversation: bytes, model: str) -> None:
        """A model answered."""
        self._models.pop(conversation, None)  # so that it moves to the end, where the latest are
        self._models[conversation] = (model, self.clock.monotonic())
        while len(self._models) > self.limit:
            del self._models[next(iter(self._models))]

    def model_of(self, conversation: bytes) -> str | None:
        """The model that answered a conversation last, if that is not long ago."""
        model, at = self._models.get(conversation, ("", 0.0))
        if not model or self.clock.monotonic() - at > KEPT:
            return None
        return model


def conversation_at(route: str, token_id: str, chat: ChatRequest) -> bytes:
    """What a conversation of a token on a route is known by."""
    digest = blake2b(digest_size=16)
    for piece in (route.encode(), token_id.encode(), conversation_of(chat.body["messages"])):
        digest.update(b"%d:" % len(piece))
        digest.update(piece)
    return digest.digest()


def has_begun(chat: ChatRequest) -> bool:
    """Whether a model has had a turn in a conversation: before that it is at home nowhere."""
    return any(message.get("role") == "assistant" for message in chat.body["messages"])
