"""The built-in `demo` upstream: OpenAI-compatible chat and embeddings without network, key or cost.

It lets a fresh installation answer its first request, and every test drive a whole line. Deterministic: the same
request gives the same answer, ids included.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import httpx
import msgspec

from aihub_lite.wire.estimate import prompt_estimate, tokens_in

MODEL = "demo"
MAX_DIMENSIONS = 1024
CREATED = 1_700_000_000
"""One time for every answer, so that answers are reproducible."""
JSON = [("content-type", "application/json")]
EVENTS = [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")]


class DemoTransport(httpx.AsyncBaseTransport):
    """Answers `…/chat/completions`, `…/embeddings` and `…/models`; 404 for the rest. `delay` in seconds lies between
    two words."""

    def __init__(self, delay: float = 0.02) -> None:
        self.delay = delay

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET" and path.endswith("/models"):
            return _json(200, _MODELS)
        if request.method == "POST" and path.endswith("/chat/completions"):
            return self._chat(await request.aread())
        if request.method == "POST" and path.endswith("/embeddings"):
            return _embedded(await request.aread())
        return _error(404, "not_found", f"The demo upstream has no {request.method} {path}.")

    def _chat(self, data: bytes) -> httpx.Response:
        try:
            reply = _Reply(msgspec.json.decode(data, type=dict[str, Any]), data)
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, IndexError):
            return _error(400, "invalid_request", "The demo upstream needs a JSON object with `messages`.")
        if not reply.stream:
            return _json(200, reply.whole())
        return httpx.Response(200, headers=EVENTS, stream=_Paced(reply.events(), self.delay))


def _embedded(data: bytes) -> httpx.Response:
    try:
        body = msgspec.json.decode(data, type=_Embedding)
    except msgspec.DecodeError:
        return _error(400, "invalid_request", f"The demo upstream embeds texts, in 1 to {MAX_DIMENSIONS} dimensions.")
    texts = [body.input] if isinstance(body.input, str) else body.input
    found = [
        {"object": "embedding", "index": index, "embedding": vector_of(text, body.dimensions)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(tokens_in(text) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _json(200, {"object": "list", "data": found, "model": MODEL, "usage": usage})


def vector_of(text: str, dimensions: int) -> list[float]:
    """Of length 1. Every word pulls in a direction of its own, so texts that share words lie near each other."""
    pulls = [hashlib.shake_256(word.encode()).digest(dimensions) for word in re.findall(r"\w+", text.lower()) or [text]]
    sums = [sum(each) - 127.5 * len(each) for each in zip(*pulls, strict=True)]
    length = math.hypot(*sums) or 1.0
    return [round(each / length, 6) for each in sums]


class _Embedding(msgspec.Struct):
    input: str | list[str]
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=MAX_DIMENSIONS)] = 32


class _Paced(httpx.AsyncByteStream):
    def __init__(self, events: Iterator[bytes], delay: float) -> None:
        self.events, self.delay = events, delay

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self.events:
            yield event
            await asyncio.sleep(self.delay)


class _Reply:
    """What the demo says to one chat request, whole or in chunks."""

    def __init__(self, body: dict[str, Any], data: bytes) -> None:
        last = body["messages"][-1]
        functions = [tool["function"] for tool in body.get("tools") or () if tool.get("type") == "function"]
        self.id = hashlib.sha256(data).hexdigest()[:24]
        self.model = str(body.get("model", MODEL))
        self.stream = body.get("stream") is True
        self.include_usage = (body.get("stream_options") or {}).get("include_usage") is True
        self.call = functions[0] if functions and last["role"] == "user" else None
        self.text = "" if self.call else _text(last)
        prompt, completion = prompt_estimate(body), tokens_in(self.text or str(self.call))
        self.usage = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    @property
    def finish_reason(self) -> str:
        return "tool_calls" if self.call else "stop"

    def tool_call(self) -> dict[str, Any]:
        name = str((self.call or {}).get("name", ""))
        return {"id": f"call_{self.id}", "type": "function", "function": {"name": name, "arguments": "{}"}}

    def whole(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
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

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _event(self._envelope("chat.completion.chunk", [choice]))

    def _envelope(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.id}",
            "object": kind,
            "created": CREATED,
            "model": self.model,
            "choices": choices,
        }


_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": CREATED, "owned_by": "aihub-lite"}]}


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    words = " ".join(str(part.get("text", "")) for part in parts if part.get("type") == "text").split()
    others = sum(part.get("type") != "text" for part in parts)
    if message["role"] == "tool":
        return f"Thank you. The tool answered with {_counted(len(words), 'word')}, and that is all this demo needs."
    attached = f" and {_counted(others, 'attachment')}" if others else ""
    return (
        f"Hello! This is the demo model that comes with the gateway. It received {_counted(len(words), 'word')}"
        f"{attached} from you. Everything between you and it works; add a channel to reach a real model."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _json(status: int, body: dict[str, Any]) -> httpx.Response:
    # Given as a stream, because the gateway reads every upstream's answer as one.
    content = httpx.ByteStream(msgspec.json.encode(body))
    return httpx.Response(status, headers=JSON, stream=content)


def _error(status: int, code: str, message: str) -> httpx.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return _json(status, {"error": error})
