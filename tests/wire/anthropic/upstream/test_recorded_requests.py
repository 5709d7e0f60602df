"""Recorded requests, of Anthropic's clients and of chat clients: what arrives is what was asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_messages import PLACEHOLDER
from aihub_lite.wire.anthropic_request import JSON_ONLY
from aihub_lite.wire.chat_request import parse_chat
from aihub_lite.wire.claude_models import claude_model
from tests.support.claude import SAMPLING, chat_messages, checked
from tests.support.replay import CHAT_PROVIDERS, Vector, requires_vectors, vectors

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
    found = {name: value for name, value in body.items() if value is not False and value not in ([], {})}
    if "system" in body:
        found["system"] = _as_blocks(body["system"])
    found["messages"] = [{**one, "content": _as_blocks(one["content"])} for one in body["messages"]]
    if row.prefill:
        _strip_ends(found["messages"])
    if "tools" in found:
        found["tools"] = [_expected_tool(tool) for tool in found["tools"]]
    if "output_format" in found:
        found["output_config"] = {"format": found.pop("output_format")}
    if not row.sampling or body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        found = {name: value for name, value in found.items() if name not in SAMPLING}
    return found


def _as_blocks(content: Any) -> list[dict[str, Any]]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [_expected_block(block) for block in blocks if block.get("text", "x").strip()]


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
    made = checked(parse_chat(msgspec.json.encode(as_chat(vector.request))), vector.request["model"])

    assert expected(vector.request) == made.body
    assert set(made.dropped) <= SAMPLING


CHAT_REQUESTS = [
    vector
    for vector in vectors("chat", (*CHAT_PROVIDERS, "ollama", "gemini"))
    if (vector.request or {}).get("messages")
]


def gist(messages: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What a conversation says, one fact each, however its messages are cut."""
    found: list[tuple[str, ...]] = []
    for message in messages:
        role = "system" if message["role"] == "developer" else message["role"]
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        if role == "tool":
            found.append(("result", message["tool_call_id"], "".join(part.get("text", "") for part in parts)))
            continue
        found += [(role, said) for part in parts if (said := _said(part)).strip() and said not in ADDED]
        for call in message.get("tool_calls") or []:
            found.append(
                ("call", call["id"], call["function"]["name"], str(json.loads(call["function"]["arguments"] or "{}")))
            )
    return found


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-5-5"])
@pytest.mark.parametrize("vector", CHAT_REQUESTS, ids=str)
def test_every_recorded_chat_request_survives_the_way_to_claude_and_back(vector: Vector, model: str) -> None:
    assert vector.request is not None
    request = parse_chat(msgspec.json.encode({**vector.request, "n": None}))
    try:
        made = checked(request, model)
    except InvalidRequest as refused:
        assert refused_for(vector.request, model) in refused.message
        return

    assert gist(vector.request["messages"]) == gist(chat_messages(made.body, made.names))
    given = [tool.get("function", tool)["name"] for tool in _tools_of(vector.request)]
    assert given == [made.names.get(tool["name"], tool["name"]) for tool in made.body.get("tools", [])]


def _tools_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return body.get("tools") or body.get("functions") or []


ADDED = (PLACEHOLDER, JSON_ONLY)
"""Texts of ours."""


def _said(part: dict[str, Any]) -> str:
    """The text of a part, or what kind of thing it is; thinking of others is not Claude's to hear."""
    if part["type"] in ("text", "thinking"):
        return part.get("text") or ""
    image = part.get("image_url")
    return str(image["url"] if isinstance(image, dict) else image or "a document")


def refused_for(body: dict[str, Any], model: str) -> str:
    """Why Claude cannot be asked this: the only reasons that are good enough."""
    parts = [part for one in body["messages"] if isinstance(one.get("content"), list) for part in one["content"]]
    if kinds := {"input_audio", "video_url"} & {part["type"] for part in parts}:
        return f"{kinds.pop()!r}"
    if any(str(tool.get("type")).startswith("openrouter:") for tool in body.get("tools") or []):
        return "'openrouter:"
    if body.get("tool_choice") not in (None, "auto", "none") and not claude_model(model).forced_tool:
        return "cannot force a call"
    return "no reason at all"
