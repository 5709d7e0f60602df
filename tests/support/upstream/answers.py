"""Ready-made scripts: what an OpenAI-compatible upstream says, well or badly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from tests.support.canaries import ANSWER_CANARY
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Send, Step

Headers = Iterable[tuple[str, str]]
TEXT = f"hello {ANSWER_CANARY}"
USAGE: Mapping[str, int] = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
END_OF_BODY = Send(b"0\r\n\r\n")
"""The last chunk of a chunked body: the body is whole, the connection stays usable."""
CREATED = 1_700_000_000


def head(status: int, headers: Headers) -> bytes:
    """Status line and header fields, with the empty line that ends them."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {phrase}\r\n{fields}\r\n".encode("latin-1")


def body_answer(status: int, body: bytes, content_type: str, headers: Headers = ()) -> list[Step]:
    """A whole answer with its Content-Length, in one write."""
    fields = [("content-type", content_type), ("content-length", str(len(body))), *headers]
    return [Send(head(status, fields) + body)]


def json_answer(status: int, body: object, headers: Headers = ()) -> list[Step]:
    """A whole JSON answer."""
    return body_answer(status, msgspec.json.encode(body), "application/json", headers)


def error_answer(status: int, message: str, code: str | None = None, headers: Headers = ()) -> list[Step]:
    """An error in OpenAI's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_answer(status, {"error": error}, headers)


def chunked(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


SSE_HEAD = head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")])
DONE = b"data: [DONE]\n\n"


def sse_event(payload: Mapping[str, Any] | bytes) -> bytes:
    """One `data:` event; bytes are taken as the raw event they are."""
    return payload if isinstance(payload, bytes) else b"data: " + msgspec.json.encode(payload) + b"\n\n"


def sse(
    *parts: Mapping[str, Any] | bytes | Step,
    done: bool = True,
    end: Iterable[Step] = (END_OF_BODY,),
) -> list[Step]:
    """A chunked event stream. A dict is an event, bytes are sent raw as a chunk, a step is played where it stands.

    `done=False` leaves `[DONE]` out; `end=[Reset()]` and the like replace the clean end of the body.
    """
    all_parts = (*parts, DONE) if done else parts
    steps = [Send(chunked(sse_event(part))) if isinstance(part, bytes | Mapping) else part for part in all_parts]
    return [Send(SSE_HEAD), *steps, *end]


def chat_chunk(delta: Mapping[str, Any], finish: str | None = None, model: str = "upstream-model") -> dict[str, Any]:
    """One chat.completion.chunk with one choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _envelope("chat.completion.chunk", model) | {"choices": [choice]}


def usage_chunk(usage: Mapping[str, Any] = USAGE, model: str = "upstream-model") -> dict[str, Any]:
    """The last chunk of a stream that was asked for usage."""
    return _envelope("chat.completion.chunk", model) | {"choices": [], "usage": usage}


def chat_chunks(text: str, usage: Mapping[str, Any] | None = USAGE, finish: str = "stop") -> list[dict[str, Any]]:
    """Role, one chunk per word, finish_reason and, unless it is None, usage."""
    words = [word + " " for word in text.split(" ")]
    words[-1] = words[-1][:-1]
    chunks = [chat_chunk({"role": "assistant", "content": ""})]
    chunks += [chat_chunk({"content": word}) for word in words]
    chunks.append(chat_chunk({}, finish))
    return chunks if usage is None else [*chunks, usage_chunk(usage)]


def chat_stream(text: str = TEXT, usage: Mapping[str, Any] | None = USAGE) -> list[Step]:
    """A whole healthy stream."""
    return sse(*chat_chunks(text, usage))


def chat_body(text: str = TEXT, usage: object = USAGE) -> dict[str, Any]:
    """A chat.completion; `usage=None` leaves the field out."""
    message = {"role": "assistant", "content": text}
    body = _envelope("chat.completion", "upstream-model")
    body["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return body if usage is None else body | {"usage": usage}


def chat_answer(text: str = TEXT, usage: object = USAGE) -> list[Step]:
    """A whole healthy answer that is not streamed."""
    return json_answer(200, chat_body(text, usage))


def models_list(*ids: str) -> list[Step]:
    """The answer of `GET /models`."""
    data = [{"id": name, "object": "model", "created": CREATED, "owned_by": "tests"} for name in ids]
    return json_answer(200, {"object": "list", "data": data})


def healthy(request: Request) -> list[Step]:
    """A well-behaved upstream: models, chat, streamed chat with usage only when it was asked for."""
    if request.method == "GET":
        return models_list("upstream-model")
    body = request.json()
    if not body.get("stream"):
        return chat_answer()
    wanted = (body.get("stream_options") or {}).get("include_usage")
    return chat_stream(usage=USAGE if wanted else None)


def _envelope(kind: str, model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-upstream", "object": kind, "created": CREATED, "model": model}
