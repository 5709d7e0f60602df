"""Every usage body of the price project's tests through a running gateway: the same tokens, the same money."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.chat.conftest import Playing
from tests.served.chat.oracle import Opinion, opinions
from tests.served.chat.test_recordings import booked_tokens
from tests.support.replay import requires_vectors
from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, chunked, json_answer, sse_event
from tests.support.upstream.steps import Script, Send

pytestmark = [requires_vectors, pytest.mark.extended]

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


def searches(opinion: Opinion) -> int:
    """Those that Anthropic's usage counts; Gemini's counts none."""
    counted: int = (opinion.body.get("server_tool_use") or {}).get("web_search_requests", 0)
    return counted


def script(wire: str, usage: dict[str, Any], *, streamed: bool) -> Script:
    if not streamed:
        return json_answer(200, whole(wire, usage))
    return [Send(SSE_HEAD), *(Send(chunked(sse_event(event))) for event in events(wire, usage)), END_OF_BODY]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("wire", ["anthropic", "gemini"])
def test_a_recorded_usage_is_booked_as_the_price_project_reckons(playing: Playing, wire: str, streamed: bool) -> None:
    """Left out is a usage that counts nothing written, as these answers have a text and such zeros are estimated, and
    one of which Anthropic bills more than the project reads."""
    priced = [opinion for opinion in opinions(wire) if opinion.nano is not None and opinion.counts[1]]
    models = playing.serve(wire, [opinion.model for opinion in priced])
    by_request: dict[str, Opinion] = {}
    for opinion in priced:
        playing.play(script(wire, opinion.body, streamed=streamed))
        answer = playing.gateway.chat(models[opinion.model], stream=streamed)
        assert 200 == answer.status, answer.body
        by_request[str(answer.header("x-request-id"))] = opinion
    booked = playing.booked()
    wrong = [
        (opinion, record.row)
        for opinion, record in ((opinion, booked[request_id]) for request_id, opinion in by_request.items())
        if (booked_tokens(record), record.cost_nano, record.searches)
        != (opinion.counts, opinion.cost_nano(wire, searches(opinion)), searches(opinion))
    ]
    assert [] == wrong[:3]
    assert {"anthropic": (175, 0), "gemini": (354, 96)}[wire] == (
        len(by_request),
        sum(opinion.modal for opinion in by_request.values()),
    )
