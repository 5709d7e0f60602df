"""Tool loops of Claude Code's kind in front of providers that want something back with every turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.messages import HELLO, streamed, whole
from tests.messages.conftest import Serve
from tests.support.answers import chat_body, chat_chunk, json_answer, sse, usage_chunk
from tests.support.gateway import Gateway
from tests.support.messages_checker import CheckedMessage
from tests.support.scripted import Upstream
from tests.support.steps import Script

TOOLS = [{"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}]
SIGNATURE = "c2lnbmVkIGJ5IEdlbWluaQ=="


def gemini(*parts: dict[str, Any], stream: bool) -> Script:
    """An answer of Gemini's."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {"candidates": [candidate], "usageMetadata": usage, "responseId": "r"}
    return sse(answer, done=False) if stream else json_answer(200, answer)


def ask(gateway: Gateway, model: str, *, stream: bool, **fields: Any) -> CheckedMessage:
    return (streamed if stream else whole)(gateway, model, tools=TOOLS, **fields)


def history(first: CheckedMessage) -> list[dict[str, Any]]:
    """What the client sends after it has done what it was told."""
    calls = [block["id"] for block in first.content if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": call, "content": "done"} for call in calls]
    return [HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_gemini_misses_its_signature(gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool) -> None:
    thought = {"text": "Hm", "thought": True}
    call = {"functionCall": {"name": "Bash", "args": {"command": "ls"}}, "thoughtSignature": SIGNATURE}
    upstream.default = gemini(thought, call, stream=stream)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = ask(gateway, model, stream=stream)
    assert ([("Bash", {"command": "ls"})], "tool_use") == (first.calls, first.stop_reason)
    ask(gateway, model, stream=stream, messages=history(first))
    said = [content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model"]
    assert [SIGNATURE] == [part.get("thoughtSignature") for part in said[0]["parts"] if "functionCall" in part]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_was_encrypted_behind_openrouter_does_not_go_back(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    hidden = {
        "type": "reasoning.encrypted",
        "data": "opaque",
        "format": "openai-responses-v1",
        "id": "rs_1",
        "index": 0,
    }
    call = {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": "{}"}}
    if stream:
        said = [{"reasoning_details": [hidden]}, {"tool_calls": [{"index": 0, **call}]}]
        upstream.default = sse(*map(chat_chunk, said), chat_chunk({}, "tool_calls"), usage_chunk())
    else:
        body = chat_body()
        body["choices"][0]["message"] |= {"content": None, "reasoning_details": [hidden], "tool_calls": [call]}
        upstream.default = json_answer(200, body)
    model = serve(("openrouter", upstream.url))
    first = ask(gateway, model, stream=stream)
    ask(gateway, model, stream=stream, messages=history(first))
    (message,) = [each for each in upstream.chats[-1].json()["messages"] if each["role"] == "assistant"]
    assert [hidden] == message["reasoning_details"]


def test_a_tool_of_a_long_name_is_called_by_a_short_one(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    name = "mcp__" + "a" * 90
    model = serve(upstream.url)
    tools = [{"name": name, "input_schema": {"type": "object"}}]
    whole(gateway, model, tools=tools)
    short = upstream.chats[0].json()["tools"][0]["function"]["name"]
    assert len(short) == 64
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": short, "arguments": "{}"}}
    upstream.default = sse(chat_chunk({"tool_calls": [call]}), chat_chunk({}, "tool_calls"), usage_chunk())
    assert [(name, {})] == streamed(gateway, model, tools=tools).calls
