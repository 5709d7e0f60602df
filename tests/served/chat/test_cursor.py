"""Cursor in agent mode: bodies of Responses to chat, answers of chat back (RULES.md C-30)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.served.messages import claude_events, claude_message, claude_stream
from tests.support.checkers.chat import check_chat_answer, check_chat_stream
from tests.support.gateway import Gateway
from tests.support.rawclient import stream as open_stream
from tests.support.served import Serve, serve
from tests.support.upstream.answers import chat_body, chat_chunk, json_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

__all__ = ["serve"]
PATH = "/v1/chat/completions"
PATCH = '*** Begin Patch\n*** Add File: ü.txt\n+"hi"\n*** End Patch'
ARGUMENTS = msgspec.json.encode({"input": PATCH}).decode()
PIECES = [ARGUMENTS[at : at + 7] for at in range(0, len(ARGUMENTS), 7)]
LONG = "mcp__" + "x" * 80
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": LONG, "parameters": {"type": "object", "properties": {}}},
    {"type": "custom", "name": "ApplyPatch", "description": "Edits files."},
]
WIRES = {"chat": "openai", "anthropic": "anthropic", "gemini": "gemini"}


def both_calls(request: Request) -> Script:
    """An upstream of any wire whose model calls both tools."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    body = request.json()
    if request.path.endswith("/chat/completions"):
        return _chat(body)
    if request.path.endswith("/messages"):
        return _claude(body)
    return _gemini(body, streamed="stream" in request.path)


def _chat(body: dict[str, Any]) -> Script:
    names = [tool["function"]["name"] for tool in body["tools"]]
    calls = [
        {"index": 0, "id": "c0", "type": "function", "function": {"name": names[0], "arguments": "{}"}},
        {"index": 1, "id": "c1", "type": "function", "function": {"name": names[1], "arguments": ARGUMENTS}},
    ]
    if not body.get("stream"):
        answer = chat_body("Now.")
        answer["choices"][0] |= {"finish_reason": "tool_calls"}
        answer["choices"][0]["message"]["tool_calls"] = calls
        return json_answer(200, answer)
    begun = {"index": 1, "id": "c1", "type": "function", "function": {"name": names[1], "arguments": ""}}
    pieces = [chat_chunk({"tool_calls": [{"index": 1, "function": {"arguments": piece}}]}) for piece in PIECES]
    head = [chat_chunk({"role": "assistant", "content": "Now."}), chat_chunk({"tool_calls": [calls[0]]})]
    return sse(*head, chat_chunk({"tool_calls": [begun]}), *pieces, chat_chunk({}, "tool_calls"))


def _claude(body: dict[str, Any]) -> Script:
    names = [tool["name"] for tool in body["tools"]]
    uses = [{"type": "tool_use", "id": f"c{place}", "name": name, "input": {}} for place, name in enumerate(names)]
    if not body.get("stream"):
        uses[1]["input"] = {"input": PATCH}
        text = {"type": "text", "text": "Now."}
        return json_answer(200, claude_message(text, *uses, stop_reason="tool_use"))
    blocks = [
        ({"type": "text", "text": ""}, {"type": "text_delta", "text": "Now."}),
        (uses[0], {"type": "input_json_delta", "partial_json": "{}"}),
        (uses[1], {"type": "input_json_delta", "partial_json": ARGUMENTS}),
    ]
    return claude_stream(*claude_events(*blocks, stop="tool_use"))


def _gemini(body: dict[str, Any], *, streamed: bool) -> Script:
    names = [function["name"] for function in body["tools"][0]["functionDeclarations"]]
    parts = [
        {"text": "Now."},
        {"functionCall": {"name": names[0], "args": {}}},
        {"functionCall": {"name": names[1], "args": {"input": PATCH}}},
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {"candidates": [candidate], "usageMetadata": counts, "responseId": "r"}
    return sse(answer, done=False) if streamed else json_answer(200, answer)


def answered(gateway: Gateway, model: str, *, stream: bool, **fields: Any) -> Any:
    """The one choice of a checked answer of chat."""
    body = {"model": model, "input": [{"role": "user", "content": "hi"}], "tools": TOOLS, "stream": stream, **fields}
    if not stream:
        return check_chat_answer(gateway.post(body, PATH).body).choices[0]
    with open_stream(gateway.url, PATH, gateway.headers(), msgspec.json.encode(body)) as reading:
        assert 200 == reading.head.status
        raw = b"".join(event.data for event in reading.events())
    return check_chat_stream(raw, include_usage=False).choices[0]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("wire", WIRES)
def test_a_body_of_responses_is_answered_as_chat(
    gateway: Gateway, serve: Serve, upstream: Upstream, wire: str, stream: bool
) -> None:
    """It was a 400, so that Cursor's agent mode did not work at all."""
    upstream.default = both_calls
    model = serve((WIRES[wire], upstream.url), upstream_model="claude-sonnet-4-5" if wire == "anthropic" else "up")
    choice = answered(gateway, model, stream=stream)
    called = [(call["function"]["name"], call["function"]["arguments"]) for call in choice.tool_calls]
    assert ("Now.", "tool_calls") == (choice.content, choice.finish_reason)
    assert [(LONG, "{}"), ("ApplyPatch", PATCH)] == called


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_flat_tools_among_nested_ones_are_called_like_them(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    """Cursor's ask mode sends messages of chat, and one flat tool among nested ones."""
    upstream.default = both_calls
    nested = {"type": "function", "function": {"name": "Shell", "parameters": {"type": "object", "properties": {}}}}
    messages = [{"role": "user", "content": "hi"}]
    fields: dict[str, Any] = {"input": None, "messages": messages, "tools": [nested, TOOLS[1]]}
    choice = answered(gateway, serve(upstream.url), stream=stream, **fields)
    called = [(call["function"]["name"], call["function"]["arguments"]) for call in choice.tool_calls]
    assert [("Shell", "{}"), ("ApplyPatch", PATCH)] == called


def test_another_channel_takes_over_a_body_of_responses(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = both_calls
    with Upstream(json_answer(500, {"error": {"message": "broken"}})) as broken:
        model = serve(broken.url, ("anthropic", upstream.url))
        choice = answered(gateway, model, stream=True)
    assert [LONG, "ApplyPatch"] == [call["function"]["name"] for call in choice.tool_calls]


def test_what_an_upstream_is_not_told_is_named(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = both_calls
    body = {"model": serve(upstream.url), "input": "hi", "tools": [*TOOLS, {"type": "web_search"}]}
    answer = gateway.post(body, PATH)
    assert (200, "tools.web_search") == (answer.status, answer.header("x-aihub-dropped-params"))
