"""Streams of any surface but chat: passed on as they are, but for the model, with a tap on usage and end."""

from __future__ import annotations

from typing import ClassVar

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.foreign_usage import with_foreign
from aihub_lite.wire.chat.usage import usage_json, usage_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import StreamError
from aihub_lite.wire.foreign_json import encode, event_object
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.passthrough.completions import text_bytes
from aihub_lite.wire.passthrough.request import PassedRequest
from aihub_lite.wire.sse import DONE, event
from aihub_lite.wire.upstream_error import error_in, status_in

END = b"[DONE]"


def chunk_of(payload: bytes) -> JsonObject:
    """The object in an event; raises AnswerNonsense, and StreamError for an error that the upstream reports."""
    chunk = event_object(payload)
    # Not every error says that it is one: FastAPI's is `{"detail": …}`.
    bare = not chunk.keys() & {"type", "choices"} and chunk.keys() & {"message", "detail"}
    if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")) or bare:
        status = status_in(chunk, 502)
        raise StreamError(error_in(status, chunk), status)
    chunk.pop("error", None)
    return chunk


@attrs.define
class CompletionStream:
    """A completion as it is written, chunk by chunk."""

    written: ClassVar[None] = None
    withheld: ClassVar[bool] = False

    request: PassedRequest
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    relayed_bytes: int = 0
    _running: set[int] = attrs.field(factory=set)
    """Indices of the choices that have begun and not ended."""
    _reported: object = None
    """The last `usage` as it came."""
    _head: JsonObject = attrs.field(factory=dict)
    """What the last chunk has in common with all others, for the usage chunk."""

    @property
    def complete(self) -> bool:
        """Whether every choice that began has said why it ended, or the upstream that it is all."""
        return self.has_content and (self.done or not self._running)

    def push(self, payload: bytes) -> list[bytes]:
        """The bytes for the client of one event; raises AnswerNonsense, and StreamError for an upstream's error."""
        if payload.strip() == END:
            self.done = True
            return []
        chunk = chunk_of(payload)
        if (usage := usage_of(reported := chunk.pop("usage", None))) is not None:
            self.usage = usage.possible(self.usage or usage)
            self._reported = reported
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return []
        for position, choice in enumerate(choices):
            if isinstance(choice, dict):
                self._note(choice, position)
        self._head = {name: chunk[name] for name in ("id", "object", "created") if name in chunk}
        chunk["model"] = self.request.model
        return [event(encode(chunk))]

    def end(self) -> list[bytes]:
        """The usage chunk if it was asked for and is known, and `[DONE]`."""
        if not self.request.include_usage or self.usage is None:
            return [DONE]
        usage = with_foreign(usage_json(self.usage), self._reported)
        chunk = {**self._head, "model": self.request.model, "choices": [], "usage": usage}
        return [event(encode(chunk)), DONE]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What the request and the text relayed so far come to by our own count."""
        return self.request.usage(tokens_in(self.relayed_bytes))

    def _note(self, choice: JsonObject, position: int) -> None:
        written = text_bytes(choice)
        self.relayed_bytes += written
        index = choice.get("index")
        if type(index) is not int:
            index = position
        if choice.get("finish_reason"):
            self._running.discard(index)
            self.has_content = True
        elif written:
            self._running.add(index)
            self.has_content = True


@attrs.define
class FileStream:
    """A file: nothing is read of it. The empty piece at its end says that it is whole."""

    written: ClassVar[None] = None
    withheld: ClassVar[bool] = False

    request: PassedRequest
    completion_tokens: int
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False

    @property
    def complete(self) -> bool:
        """A file is whole at its end only."""
        return self.done

    def push(self, payload: bytes) -> list[bytes]:
        """One piece of the file, not changed."""
        if not payload:
            self.done = True
            return []
        self.has_content = True
        return [payload]

    def end(self) -> list[bytes]:
        """No bytes: the file was all."""
        return []

    def estimated(self, prompt_tokens: int) -> Usage:
        """All of it, once any of it is there: the upstream has read the whole request."""
        return self.request.usage(self.completion_tokens)
