"""Recorded requests, of Anthropic's clients and of chat clients: what arrives is what was asked."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.models import claude_model
from aihub_lite.wire.anthropic.upstream.forced import ANY
from aihub_lite.wire.anthropic.upstream.messages import PLACEHOLDER
from aihub_lite.wire.anthropic.upstream.request import JSON_ONLY
from aihub_lite.wire.chat.request import parse_chat
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors, vectors
from tests.support.upstream.claude import SAMPLING, chat_messages, checked

pytestmark = requires_vectors

REQUESTS = [vector for vector in vectors("messages", ("anthropic", "fixtures")) if vector.request is not None]


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """A recorded request of Anthropic's in the words of a chat client."""
    chat = {name: value for name, value in body.items() if name not in ("system", "tools", "stop_sequences")}
    chat["messages"] = chat_messages(body, {})
    if "stop_sequences" in body:
        chat["stop"] = body["stop_sequences"]
    if tools := [_chat_tool(tool) for tool in body.get("tools", [])]:
        chat["tools"] = tools
    choice = body.get("tool_choice", {})
    if choice.get("disable_parallel_tool_use"):
        chat["parallel_tool_calls"] = False
    return chat


def _chat_tool(tool: dict[str, Any]) -> dict[str, Any]:
    if "input_schema" not in tool:
        return tool
    function = {name: tool[name] for name in ("name", "description", "strict") if name in tool}
    rest = {name: value for name, value in tool.items() if name not in (*function, "input_schema", "type")}
    return {"type": "function", "function": {**function, "parameters": tool["input_schema"]}, **rest}


def expected(body: dict[str, Any]) -> dict[str, Any]:
    """A recorded request as we send it: the same but for spelling, and for what its model would refuse."""
    row = claude_model(body["model"])
    request = {name: value for name, value in body.items() if value is not False and value not in ([], {})}
    if system := _as_blocks(body.get("system")):
        request["system"] = system
    else:
        request.pop("system", None)
    if "tool_choice" in request:
        request["tool_choice"] = without_defaults(body["tool_choice"])
    request["messages"] = [{**turn, "content": _as_blocks(turn["content"])} for turn in body["messages"]]
    if row.prefill:
        _strip_ends(request["messages"])
    if "tools" in request:
        request["tools"] = [_expected_tool(tool) for tool in request["tools"]]
    if "output_format" in request:
        request["output_config"] = {"format": request.pop("output_format")}
    if not row.sampling or body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        request = {name: value for name, value in request.items() if name not in SAMPLING}
    return request


def without_defaults(choice: dict[str, Any]) -> dict[str, Any]:
    """How a tool is chosen, in as few words as that can be said."""
    return {name: value for name, value in choice.items() if value is not False}


def _as_blocks(content: Any) -> list[dict[str, Any]]:
    return [_expected_block(block) for block in _parts(content) if block.get("text", "x").strip()]


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content or []


def _expected_block(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] != "tool_result" or "content" not in block:
        return {name: value for name, value in block.items() if value is not None}
    return {**block, "content": _as_blocks(block["content"])}


def _expected_tool(tool: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in tool.items() if value is not None and value != ""}
    return {name: value for name, value in kept.items() if not (name == "type" and value == "custom")}


def _strip_ends(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        last = message["content"][-1]
        if message["role"] == "assistant" and last["type"] == "text":
            message["content"][-1] = {**last, "text": last["text"].rstrip()}


@pytest.mark.parametrize("vector", REQUESTS, ids=str)
def test_every_recorded_request_is_sent_as_it_was_once_it_is_said_in_chat(vector: Vector) -> None:
    assert vector.request is not None
    translation = checked(parse_chat(msgspec.json.encode(as_chat(vector.request))), vector.request["model"])

    assert expected(vector.request) == translation.body
    assert set(translation.dropped) <= SAMPLING


CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
"""The ids that Claude takes; others have to become such."""
CHAT_REQUESTS = [
    vector
    for vector in vectors("chat", (*CHAT_PROVIDERS, "ollama", "gemini"))
    if (vector.request or {}).get("messages")
]


def gist(messages: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What a conversation says, one fact each, however its messages are cut; calls go by their order."""
    facts: list[tuple[str, ...]] = []
    calls: dict[str, str] = {}
    for message in messages:
        role = "system" if message["role"] == "developer" else message["role"]
        parts = _parts(message.get("content"))
        if role == "tool":
            number = calls[message["tool_call_id"]]
            facts.append(("result", number, "".join(part.get("text", "") for part in parts)))
            continue
        facts += [(role, words) for part in parts if (words := _said(part)).strip() and words not in ADDED]
        for call in message.get("tool_calls") or []:
            number = calls.setdefault(call["id"], str(len(calls)))
            facts.append(
                ("call", number, call["function"]["name"], str(json.loads(call["function"]["arguments"] or "{}")))
            )
    return facts


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-5-5"])
@pytest.mark.parametrize("vector", CHAT_REQUESTS, ids=str)
def test_every_recorded_chat_request_survives_the_way_to_claude_and_back(vector: Vector, model: str) -> None:
    assert vector.request is not None
    request = parse_chat(msgspec.json.encode({**vector.request, "n": None}))
    try:
        translation = checked(request, model)
    except InvalidRequest as refused:
        assert refused_for(vector.request, model) in refused.message
        return

    messages_again = chat_messages(translation.body, translation.tool_names)
    assert gist(vector.request["messages"]) == gist(messages_again)
    assert {each for each in ids_in(vector.request["messages"]) if CALL_ID.fullmatch(each)} <= ids_in(messages_again)
    given = [tool.get("function", tool)["name"] for tool in _tools_of(vector.request)]
    assert given == [
        translation.tool_names.get(tool["name"], tool["name"]) for tool in translation.body.get("tools", [])
    ]


def ids_in(messages: list[dict[str, Any]]) -> set[str]:
    """Of calls."""
    return {call["id"] for message in messages for call in message.get("tool_calls") or []}


def _tools_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return body.get("tools") or body.get("functions") or []


ADDED = (PLACEHOLDER, JSON_ONLY, ANY)
"""Texts of ours."""


def _said(part: dict[str, Any]) -> str:
    """The text of a part, or what kind of thing it is; thinking of others is not Claude's to hear."""
    if part["type"] in ("text", "thinking"):
        return part.get("text") or ""
    image = part.get("image_url") or "a document"
    if isinstance(image, dict):
        image = image["url"]
    return str(image)


def refused_for(body: dict[str, Any], model: str) -> str:
    """Why Claude cannot be asked this: the only reasons that are good enough."""
    parts = [part for turn in body["messages"] if isinstance(turn.get("content"), list) for part in turn["content"]]
    if kinds := {"input_audio", "video_url"} & {part["type"] for part in parts}:
        return f"{kinds.pop()!r}"
    if any(str(tool.get("type")).startswith("openrouter:") for tool in body.get("tools") or []):
        return "'openrouter:"
    return "no reason at all"
