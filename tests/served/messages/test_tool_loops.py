"""Tool loops of Claude Code's kind in front of providers that want something back with every turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.messages import HELLO, streamed, whole
from tests.served.messages.conftest import Serve
from tests.support.checkers.messages import CheckedMessage
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_body, chat_chunk, json_answer, sse, usage_chunk
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

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
def test_gemini_gets_its_signature_back(gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool) -> None:
    thought = {"text": "Hm", "thought": True}
    call = {"functionCall": {"name": "Bash", "args": {"command": "ls"}}, "thoughtSignature": SIGNATURE}
    upstream.default = gemini(thought, call, stream=stream)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = ask(gateway, model, stream=stream)
    assert ([("Bash", {"command": "ls"})], "tool_use") == (first.calls, first.stop_reason)
    ask(gateway, model, stream=stream, messages=history(first))
    turns = [content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model"]
    assert [SIGNATURE] == [part.get("thoughtSignature") for part in turns[0]["parts"] if "functionCall" in part]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_gemini_gets_back_what_it_signed_whatever_its_calls_are_called(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    """An id that Anthropic's clients refuse is coded for them, and the signature of its call was not found again."""
    call = {"functionCall": {"id": "functions.Bash:0", "name": "Bash", "args": {}}, "thoughtSignature": SIGNATURE}
    upstream.default = gemini(call, stream=stream)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = ask(gateway, model, stream=stream)
    ask(gateway, model, stream=stream, messages=history(first))
    (turn,) = [content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model"]
    assert [call] == turn["parts"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_gemini_gets_back_calls_of_tools_that_it_ran_itself(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    searched = {"toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["x"]}, "id": "s"}
    found = {"toolType": "GOOGLE_SEARCH_WEB", "response": {"search_suggestions": "y"}, "id": "s"}
    parts = [
        {"toolCall": searched, "thoughtSignature": SIGNATURE},
        {"toolResponse": found, "thoughtSignature": SIGNATURE},
        {"functionCall": {"id": "c1", "name": "Bash", "args": {}}, "thoughtSignature": SIGNATURE},
    ]
    upstream.default = gemini(*parts, stream=stream)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = ask(gateway, model, stream=stream)
    ask(gateway, model, stream=stream, messages=history(first))
    (turn,) = [content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model"]
    assert parts == turn["parts"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_googles_compatible_endpoint_gets_its_signatures_back(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    """Gemini behind `/v1beta/openai` looks for what it signed at the call, where it had it, and nowhere else."""
    of_call, of_text = ({"google": {"thought_signature": signature}} for signature in (SIGNATURE, "dGV4dA=="))
    call = {"id": "c.1", "type": "function", "function": {"name": "Bash", "arguments": "{}"}, "extra_content": of_call}
    if stream:
        deltas: list[dict[str, Any]] = [
            {"content": "I look.", "extra_content": of_text},
            {"tool_calls": [{"index": 0, **call}]},
        ]
        upstream.default = sse(*map(chat_chunk, deltas), chat_chunk({}, "tool_calls"), usage_chunk())
    else:
        body = chat_body("I look.")
        body["choices"][0]["message"] |= {"extra_content": of_text, "tool_calls": [call]}
        upstream.default = json_answer(200, body)
    model = serve(("openai", upstream.url))
    first = ask(gateway, model, stream=stream)
    ask(gateway, model, stream=stream, messages=history(first))
    (message,) = [candidate for candidate in upstream.chats[-1].json()["messages"] if candidate["role"] == "assistant"]
    assert (of_text, [call]) == (message["extra_content"], message["tool_calls"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_was_encrypted_behind_openrouter_goes_back(
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
        deltas = [{"reasoning_details": [hidden]}, {"tool_calls": [{"index": 0, **call}]}]
        upstream.default = sse(*map(chat_chunk, deltas), chat_chunk({}, "tool_calls"), usage_chunk())
    else:
        body = chat_body()
        body["choices"][0]["message"] |= {"content": None, "reasoning_details": [hidden], "tool_calls": [call]}
        upstream.default = json_answer(200, body)
    model = serve(("openrouter", upstream.url))
    first = ask(gateway, model, stream=stream)
    ask(gateway, model, stream=stream, messages=history(first))
    (message,) = [candidate for candidate in upstream.chats[-1].json()["messages"] if candidate["role"] == "assistant"]
    assert [hidden] == message["reasoning_details"]


def test_a_tool_of_a_long_name_is_called_by_its_full_name(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    name = "mcp__" + "a" * 90
    model = serve(upstream.url)
    tools = [{"name": name, "input_schema": {"type": "object"}}]
    whole(gateway, model, tools=tools)
    short = upstream.chats[0].json()["tools"][0]["function"]["name"]
    assert len(short) == 64
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": short, "arguments": "{}"}}
    upstream.default = sse(chat_chunk({"tool_calls": [call]}), chat_chunk({}, "tool_calls"), usage_chunk())
    assert [(name, {})] == streamed(gateway, model, tools=tools).calls
