"""Recorded traffic of real providers, and an upstream that plays it back, cut anywhere."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, body_answer, chunked, error_answer, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script, Send

VECTORS = Path(os.environ.get("AIHUB_VECTORS") or Path(__file__).resolve().parents[3] / "shared" / "vectors")
"""Where the recordings are, when they are there at all."""

requires_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="needs the recorded traffic in ../shared/vectors")

CHAT_PROVIDERS = ("openai", "azure", "deepseek", "groq", "mistral", "openrouter", "zai", "cerebras", "huggingface")
"""Providers that speak OpenAI's chat format."""

Cuts = Callable[[bytes], Iterable[int]]
"""Where to cut an answer: positions in its body."""


@attrs.frozen(kw_only=True)
class Vector:
    """One recorded exchange. `body` is the answer's exact body, `request` the JSON that was asked (or None)."""

    id: str
    source: str
    provider: str
    endpoint: str
    status: int
    request: dict[str, Any] | None
    body: bytes
    content_type: str
    streamed: bool
    path: str = ""
    """Of the request, where it was recorded; Gemini's names the model."""

    @property
    def model_in_path(self) -> str:
        """`gemini-2.5-flash` of `/v1beta/models/gemini-2.5-flash:generateContent`."""
        return self.path.rpartition("/")[2].partition(":")[0]

    def __str__(self) -> str:
        return f"{self.provider}-{self.id}"


@functools.cache
def _recorded(name: str) -> tuple[Vector, ...]:
    path = VECTORS / f"{name}.jsonl"
    if not path.is_file():
        return ()
    with path.open("rb") as lines:
        return tuple(_vector(msgspec.json.decode(line)) for line in lines)


def _vector(record: dict[str, Any]) -> Vector:
    response = record["response"]
    streamed, body = _body(response)
    headers = {str(key).lower(): value for key, value in response.get("headers", {}).items()}
    default = "text/event-stream" if streamed else "application/json"
    return Vector(
        id=record["id"],
        source=record["source"],
        provider=record["provider"],
        endpoint=record["endpoint"],
        status=record["status"],
        request=record["request"],
        body=body,
        content_type=str(headers.get("content-type") or default),
        streamed=streamed,
        path=str(record.get("path") or ""),
    )


def _body(response: dict[str, Any]) -> tuple[bool, bytes]:
    """Whether it is an event stream, and its bytes."""
    if "chunks" in response:
        return True, b"".join(b"data: " + chunk.encode() + b"\n\n" for chunk in response["chunks"])
    if "text" in response:
        text = str(response["text"])
        return "data:" in text, text.encode()
    return False, msgspec.json.encode(response["json"])


def vectors(
    endpoint: str | None = None,
    providers: Sequence[str] = CHAT_PROVIDERS,
    streamed: bool | None = None,
    status: int | None = None,
) -> list[Vector]:
    """The recordings that match; none at all where the directory is absent.

    The provider `fixtures` stands for the collected edge cases, which come from many providers.
    """
    return [
        vector
        for name in providers
        for vector in _recorded(name)
        if (endpoint is None or vector.endpoint == endpoint)
        and (streamed is None or vector.streamed == streamed)
        and (status is None or vector.status == status)
    ]


class Replay(Upstream):
    """Answers with the vector whose id is the request's model, or stands in the path as `/replay/ID/…`.

    `cuts` says where the body is cut: every part is a write of its own and, in a stream, a chunk of its own.
    """

    def __init__(self, answers: Iterable[Vector], cuts: Cuts = lambda body: ()) -> None:
        super().__init__(self._replayed)
        self.vectors = {vector.id: vector for vector in answers}
        self.cuts = cuts

    def _replayed(self, request: Request) -> Script:
        if request.method == "GET" and request.path.endswith("/models"):
            return models_list(*self.vectors)
        vector = self.vectors.get(_wanted(request))
        if vector is None:
            return error_answer(404, "no such vector", "model_not_found")
        return played(vector, sorted(set(self.cuts(vector.body))))


def _wanted(request: Request) -> str:
    parts = request.path.split("/")
    if "replay" in parts:
        return parts[parts.index("replay") + 1]
    return str(request.json().get("model"))


def played(vector: Vector, cuts: Sequence[int] = ()) -> Script:
    """The script that gives a vector's answer, its body cut at the given positions."""
    if not vector.streamed:
        (answer,) = body_answer(vector.status, vector.body, vector.content_type)
        assert isinstance(answer, Send)
        start = len(answer.data) - len(vector.body)
        return [Send(part) for part in cut(answer.data, [start + position for position in cuts])]
    parts = [part for part in cut(vector.body, cuts) if part]
    return [Send(SSE_HEAD), *(Send(chunked(part)) for part in parts), END_OF_BODY]


def cut(data: bytes, positions: Sequence[int]) -> list[bytes]:
    """The parts between ascending positions."""
    edges = [0, *positions, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]
