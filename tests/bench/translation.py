"""What it costs to speak another wire: the request on its way out, and each event of a stream on its way back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import SystemClock
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter
from aihub_lite.gateway.adapters.upstreams import chat_adapter
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from aihub_lite.wire.sse import EventSplitter
from tests.bench.figures import Figure
from tests.bench.rig import TEXT, Bench
from tests.support.upstream.answers import chat_chunk

BATCH = 100
"""Calls that are timed together: the clock itself takes half a microsecond."""
REQUEST_BYTES = 2000
USED = {"promptTokenCount": 512, "candidatesTokenCount": 40, "thoughtsTokenCount": 64, "totalTokenCount": 616}
WORDS = "a gateway stands between"


@attrs.frozen
class Spoken:
    """A provider, a model of it, and what its streams look like: `opening` events, then `text` again and again."""

    provider: str
    model: str
    text: Mapping[str, Any]
    opening: tuple[Mapping[str, Any], ...] = ()

    @property
    def candidate(self) -> Candidate:
        """A channel for it."""
        base_url = PROVIDERS[self.provider].base_url
        channel = Channel(id="c", name="c", provider=self.provider, base_url=base_url, created_at=0)
        return Candidate(channel, self.model, UNPRICED)


HUB = Spoken("openai", "gpt-5", chat_chunk({"content": WORDS}))
SPOKEN = (
    Spoken(
        "anthropic",
        "claude-sonnet-4-5",
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS}},
        (
            {"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "usage": {"input_tokens": 512}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        ),
    ),
    Spoken(
        "gemini",
        "gemini-2.5-pro",
        {
            "candidates": [{"content": {"parts": [{"text": WORDS}], "role": "model"}, "index": 0}],
            "usageMetadata": USED,
            "modelVersion": "gemini-2.5-pro",
            "responseId": "r1",
        },
    ),
)


def measure(bench: Bench) -> list[Figure]:
    """CPU time of each, and beside it that of a chat upstream, whose words need no translation."""
    each, asked = bench.seconds / (2 * len(SPOKEN) + 2), request()

    def costs(spoken: Spoken) -> tuple[float, float]:
        sent = cost(partial(sending, spoken, asked), each, bench.rounds)
        return sent, cost(partial(reading, spoken), each, bench.rounds)

    (bare_sent, bare_read), figures = costs(HUB), []
    for spoken in SPOKEN:
        name, (sent, read) = spoken.provider, costs(spoken)
        figures.append(Figure(f"translation.{name}_request", f"2 kB request for {name}", "µs", sent, bare_sent))
        figures.append(Figure(f"translation.{name}_event", f"streamed event of {name}", "µs", read, bare_read))
    return figures


def request() -> ChatRequest:
    """A conversation with a tool and its result, 2 kB of JSON."""
    called = {"name": "look_up", "arguments": '{"word":"gateway","language":"en"}'}
    call = {"id": "c1", "type": "function", "function": called}
    parameters = {
        "type": "object",
        "properties": {"word": {"type": "string"}, "language": {"type": "string", "enum": ["en", "de"]}},
        "required": ["word"],
    }
    body = {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
        "max_tokens": 1024,
        "messages": [
            {"role": "system", "content": f"You are a helpful assistant. {TEXT}"},
            {"role": "user", "content": f"What does a gateway do for a small team? {TEXT}"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": TEXT},
            {"role": "assistant", "content": TEXT},
            {"role": "user", "content": [{"type": "text", "text": f"And what does it not do? {TEXT}"}]},
        ],
        "tools": [{"type": "function", "function": {"name": "look_up", "description": TEXT, "parameters": parameters}}],
    }
    data = msgspec.json.encode(body)
    assert abs(len(data) - REQUEST_BYTES) < REQUEST_BYTES / 10, len(data)
    return parse_chat(data)


def adapter_of(spoken: Spoken, request: ChatRequest) -> ChatAdapter:
    """For one attempt at a lane of its own."""
    return chat_adapter(request, Lane(spoken.candidate, "k1", "sk-1"), AttemptContext("r1", SystemClock()))


def sending(spoken: Spoken, asked: ChatRequest) -> float:
    """Seconds of CPU for a batch of requests, from the parsed request to the bytes that go upstream."""
    adapter = adapter_of(spoken, asked)
    began = time.process_time_ns()
    for _ in range(BATCH):
        adapter.send()
    return (time.process_time_ns() - began) / 1e9


def reading(spoken: Spoken) -> float:
    """Seconds of CPU for a batch of events of one stream, from upstream's bytes to the client's."""
    splitter, stream = EventSplitter(1 << 20), adapter_of(spoken, request()).stream()
    for event in spoken.opening:
        stream.push(msgspec.json.encode(event))
    data = b"data: " + msgspec.json.encode(spoken.text) + b"\n\n"
    began = time.process_time_ns()
    for _ in range(BATCH):
        for payload in splitter.feed(data):
            assert stream.push(payload)
    return (time.process_time_ns() - began) / 1e9


def cost(batch: Callable[[], float], seconds: float, rounds: int) -> float:
    """µs of CPU per call: the least of the rounds' medians, since whatever else runs only ever adds."""
    medians = []
    batch()
    for _ in range(rounds):
        gc.collect()
        taken: list[float] = []
        until = time.monotonic() + seconds / rounds
        while not taken or time.monotonic() < until:
            taken.append(batch())
        medians.append(median(taken))
    return min(medians) / BATCH * 1e6
