"""Every usage body of the price project's tests through a running gateway: the same tokens, the same money."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import END_OF_BODY, SSE_HEAD, chunked, json_answer, sse_event
from tests.support.replay import requires_vectors
from tests.support.steps import Script, Send
from tests.wires.conftest import Playing
from tests.wires.oracle import Opinion, opinions
from tests.wires.test_recordings import booked_tokens

pytestmark = requires_vectors

TEXT = {"anthropic": {"type": "text", "text": "Yes"}, "gemini": {"text": "Yes"}}
BEGUN = {"input_tokens": 1, "output_tokens": 1}
"""What a stream of Anthropic's says of itself at first."""


def whole(wire: str, usage: dict[str, Any]) -> dict[str, Any]:
    """The shortest answer with this usage."""
    if wire == "gemini":
        content = {"role": "model", "parts": [TEXT[wire]]}
        return {"candidates": [{"content": content, "finishReason": "STOP"}], "responseId": "r", "usageMetadata": usage}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [TEXT[wire]],
        "stop_reason": "end_turn",
        "usage": usage,
    }


def events(wire: str, usage: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as a stream."""
    answer = whole(wire, usage)
    if wire == "gemini":
        return [answer]
    return [
        {
            "type": "message_start",
            "message": {**answer, "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}},
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]


def script(wire: str, usage: dict[str, Any], *, streamed: bool) -> Script:
    if not streamed:
        return json_answer(200, whole(wire, usage))
    return [Send(SSE_HEAD), *(Send(chunked(sse_event(event))) for event in events(wire, usage)), END_OF_BODY]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("wire", ["anthropic", "gemini"])
def test_a_recorded_usage_is_booked_otherwise_than_the_price_project_reckons(
    playing: Playing, wire: str, streamed: bool
) -> None:
    found = [opinion for opinion in opinions(wire) if opinion.nano is not None]
    models = playing.serve(wire, [opinion.model for opinion in found])
    asked: dict[str, Opinion] = {}
    for opinion in found:
        playing.play(script(wire, opinion.body, streamed=streamed))
        answer = playing.gateway.chat(models[opinion.model], stream=streamed)
        assert 200 == answer.status, answer.body
        asked[str(answer.header("x-request-id"))] = opinion
    booked = playing.booked()
    wrong = [
        (opinion, booked[request_id].row)
        for request_id, opinion in asked.items()
        if booked_tokens(booked[request_id]) != opinion.counts or booked[request_id].cost_nano != opinion.nano
    ]
    assert [] == wrong[:3]
    assert {"anthropic": (178, 0), "gemini": (355, 96)}[wire] == (
        len(asked),
        sum(each.modal for each in asked.values()),
    )
