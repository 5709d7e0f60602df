"""The built-in `demo` upstream: OpenAI-compatible chat and embeddings without network, key or cost.

It lets a fresh installation answer its first request, and every test drive a whole line. Deterministic: the same
request gives the same answer, ids included, but for the time.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Annotated, Protocol
from urllib.parse import urlsplit

import attrs
import msgspec

from aihub_lite.domain.clock import Clock, SystemClock
from aihub_lite.upstream.http1.answer import Fields
from aihub_lite.wire.estimate import prompt_estimate, tokens_in, tokens_of
from aihub_lite.wire.json_types import JsonObject

MODEL = "demo"
MAX_DIMENSIONS = 1024
CREATED = 1_700_000_000
"""When the model was made, as its list says."""
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


class LocalAnswer(Protocol):
    """An answer that is made in this process: its head, and its body as it is iterated once."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Looked up by a name in any case."""
        ...

    complete: bool
    """All of it is here, read or not."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """The rest is not wanted."""
        ...


class LocalUpstream(Protocol):
    """An upstream in this process, reached without a network."""

    async def ask(self, method: str, url: str, body: bytes) -> LocalAnswer:
        """Its answer to one request, once the head is there."""
        ...


@attrs.define(eq=False)
class DemoAnswer:
    """Whole (`document`), or as `events` that come `delay` seconds apart."""

    status: int
    headers: Fields
    document: bytes = b""
    events: Iterable[bytes] = ()
    delay: float = 0.0
    complete: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.document:
            yield self.document
        for event in self.events:
            yield event
            await asyncio.sleep(self.delay)

    async def aclose(self) -> None:
        """Nothing is open."""


class DemoUpstream:
    """Answers `…/chat/completions`, `…/embeddings` and `…/models`; 404 to the rest. `delay`: seconds between words."""

    def __init__(self, delay: float = 0.02, clock: Clock | None = None) -> None:
        self.delay = delay
        self.clock = clock or SystemClock()

    async def ask(self, method: str, url: str, body: bytes) -> DemoAnswer:
        """As LocalUpstream says."""
        path = urlsplit(url).path
        if method == "GET" and path.endswith("/models"):
            return _json(200, _MODELS)
        if method == "POST" and path.endswith("/chat/completions"):
            return self._chat(body)
        if method == "POST" and path.endswith("/embeddings"):
            return _embeddings(body)
        return _error(404, "not_found", f"The demo upstream has no {method} {path}.")

    def _chat(self, data: bytes) -> DemoAnswer:
        try:
            reply = _Reply(msgspec.json.decode(data, type=JsonObject), data, int(self.clock.wall()))
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, IndexError):
            return _error(400, "invalid_request", "The demo upstream needs a JSON object with `messages`.")
        if not reply.stream:
            return _json(200, reply.whole())
        return DemoAnswer(200, Fields.of(EVENTS), events=reply.events(), delay=self.delay)


def _embeddings(data: bytes) -> DemoAnswer:
    try:
        body = msgspec.json.decode(data, type=_Embedding)
    except msgspec.DecodeError:
        text = f"The demo upstream embeds texts or tokens, in 1 to {MAX_DIMENSIONS} dimensions."
        return _error(400, "invalid_request", text)
    rows = [
        {"object": "embedding", "index": index, "embedding": vector_of(text, body.dimensions)}
        for index, text in enumerate(_texts(body.input))
    ]
    tokens = tokens_of(body.input)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _json(200, {"object": "list", "data": rows, "model": MODEL, "usage": usage})


def vector_of(text: str, dimensions: int) -> list[float]:
    """A vector of length 1. Each word adds a direction of its own, so texts that share words lie near each other."""
    words = re.findall(r"\w+", text.lower()) or [text]
    directions = [hashlib.shake_256(word.encode()).digest(dimensions) for word in words]
    # Bytes are 0 to 255: around their middle, directions of unlike words point away from each other.
    sums = [sum(column) - 127.5 * len(column) for column in zip(*directions, strict=True)]
    length = math.hypot(*sums) or 1.0
    return [round(value / length, 6) for value in sums]


def _texts(prompt: str | list[str | int | list[int]]) -> list[str]:
    """The texts that get a vector each; of tokens, which mean nothing here, the numbers stand for words."""
    if isinstance(prompt, str):
        return [prompt]
    if prompt and isinstance(prompt[0], int):
        return [_words(prompt)]
    return [_words(item) for item in prompt]


def _words(item: object) -> str:
    if isinstance(item, list):
        return " ".join(map(str, item))
    return str(item)


class _Embedding(msgspec.Struct):
    input: str | list[str | int | list[int]]
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=MAX_DIMENSIONS)] = 32


class _Reply:
    """What the demo says to one chat request, whole or in chunks."""

    def __init__(self, body: JsonObject, data: bytes, now: int) -> None:
        last = body["messages"][-1]
        functions = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
        self.id = hashlib.sha256(data).hexdigest()[:24]
        self.created = now
        self.model = str(body.get("model", MODEL))
        self.stream = body.get("stream") is True
        self.include_usage = (body.get("stream_options") or {}).get("include_usage") is True
        self.call: JsonObject | None = None
        if functions and last["role"] == "user":
            self.call = functions[0]
        self.text = ""
        if not self.call:
            self.text = _text(last)
        prompt = prompt_estimate(body)
        completion = tokens_in(self.text or str(self.call))
        self.usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    @property
    def finish_reason(self) -> str:
        if self.call:
            return "tool_calls"
        return "stop"

    def tool_call(self) -> JsonObject:
        name = str((self.call or {}).get("name", ""))
        return {"id": f"call_{self.id}", "type": "function", "function": {"name": name, "arguments": "{}"}}

    def whole(self) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": self.text or None}
        if self.call:
            message["tool_calls"] = [self.tool_call()]
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        return self._envelope("chat.completion", [choice]) | {"usage": self.usage}

    def events(self) -> Iterator[bytes]:
        yield self._chunk({"role": "assistant", "content": ""})
        if self.call:
            yield self._chunk({"tool_calls": [{"index": 0} | self.tool_call()]})
        for word in re.findall(r"\S+\s*", self.text):
            yield self._chunk({"content": word})
        yield self._chunk({}, self.finish_reason)
        if self.include_usage:
            yield _event(self._envelope("chat.completion.chunk", []) | {"usage": self.usage})
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: JsonObject, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _event(self._envelope("chat.completion.chunk", [choice]))

    def _envelope(self, kind: str, choices: list[JsonObject]) -> JsonObject:
        return {
            "id": f"chatcmpl-{self.id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": CREATED, "owned_by": "aihub-lite"}]}


def _text(message: JsonObject) -> str:
    parts = message.get("content")
    if not isinstance(parts, list):
        parts = [{"type": "text", "text": parts or ""}]
    words = " ".join(str(part.get("text", "")) for part in parts if part.get("type") == "text").split()
    others = sum(part.get("type") != "text" for part in parts)
    if message["role"] == "tool":
        return f"Thank you. The tool answered with {_counted(len(words), 'word')}, and that is all this demo needs."
    attachments = ""
    if others:
        attachments = f" and {_counted(others, 'attachment')}"
    return (
        f"Hello! This is the demo model that comes with the gateway. It received {_counted(len(words), 'word')}"
        f"{attachments} from you. Everything between you and it works; add a channel to reach a real model."
    )


def _counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}s"


def _event(chunk: JsonObject) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _json(status: int, body: JsonObject) -> DemoAnswer:
    return DemoAnswer(status, Fields.of(JSON), msgspec.json.encode(body))


def _error(status: int, code: str, message: str) -> DemoAnswer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json(status, {"error": error})
