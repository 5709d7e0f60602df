"""What the adapters of other formats make of an upstream's whole answer, on every surface."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.wire.faults import AnswerNonsense
from tests.gateway.adapters.recorded.exchanges import CONVERSATIONS, SurfaceName, told
from tests.gateway.adapters.recorded.speech import heard
from tests.support.replay import Vector

each_surface = pytest.mark.parametrize("surface", CONVERSATIONS)


def gemini_answer(body: bytes) -> Vector:
    """A whole answer of Gemini's."""
    return Vector(
        id="1",
        source="",
        provider="gemini",
        endpoint="generateContent",
        status=200,
        request=None,
        body=body,
        content_type="application/json",
        streamed=False,
    )


def gemini_stream(*events: Any) -> Vector:
    """The same, streamed."""
    body = b"".join(b"data: " + msgspec.json.encode(each) + b"\r\n\r\n" for each in events)
    return attrs.evolve(gemini_answer(body), content_type="text/event-stream", streamed=True)


def event(text: str, **more: Any) -> dict[str, Any]:
    """One answer, or one event of a stream."""
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, **more}], "responseId": "r"}


@each_surface
def test_a_stream_of_geminis_that_came_as_one_array_is_told_whole(surface: SurfaceName) -> None:
    """Only the first event of it was read: "Alice (age 30)" of a sentence, and a usage from before the end."""
    first = {**event("Alice (age 30)"), "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9}}
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 20, "totalTokenCount": 29}
    last = {**event(" lives at 123 Main St.", finishReason="STOP"), "usageMetadata": counts}
    answer = told(surface, gemini_answer(msgspec.json.encode([first, last])))
    assert "Alice (age 30) lives at 123 Main St." == heard(surface, answer.body, streamed=False, ours=True).speech.text
    assert (9, 20) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)


@each_surface
def test_an_error_of_geminis_inside_an_array_is_an_error(surface: SurfaceName) -> None:
    error = {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"}
    with pytest.raises(AnswerNonsense, match=r"Resource exhausted\.") as raised:
        told(surface, gemini_answer(msgspec.json.encode([{"error": error}])))
    assert raised.value.foreign is not None
    assert "rate" == raised.value.foreign.kind


@each_surface
@pytest.mark.parametrize("streamed", [False, True])
def test_what_gemini_says_was_written_is_booked_without_a_prompt_and_a_total(
    surface: SurfaceName, streamed: bool
) -> None:
    """18 tokens of text and 58 of thought were estimated at 24: no count was believed where two were missing."""
    counts = {"candidatesTokenCount": 18, "thoughtsTokenCount": 58}
    document = {**event("A puppy looks up.", finishReason="STOP"), "usageMetadata": counts}
    vector = gemini_stream(document) if streamed else gemini_answer(msgspec.json.encode(document))
    usage = told(surface, vector).usage
    assert (76, 58) == (usage.completion_tokens, usage.reasoning_tokens)
    assert usage.prompt_tokens > 0


@each_surface
@pytest.mark.parametrize("body", [b"", b" ", b"[]", b"null", b"[1]", b'"text"'], ids=repr)
def test_what_is_no_answer_of_geminis_is_nonsense(surface: SurfaceName, body: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        told(surface, gemini_answer(body))
