"""One recorded exchange behind one surface: the adapter that a channel of its provider would have, played through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.usage import Usage
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext, UpstreamRequest
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.gateway.adapters.recall import ResponsesBody
from aihub_lite.gateway.adapters.responses import RESPONSES
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.gateway.line.charging import metered_usage
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.surface.request import MessagesBody
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.protocols import Request
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.sse import EventSplitter
from tests.storage.facts import CHANNEL
from tests.support.clock import ManualClock
from tests.support.replay import Vector, vectors

SOURCES = ("ellmer", "fantasy", "llm", "logfire", "openinference", "otel", "prism", "vercel")
"""The projects whose tests the exchanges were recorded for; each is a file."""
FILES = (
    *("anthropic", "gemini", "vertex", "openai", "azure", "deepseek", "groq", "mistral", "openrouter", "ollama", "zai"),
    *("cerebras", "huggingface", "fixtures"),
)
"""The recordings that are sorted by provider, and the edge cases, which the wires' own tests know."""
SurfaceName = Literal["chat", "messages", "responses", "embeddings"]
CONVERSATIONS: tuple[SurfaceName, ...] = ("chat", "messages", "responses")
SURFACES: Mapping[SurfaceName, AnySurface] = {
    "chat": CHAT,
    "messages": MESSAGES,
    "responses": RESPONSES,
    "embeddings": PASSED[0],
}
ELSEWHERE = "https://elsewhere.test/v1"
"""The address of servers that a channel of type `openai` reaches by their base URL."""
AZURE = "https://our.openai.azure.com"
TYPES = {"vertex": "gemini"}
"""Where a channel of another type stands for a provider."""
MODEL = "asked-for"
STREAMED: Mapping[str, Mapping[str, Any]] = {
    "chat": {"stream": True, "stream_options": {"include_usage": True}},
    "messages": {"stream": True},
    "responses": {"stream": True},
}
SHORT: Mapping[str, Mapping[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "Hello"}]},
    "messages": {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]},
    "responses": {"input": "Hello", "include": ["reasoning.encrypted_content"]},
    "embeddings": {"input": "Hello"},
}
"""The shortest requests, for an answer whose own is not in the words of the surface that it is asked on."""


def recordings(source: str) -> list[Vector]:
    """Of one project, or of one of FILES; none where the file is absent."""
    name = source if source in FILES else f"more/{source}"
    return vectors(None, [name])


@attrs.frozen
class Told:
    """What a client gets of an answer, byte for byte, and what is booked for it."""

    body: bytes
    usage: Usage
    reported: Usage | None
    """As the upstream itself counts it."""


def azure_base_url(path: str) -> str:
    """The base URL of the resource that a recorded path is of; of its API without versions where none was kept."""
    _, mark, query = path.partition("?")
    if "/deployments/" in path:
        return f"{AZURE}/openai{mark}{query}"
    return f"{AZURE}/openai/v1"


def lane_for(vector: Vector, upstream_model: str) -> Lane:
    """To a channel of the recording's provider, with that provider's own quirks."""
    name = TYPES.get(vector.provider, vector.provider)
    if vector.endpoint == "messages":
        name = "anthropic"
    known = name in PROVIDERS
    if vector.endpoint == "chat" and known and PROVIDERS[name].wire != "chat":
        known = False  # its endpoint like OpenAI's
    if not known:
        name = "openai"
    base_url = ELSEWHERE
    if name == "azure":
        base_url = azure_base_url(vector.path)
    elif known or vector.endpoint == "responses":
        base_url = PROVIDERS[name].base_url
    channel = attrs.evolve(CHANNEL, provider=name, base_url=base_url)
    return Lane(Candidate(channel, upstream_model, UNPRICED), NO_KEY, "")


def parsed(surface: SurfaceName, body: Mapping[str, Any]) -> Request:
    """A request as a surface reads it; raises InvalidRequest."""
    data = msgspec.json.encode(body)
    read: dict[str, Any] = {
        "messages": MessagesBody(data),
        "responses": ResponsesBody(data, ResponseState("resp_r1", created=1_700_000_000)),
    }
    request: Request = SURFACES[surface].parse(read.get(surface, data))
    return request


def adapter_of(
    surface: SurfaceName, request: Request, vector: Vector, upstream_model: str = "upstream-model"
) -> Adapter:
    """For one attempt at the recording's provider, at the endpoint that was recorded."""
    lane = lane_for(vector, upstream_model)
    context = AttemptContext("r1", ManualClock())
    if vector.endpoint == "chat":
        context.asked_as_chat = frozenset({lane.channel_id})
    return SURFACES[surface].adapter(request, lane, context)


def sent(surface: SurfaceName, vector: Vector, body: Mapping[str, Any]) -> UpstreamRequest:
    """What the recording's provider is asked for such a request; raises InvalidRequest."""
    return adapter_of(surface, parsed(surface, body), vector, str(body["model"])).send()


def told(surface: SurfaceName, vector: Vector, pieces: Iterable[bytes] | None = None) -> Told:
    """A recorded answer as this surface's client gets it, streamed as it was; raises as adapters and streams do."""
    body = {"model": MODEL, **SHORT[surface]}
    if vector.streamed:
        body |= STREAMED[surface]
    if surface == "embeddings" and "encoding_format" in (vector.request or {}):
        body["encoding_format"] = (vector.request or {})["encoding_format"]
    request = parsed(surface, body)
    adapter = adapter_of(surface, request, vector)
    adapter.send()
    if not vector.streamed:
        answer = adapter.answer(vector.body, vector.content_type)
        return Told(answer.body, metered_usage(request.usage(), answer)[0], answer.usage)
    stream = adapter.stream()
    events: list[bytes] = []
    try:
        for payload in payloads(pieces or [vector.body]):
            events += stream.push(payload)
    except WireFault:
        if not stream.complete:  # else a client has its answer, whatever comes after it
            raise
    assert stream.complete, "the answer is not complete"
    reported = stream.usage
    usage = metered_usage(request.usage(), stream)[0]
    stream.usage = usage
    return Told(b"".join([*events, *stream.end()]), usage, reported)


def payloads(pieces: Iterable[bytes]) -> list[bytes]:
    """The payloads of an event stream that comes in these pieces."""
    splitter = EventSplitter(1 << 24)
    found = [payload for piece in pieces for payload in splitter.feed(piece)]
    return found + splitter.flush()


def pieces_of(body: bytes, size: int) -> Sequence[bytes]:
    """The same bytes, so many at a time."""
    return [body[start : start + size] for start in range(0, len(body), size)]
