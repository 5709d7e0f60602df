"""Streams whose events name their `type`: images, speech and transcripts."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.asked import Asked
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.passed_stream import END, chunk_of
from aihub_lite.wire.sse import event, named_event

FINAL = (".completed", ".done")
"""How the type of a last event ends: `image_generation.completed`, `transcript.text.done`, `speech.audio.done`."""


@attrs.define
class TypedStream:
    """Passes events on; what its surface counts is for a subclass to say."""

    named: ClassVar[bool] = False
    """Whether events carry their type in an `event:` line too, as clients of this surface may expect."""

    asked: Asked
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    relayed_bytes: int = 0
    ended: int = 0
    """Last events so far: one for every image."""

    @property
    def complete(self) -> bool:
        """Whether all last events are there."""
        return self.ended >= 1

    def push(self, payload: bytes) -> list[bytes]:
        """Raises AnswerNonsense and StreamError."""
        if payload.strip() == END:
            self.done = True
            return []
        chunk = chunk_of(payload)
        kind = chunk.get("type")
        if not isinstance(kind, str) or not kind.isprintable():
            kind = ""
        self.has_content = True
        self.relayed_bytes += self.said(chunk, payload)
        if kind.endswith(FINAL):
            self.ended += 1
            self.usage = self.reported(chunk.get("usage")) or self.usage
            self.done = self.complete
        data = encode(chunk)
        return [named_event(kind, data) if self.named and kind else event(data)]

    def end(self) -> list[bytes]:
        """The last event is the end."""
        return []

    def said(self, chunk: dict[str, Any], payload: bytes) -> int:
        """How much an event brings, in bytes."""
        return len(payload)

    def reported(self, usage: object) -> Usage | None:
        """What a last event says it came to."""
        raise NotImplementedError

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        raise NotImplementedError
