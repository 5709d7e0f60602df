"""Streams of any surface but chat: passed on as they are, but for the model, with a tap on usage and end."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.asked import Asked
from aihub_lite.wire.chat_usage import usage_json, usage_of
from aihub_lite.wire.completions import text_bytes
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.sse import DONE, event

END = b"[DONE]"


def chunk_of(payload: bytes) -> dict[str, Any]:
    """The object in an event; raises AnswerNonsense, and StreamError for an error that the upstream reports."""
    chunk = decode(payload)
    if not isinstance(chunk, dict):
        raise AnswerNonsense("An event of the upstream's stream is not a JSON object.")
    bare = not chunk.keys() & {"type", "choices"} and chunk.keys() & {"message", "detail"}
    if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")) or bare:
        status = status_in(chunk, 502)
        raise StreamError(error_in(status, chunk), status)
    chunk.pop("error", None)
    return chunk


@attrs.define
class CompletionStream:
    """Chunks of text."""

    asked: Asked
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False
    relayed_bytes: int = 0
    _running: set[int] = attrs.field(factory=set)
    _last: dict[str, Any] = attrs.field(factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every choice that began has said why it ended, or the upstream that it is all."""
        return self.has_content and (self.done or not self._running)

    def push(self, payload: bytes) -> list[bytes]:
        """Raises AnswerNonsense and StreamError."""
        if payload.strip() == END:
            self.done = True
            return []
        chunk = chunk_of(payload)
        if (known := usage_of(chunk.pop("usage", None))) is not None:
            self.usage = known
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return []
        for position, choice in enumerate(choices):
            self._note(choice, position)
        self._last = {name: chunk[name] for name in ("id", "object", "created") if name in chunk}
        chunk["model"] = self.asked.model
        return [event(encode(chunk))]

    def end(self) -> list[bytes]:
        """The usage chunk if it was asked for and is known, and `[DONE]`."""
        if not self.asked.include_usage or self.usage is None:
            return [DONE]
        last = {**self._last, "model": self.asked.model, "choices": [], "usage": usage_json(self.usage)}
        return [event(encode(last)), DONE]

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return self.asked.usage(tokens_in(self.relayed_bytes))

    def _note(self, choice: Any, position: int) -> None:
        if not isinstance(choice, dict):
            return
        written = text_bytes(choice)
        self.relayed_bytes += written
        index = choice.get("index", position)
        if choice.get("finish_reason"):
            self._running.discard(index)
            self.has_content = True
        elif written:
            self._running.add(index)
            self.has_content = True


@attrs.define
class FileStream:
    """A file: nothing is read of it. The empty piece at its end says that it is whole."""

    asked: Asked
    completion_tokens: int
    usage: Usage | None = None
    has_content: bool = False
    done: bool = False

    @property
    def complete(self) -> bool:
        """A file is whole at its end only."""
        return self.done

    def push(self, payload: bytes) -> list[bytes]:
        """The bytes as they are."""
        if not payload:
            self.done = True
            return []
        self.has_content = True
        return [payload]

    def end(self) -> list[bytes]:
        """Nothing follows."""
        return []

    def estimated(self, prompt_tokens: int) -> Usage:
        """All of it, once any of it is there: the upstream has read the whole request."""
        return self.asked.usage(self.completion_tokens)
