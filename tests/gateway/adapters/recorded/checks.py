"""What holds for every recorded answer, on every surface that can be asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from anthropic.types import Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.faults import WireFault
from aihub_lite.wire.responses.native import LAST
from aihub_lite.wire.upstream_error import error_of
from tests.gateway.adapters.recorded.exchanges import (
    CONVERSATIONS,
    MODEL,
    SurfaceName,
    Told,
    payloads,
    pieces_of,
    sent,
    told,
)
from tests.gateway.adapters.recorded.history import UPSTREAM_MODELS, arrived, next_request, said_upstream
from tests.gateway.adapters.recorded.judged import judged
from tests.gateway.adapters.recorded.speech import events_of, heard, spoken
from tests.gateway.adapters.recorded.whole import whole
from tests.support.replay import Vector
from tests.wire.anthropic.surface.test_vectors import expected_of

PIECES = (1, 7, 61)
"""Bytes at a time that a stream is cut into: within a character, within a line, across short events."""
KINDS = {400: "client", 401: "auth", 404: "model", 429: "rate"}
"""Whose fault a refusal is, by its status."""
KEY = "[key]"
"""What stands for a key in a refusal."""
TYPES: Mapping[tuple[str, bool], TypeAdapter[Any]] = {
    ("chat", False): TypeAdapter(ChatCompletion),
    ("chat", True): TypeAdapter(ChatCompletionChunk),
    ("messages", False): TypeAdapter(Message),
    ("messages", True): TypeAdapter(RawMessageStreamEvent),
    ("responses", False): TypeAdapter(Response),
    ("responses", True): TypeAdapter(ResponseStreamEvent),
}
"""Of the official SDKs, by surface and whether it streams."""


def surfaces_for(vector: Vector) -> tuple[SurfaceName, ...]:
    """Where a recorded answer can be asked for: what came as a response is passed on and nothing else."""
    if vector.endpoint == "responses":
        return ("responses",)
    if vector.endpoint == "embeddings":
        return ("embeddings",)
    return CONVERSATIONS


def passed_on(surface: SurfaceName, vector: Vector) -> bool:
    """Whether the upstream speaks the client's own format, and its answer is not written anew."""
    return surface == vector.endpoint and surface != "chat"


def check_answer(vector: Vector) -> None:
    """It says on every surface what its upstream said, however it was cut, streamed or not."""
    if vector.streamed:
        expected = payloads([vector.body])
        for size in PIECES:
            assert expected == payloads(pieces_of(vector.body, size)), f"in pieces of {size}"
    for surface in surfaces_for(vector):
        try:
            check_on(surface, vector)
        except (AssertionError, WireFault, ValueError, KeyError) as error:
            raise AssertionError(f"{surface}: {type(error).__name__}: {error}") from error


def check_on(surface: SurfaceName, vector: Vector) -> None:
    """The same for one surface."""
    answer = told(surface, vector)
    if vector.streamed:
        assert answer.body == told(surface, vector, pieces_of(vector.body, PIECES[-1])).body, "cut, it is another"
    if passed_on(surface, vector):
        check_passed_on(surface, vector, answer)
        if surface == "messages":
            heard(surface, answer.body, streamed=vector.streamed, ours=False)
        return
    said = heard(surface, answer.body, streamed=vector.streamed, ours=True)
    assert spoken(vector).on(surface) == said.speech, "it says something else"
    assert counts_told(surface, said.usage) == counts_booked(answer.usage), "told and booked usage differ"
    if vector.id not in judged("types"):
        check_types(surface, vector, answer.body)
    if vector.streamed:
        check_whole(surface, vector, answer)


def check_whole(surface: SurfaceName, vector: Vector, streamed: Told) -> None:
    """The same answer, not streamed, says and costs the same."""
    answer = told(surface, whole(vector))
    said = [
        heard(surface, one.body, streamed=is_stream, ours=True).speech
        for one, is_stream in ((answer, False), (streamed, True))
    ]
    assert said[0] == said[1], "streamed, it says something else"
    assert answer.usage == streamed.usage, "streamed, it is counted otherwise"


def check_passed_on(surface: SurfaceName, vector: Vector, answer: Told) -> None:
    """Equal but for the model, and for a usage that cannot be."""
    if vector.streamed and surface == "messages":
        assert expected_of(vector) == events_told(answer.body)
        return
    got = events_told(answer.body) if vector.streamed else [msgspec.json.decode(answer.body)]
    recorded = first_response(events_of(vector))
    if surface == "embeddings":
        recorded = [embeddings_of(answer) for answer in recorded]
    for place, event in enumerate(recorded):
        if vector.streamed:
            event.setdefault("sequence_number", place)
        if "response" in event or not vector.streamed:
            event.get("response", event)["model"] = MODEL
    last, last_told = (events[-1].get("response", events[-1]) for events in (recorded, got))
    usage = last.get("usage")
    if not usage or not all(usage.get(name, 1) for name in ("input_tokens", "output_tokens", "prompt_tokens")):
        last["usage"] = last_told["usage"]  # nothing is written in no tokens
    assert recorded == got


def first_response(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One recording holds several in a row."""
    ends = [place for place, event in enumerate(events) if event.get("type") in LAST]
    return events[: ends[0] + 1] if ends else events


def embeddings_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Those of Gemini in OpenAI's words; all others are in them already."""
    if "embeddings" not in answer:
        return answer
    data = [
        {"object": "embedding", "index": index, "embedding": each["values"]}
        for index, each in enumerate(answer["embeddings"])
    ]
    tokens = answer.get("usageMetadata", {}).get("promptTokenCount", 0)
    return {"object": "list", "data": data, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def events_told(body: bytes) -> list[dict[str, Any]]:
    """What a client gets, decoded."""
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    return [msgspec.json.decode(line) for line in lines if line != b"[DONE]"]


def check_types(surface: SurfaceName, vector: Vector, body: bytes) -> None:
    """The official SDK's own types take it."""
    events = events_told(body) if vector.streamed else [msgspec.json.decode(body)]
    for event in events:
        if event.get("type") != "ping":
            event.pop("service_tier", None)  # passed on with words that OpenAI has not: Groq's `on_demand`
            TYPES[surface, vector.streamed].validate_python(event)


def counts_told(surface: SurfaceName, usage: Mapping[str, Any]) -> tuple[int, ...]:
    """Prompt, completion and what was read from a cache, as a client is told."""
    if surface == "messages":
        read = usage["cache_read_input_tokens"] or 0
        written = usage["cache_creation_input_tokens"] or 0
        return usage["input_tokens"] + read + written, usage["output_tokens"], read
    prompt, completion = ("input", "output") if surface == "responses" else ("prompt", "completion")
    details = usage[f"{prompt}_tokens_details"]
    return usage[f"{prompt}_tokens"], usage[f"{completion}_tokens"], details["cached_tokens"]


def counts_booked(usage: Usage) -> tuple[int, ...]:
    """The same as it is booked."""
    return usage.prompt_tokens, usage.completion_tokens, usage.cache_read_tokens


def check_no_answer(vector: Vector) -> None:
    """What was recorded with status 200 and is none becomes an error on every surface."""
    for surface in surfaces_for(vector):
        try:
            told(surface, vector)
        except WireFault:
            continue
        raise AssertionError(f"{surface}: taken for an answer")


def check_refusal(vector: Vector) -> None:
    """It says whose fault it is, in the upstream's own words."""
    error = error_of(vector.status, vector.body)
    recorded = msgspec.json.decode(vector.body)
    message = (recorded[0] if isinstance(recorded, list) else recorded)["error"]["message"]
    kind = KINDS[vector.status]
    if "does not exist" in message:  # OpenAI's Responses say 400 here
        kind = "model"
    assert kind == error.kind, error
    before, _, after = error.message.partition(KEY)
    assert message.startswith(before), error.message
    assert message.endswith(after), error.message


def check_history(vector: Vector) -> None:
    """Sent back with the next request, on any surface, it arrives as it was said, signatures included."""
    model = UPSTREAM_MODELS[vector.endpoint]
    answer = whole(vector) if vector.streamed else vector
    expected = said_upstream(vector)
    for surface in CONVERSATIONS:
        request = next_request(surface, told(surface, answer).body, model)
        body = sent(surface, vector, request).body
        assert isinstance(body, bytes)
        assert expected == arrived(vector, body), surface
