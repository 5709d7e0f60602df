"""An upstream in the same event loop that answers with whatever it is given, its head included."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import attrs

from tests.fuzz.documents import (
    CHAT_ANSWER,
    CHAT_CHUNKS,
    CLAUDE_ANSWER,
    CLAUDE_EVENTS,
    GEMINI_ANSWER,
    RESPONSE,
    RESPONSE_EVENTS,
)

WIRES: Sequence[tuple[str, Any, Sequence[Any]]] = (
    ("/messages", CLAUDE_ANSWER, CLAUDE_EVENTS),
    ("enerateContent", GEMINI_ANSWER, [GEMINI_ANSWER, GEMINI_ANSWER]),
    ("/responses", RESPONSE, RESPONSE_EVENTS[:-1]),
    ("", CHAT_ANSWER, CHAT_CHUNKS),
)
"""By what is in the path that is asked."""


class Headers(dict[str, str]):
    """As the network's are: bytes that are no UTF-8 are halves of surrogate pairs."""

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(name.lower(), default)


@attrs.define(eq=False)
class Answer:
    """What the transport reads of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """All at once."""
        if self.body:
            yield self.body

    async def aclose(self) -> None:
        """Nothing is open."""


@attrs.define(eq=False)
class Upstream:
    """Answers well, in the words of the endpoint that is asked, until it is given something else to say."""

    other: Answer | None = None

    async def ask(self, method: str, url: str, body: bytes) -> Answer:
        if self.other is not None:
            return self.other
        streamed = b'"stream":true' in body or "streamGenerate" in url
        return healthy(urlsplit(url).path, streamed=streamed)


def answer(body: bytes, kind: bytes = b"application/json", status: int = 200) -> Answer:
    """A document, or a stream by its `kind`."""
    return Answer(status, Headers({"content-type": kind.decode("utf-8", "surrogateescape")}), body)


def stream(events: Iterable[Any], end: str = "data: [DONE]\n\n") -> bytes:
    """Events, each with its `data:` line."""
    return "".join([*(f"data: {json.dumps(event)}\n\n" for event in events), end]).encode()


def healthy(path: str, *, streamed: bool) -> Answer:
    """What a well-behaved upstream says."""
    whole, events = next((whole, events) for name, whole, events in WIRES if name in path)
    if streamed:
        return answer(stream(events[:-1]), b"text/event-stream")
    return answer(json.dumps(whole).encode())
