"""Streams whose events name their `type`: images, speech and transcripts."""

from __future__ import annotations

from typing import ClassVar

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.passthrough.request import PassedRequest
from aihub_lite.wire.passthrough.stream import END, chunk_of
from aihub_lite.wire.sse import event, named_event

FINAL = (".completed", ".done")
"""How the type of a last event ends: `image_generation.completed`, `transcript.text.done`, `speech.audio.done`."""


@attrs.define
class TypedStream:
    """Passes events on; what its surface counts is for a subclass to say."""

    named: ClassVar[bool] = False
    """Whether events carry their type in an `event:` line too, as clients of this surface may expect."""
    written: ClassVar[None] = None
    withheld: ClassVar[bool] = False

    request: PassedRequest
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    relayed_bytes: int = 0
    last_events: int = 0
    """As many as have come so far: one for every image."""

    @property
    def complete(self) -> bool:
        """Whether all last events are there."""
        return self.last_events >= 1

    def push(self, payload: bytes) -> list[bytes]:
        """The bytes for the client of one event; raises AnswerNonsense, and StreamError for an upstream's error."""
        if payload.strip() == END:
            self.done = True
            return []
        chunk = chunk_of(payload)
        kind = chunk.get("type")
        if not isinstance(kind, str) or not kind.isprintable():
            kind = ""
        self.has_content = True
        self.relayed_bytes += self.content_bytes(chunk, payload)
        if kind.endswith(FINAL):
            self.last_events += 1
            self.usage = self.reported_usage(chunk.get("usage")) or self.usage
            self.done = self.complete
        data = encode(chunk)
        if self.named and kind:
            return [named_event(kind, data)]
        return [event(data)]

    def end(self) -> list[bytes]:
        """No bytes: the last event is the end."""
        return []

    def content_bytes(self, chunk: JsonView, payload: bytes) -> int:
        """How many bytes of content an event brings."""
        return len(payload)

    def reported_usage(self, value: object) -> Usage | None:
        """What it came to by the `usage` of a last event."""
        raise NotImplementedError

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        raise NotImplementedError
