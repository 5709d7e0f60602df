"""A forced call on a Claude model that takes none, on every surface that is translated, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.served.messages import claude_events, claude_message, claude_stream
from tests.served.responses import streamed, whole
from tests.support.checkers.chat import check_chat_answer, check_chat_stream
from tests.support.gateway import Gateway
from tests.support.rawclient import stream as open_stream
from tests.support.served import Serve, serve
from tests.support.upstream.answers import json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

__all__ = ["serve"]
PATH = "/v1/chat/completions"
TEXT = '{"city":"Bonn"}'
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def claude(request: Request) -> Script:
    """Claude, which refuses to be forced, and answers by the schema that it is given."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    body = request.json()
    if body["tool_choice"]["type"] in ("any", "tool"):
        return json_answer(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "forced"}})
    assert body["output_config"]["format"]["schema"]["properties"] == SCHEMA["properties"]
    if body.get("stream"):
        return claude_stream(*claude_events(({"type": "text", "text": ""}, {"type": "text_delta", "text": TEXT})))
    return json_answer(200, claude_message({"type": "text", "text": TEXT}))


@pytest.fixture
def model(serve: Serve, upstream: Upstream) -> str:
    upstream.default = claude
    return serve(("anthropic", upstream.url), upstream_model="claude-opus-5-5")


def chat_request(model: str, *, stream: bool) -> dict[str, Any]:
    function = {"name": "weather", "parameters": SCHEMA}
    return {
        "model": model,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "stream": stream,
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_chat_gets_the_call_that_it_forces(gateway: Gateway, model: str, stream: bool) -> None:
    """pydantic-ai, instructor and LobeChat got nothing but 400 from these models."""
    body = chat_request(model, stream=stream)
    if stream:
        with open_stream(gateway.url, PATH, gateway.headers(), msgspec.json.encode(body)) as reading:
            dropped = reading.head.header("x-aihub-dropped-params")
            raw = b"".join(event.data for event in reading.events())
        choice = check_chat_stream(raw, include_usage=False).first
    else:
        answer = gateway.post(body, PATH)
        dropped = answer.header("x-aihub-dropped-params")
        choice = check_chat_answer(answer.body).first
    assert ("weather", TEXT) == (
        choice.tool_calls[0]["function"]["name"],
        choice.tool_calls[0]["function"]["arguments"],
    )
    assert ("tool_choice", "tool_calls") == (dropped, choice.finish_reason)


@pytest.mark.parametrize("ask", [whole, streamed], ids=["whole", "streamed"])
def test_responses_gets_the_call_that_it_forces(gateway: Gateway, model: str, ask: Any) -> None:
    tools = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]
    answer = ask(gateway, model, tools=tools, tool_choice="required")
    if ask is streamed:
        answer = answer.response
    (item,) = answer["output"]
    assert ("function_call", "weather", TEXT) == (item["type"], item["name"], item["arguments"])
