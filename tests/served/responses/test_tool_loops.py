"""Tool loops of Codex's kind in front of providers that want something back with every turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.served.chat.accounts import ClaudeAccounts
from tests.served.messages import claude_events, claude_message, claude_stream
from tests.served.responses import streamed, whole
from tests.served.responses.conftest import Serve
from tests.support.gateway import Gateway, unique
from tests.support.upstream.accounts import KEYS
from tests.support.upstream.answers import json_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

ENCRYPTED = {"include": ["reasoning.encrypted_content"], "store": False}
TOOLS = [{"type": "custom", "name": "apply_patch", "description": "Edits files."}]
SIGNATURE = "c2lnbmVkIGJ5IHRoZSBtb2RlbA=="
HELLO = {"role": "user", "content": "hi"}


def gemini(*parts: dict[str, Any], stream: bool) -> Script:
    """An answer of Gemini's."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {"candidates": [candidate], "usageMetadata": usage, "responseId": "r"}
    return sse(answer, done=False) if stream else json_answer(200, answer)


def claude(request: Request) -> Script:
    """Claude, which thinks and calls the tool."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    signed = {"type": "signature_delta", "signature": SIGNATURE}
    call = {"type": "tool_use", "id": "toolu_1", "name": "apply_patch", "input": {}}
    arguments = {"type": "input_json_delta", "partial_json": '{"input":"*** Begin"}'}
    if request.json().get("stream"):
        return claude_stream(*claude_events((thinking, signed), (call, arguments), stop="tool_use"))
    content: list[dict[str, Any]] = [{**thinking, "signature": SIGNATURE}, {**call, "input": {"input": "*** Begin"}}]
    return json_answer(200, claude_message(*content, stop_reason="tool_use"))


def ask(gateway: Gateway, model: str, *, stream: bool, **fields: Any) -> list[dict[str, Any]]:
    body: dict[str, Any] = {"tools": TOOLS, **ENCRYPTED, **fields}
    response = streamed(gateway, model, **body).response if stream else whole(gateway, model, **body)
    output: list[dict[str, Any]] = response["output"]
    return output


def history(first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the client sends after it has done what it was told; Codex keeps no ids of items."""
    kept = [{name: value for name, value in item.items() if name not in ("id", "status")} for item in first]
    calls = [item["call_id"] for item in first if "call_id" in item]
    return [HELLO, *kept, *({"type": "custom_tool_call_output", "call_id": call, "output": "done"} for call in calls)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_gemini_gets_its_signature_back(gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool) -> None:
    call = {"functionCall": {"name": "apply_patch", "args": {"input": "*** Begin"}}, "thoughtSignature": SIGNATURE}
    upstream.default = gemini({"text": "Hm", "thought": True}, call, stream=stream)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = ask(gateway, model, stream=stream)
    assert ["reasoning", "custom_tool_call"] == [item["type"] for item in first]
    assert "*** Begin" == first[1]["input"]
    ask(gateway, model, stream=stream, input=history(first))
    turns = [content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model"]
    assert [SIGNATURE] == [part.get("thoughtSignature") for part in turns[0]["parts"] if "functionCall" in part]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("upstream_model", ["claude-opus-4-6", "claude-sonnet-5-5"])
def test_claude_gets_its_thinking_back(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool, upstream_model: str
) -> None:
    upstream.default = claude
    model = serve(("anthropic", upstream.url), upstream_model=upstream_model)
    first = ask(gateway, model, stream=stream)
    assert ["reasoning", "custom_tool_call"] == [item["type"] for item in first]
    ask(gateway, model, stream=stream, input=history(first))
    before, after = (sent.json() for sent in upstream.chats)
    answer, result = after["messages"][-2:]
    assert ["thinking", "tool_use"] == [block["type"] for block in answer["content"]]
    assert (SIGNATURE, "tool_result") == (answer["content"][0]["signature"], result["content"][0]["type"])
    assert before["messages"][0]["role"] == after["messages"][0]["role"]
    assert before["tools"] == after["tools"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_stays_with_the_key_that_can_read_its_thoughts(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, stream: bool
) -> None:
    accounts = ClaudeAccounts(upstream)
    name = unique("thinker")
    models = [f"{name}=claude-sonnet-5-5"]
    model = add_channel(upstream.url, name, provider="anthropic", keys=KEYS, models=models)
    conversation: list[dict[str, Any]] = [HELLO]
    for _ in range(8):  # chance alone would keep to one key once in 128 times
        conversation += [*ask(gateway, model, stream=stream, input=conversation), HELLO]
    keys = {key for key, _ in accounts.requests}
    assert (1, 8, 7) == (len(keys), len(accounts.requests), len(accounts.requests[-1][1]))
