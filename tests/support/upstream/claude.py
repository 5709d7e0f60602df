"""Requests to Claude: translated and held against the official SDK's own types, and the way back to chat."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic.types.beta.message_create_params as beta
import msgspec
from anthropic.types import message_create_params

from aihub_lite.wire.anthropic.upstream.forced import ForcedTranslation
from aihub_lite.wire.anthropic.upstream.request import OWN_FIELDS, translate
from aihub_lite.wire.chat.request import ChatRequest, parse_chat
from tests.support.checkers.typed_dicts import problems

SAMPLING = {"temperature", "top_p", "top_k"}
"""In no type of this SDK any more, which speaks a newer version of the API than the one that is pinned."""
ONLY_BETA = {"mcp_servers", "context_management"}
FREE = {"input", "input_schema", "schema", "input_examples"}
"""Hold the client's own JSON, in which a null is a value."""
USER_NOTE = "<system>\n"


def asked(body: Mapping[str, Any]) -> ChatRequest:
    """A chat request as it arrives; without `messages` it says hello."""
    full = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **body}
    return parse_chat(msgspec.json.encode(full))


def checked(request: ChatRequest, model: str, *, nonsense: bool = False, **options: Any) -> ForcedTranslation:
    """What goes upstream; AssertionError if the SDK's types do not have it so, or if it holds a null.

    With `nonsense`, what a client says in Anthropic's own words may be wrong: it is passed on for Anthropic to judge.
    """
    before = msgspec.json.encode(request.body)
    translation = translate(request, model, **options)
    assert before == msgspec.json.encode(request.body), "the client's request was changed"
    judged = {name: value for name, value in translation.body.items() if not (nonsense and name in OWN_FIELDS)}
    assert [] == sdk_problems(judged)
    assert nonsense or [] == list(nulls(translation.body))
    return translation


def translated(body: Mapping[str, Any], model: str = "claude-opus-4-6", **options: Any) -> ForcedTranslation:
    """The same for a chat body."""
    return checked(asked(body), model, **options)


def sent(body: Mapping[str, Any], model: str = "claude-opus-4-6", **options: Any) -> dict[str, Any]:
    """The body that goes upstream for a chat body."""
    return translated(body, model, **options).body


def messages(*chat: dict[str, Any], model: str = "claude-opus-4-6") -> list[dict[str, Any]]:
    """The messages that are made of chat messages."""
    messages_sent: list[dict[str, Any]] = sent({"messages": list(chat)}, model)["messages"]
    return messages_sent


def sdk_problems(body: Mapping[str, Any]) -> list[str]:
    """What the SDK's types of a request do not know in a body, or miss."""
    typed = {name: value for name, value in body.items() if name not in SAMPLING}
    wrong = problems(typed, _params(message_create_params))
    return wrong and problems(typed, _params(beta))


def nulls(value: Any, at: str = "body") -> Iterator[str]:
    """Places of nulls, but for JSON of the client's own and for results of Anthropic's tools."""
    if value is None:
        yield at
    elif isinstance(value, Mapping) and not str(value.get("type")).endswith("_tool_result"):
        for name, inner in value.items():
            if name not in FREE:
                yield from nulls(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from nulls(inner, f"{at}[{place}]")


@functools.cache
def _params(module: Any) -> Any:
    return module.MessageCreateParams


def chat_messages(body: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A body's conversation as chat messages, as far as chat can say it; AssertionError for a block it cannot."""
    system = _blocks(body.get("system") or [])
    conversation = [{"role": "system", "content": _chat_parts(system)}] if system else []
    for message in body["messages"]:
        if message["role"] == "assistant":
            conversation.append(_chat_assistant(_blocks(message["content"]), names))
        else:
            conversation += _chat_user(message["role"], _blocks(message["content"]))
    return conversation


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _chat_user(role: str, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for block in blocks:
        if block["type"] == "tool_result":
            result: dict[str, Any] = {"role": "tool", "tool_call_id": block["tool_use_id"]}
            result["content"] = _chat_parts(_blocks(block.get("content") or []))
            messages.append(result | {name: block[name] for name in ("is_error", "cache_control") if name in block})
        elif block["type"] == "text" and block["text"].startswith(USER_NOTE):
            messages.append({"role": "system", "content": block["text"][len(USER_NOTE) : -len("\n</system>")]})
        elif messages and messages[-1]["role"] == role:
            messages[-1]["content"].append(_chat_part(block))
        else:
            messages.append({"role": role, "content": [_chat_part(block)]})
    return messages


def _chat_assistant(blocks: list[dict[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    parts: list[dict[str, Any]] = []
    native = any(block["type"] not in ("thinking", "redacted_thinking", "text", "tool_use") for block in blocks)
    for block in blocks:
        kind = block["type"]
        if kind == "thinking" and not native:
            detail = {"type": "reasoning.text", "text": block["thinking"], "signature": block["signature"]}
            message.setdefault("reasoning_details", []).append(detail)
        elif kind == "redacted_thinking":
            detail = {"type": "reasoning.encrypted", "data": block["data"]}
            message.setdefault("reasoning_details", []).append(detail)
        elif kind == "tool_use":
            arguments = json.dumps(block["input"], ensure_ascii=False)
            function = {"name": names.get(block["name"], block["name"]), "arguments": arguments}
            call = {"id": block["id"], "type": "function", "function": function}
            mark = {name: block[name] for name in ("cache_control",) if name in block}
            message.setdefault("tool_calls", []).append(call | mark)
        else:
            parts.append(block)
    message["content"] = _chat_parts(parts)
    return message


def _chat_parts(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_chat_part(block) for block in blocks]


def _chat_part(block: dict[str, Any]) -> dict[str, Any]:
    source = block.get("source") or {}
    extra = {"cache_control": block["cache_control"]} if "cache_control" in block else {}
    if block["type"] == "image" and source.get("type") != "file":
        url = source.get("url") or f"data:{source['media_type']};base64,{source['data']}"
        return {"type": "image_url", "image_url": {"url": url}, **extra}
    if block["type"] == "document" and source.get("type") == "base64":
        file = {"file_data": f"data:{source['media_type']};base64,{source['data']}"}
        return {"type": "file", "file": file | ({"filename": block["title"]} if "title" in block else {}), **extra}
    return block
