"""A body that is not quite chat's, read as a chat request.

Cursor posts bodies of Responses to `/v1/chat/completions` in agent mode (`input`, `reasoning`, flat and custom tools),
chat bodies with flat tools among the nested ones in ask mode, and Anthropic's tools and blocks for names of Claude
models; it reads answers of chat (RULES.md C-30; BerriAI/litellm#34029, router-for-me/CLIProxyAPI#3805, summer 2026).
"""

from __future__ import annotations

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.request import ChatRequest, chat_request
from aihub_lite.wire.cursor.blocks import has_blocks, without_blocks
from aihub_lite.wire.cursor.tools import (
    call_of,
    custom_item,
    flat_choice,
    flat_tool,
    item_of,
    nested_choice,
    nested_tools,
)
from aihub_lite.wire.fields import flag, wants_usage
from aihub_lite.wire.json_types import JsonObject, dicts_in
from aihub_lite.wire.responses.request import ResponsesRequest, responses_request
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.responses.tools import Tools


@attrs.frozen
class CursorRequest(ChatRequest):
    """Such a body as chat."""

    tools: Tools = attrs.field(repr=False)
    """Which tool of the client's each function stands for that was not one of chat's."""
    responses: ResponsesRequest | None = attrs.field(repr=False)
    """A body of Responses as what it is; None for one of chat's."""


def cursor_request(body: JsonObject) -> CursorRequest:
    """Raises InvalidRequest that names the field, as the client has it."""
    if body.get("messages") is None:
        return _from_items(body)
    return _from_messages(body)


def _from_messages(body: JsonObject) -> CursorRequest:
    known = Tools()
    chat = dict(body)
    chat["tools"] = nested_tools(body["tools"], known)
    if (choice := body.get("tool_choice")) is not None:
        chat["tool_choice"] = nested_choice(choice, known)
    if isinstance(messages := body["messages"], list):
        chat["messages"] = [one for place, message in enumerate(messages) for one in _messages(message, place, known)]
    return _cursor_request(chat_request(chat), known, None)


def _messages(message: object, place: int, known: Tools) -> list[object]:
    """A message without blocks, and with its calls as the upstream made them."""
    if not isinstance(message, dict):
        return [message]
    messages = [message]
    if has_blocks(message):
        messages = without_blocks(message, f"messages[{place}]")
    return [_with_calls(one, known) for one in messages]


def _with_calls(message: JsonObject, known: Tools) -> JsonObject:
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        return message
    return {**message, "tool_calls": [call_of(call, known) for call in calls]}


def _from_items(body: JsonObject) -> CursorRequest:
    content = dict(body)
    known = Tools()
    if (tools := body.get("tools")) is not None:
        if not isinstance(tools, list):
            raise InvalidRequest("'tools' must be a list.")
        content["tools"] = [flat_tool(tool) for tool in tools]
        known.add(content["tools"], "tools")
    if (choice := body.get("tool_choice")) is not None:
        content["tool_choice"] = flat_choice(choice)
    if isinstance(items := body["input"], list):
        content["input"] = [one for place, item in enumerate(items) for one in _items(item, place, known)]
    responses = responses_request(content, ResponseState(""))
    include_usage = flag(body, "stream") and wants_usage(body)
    chat = attrs.evolve(responses.chat, include_usage=include_usage)
    return _cursor_request(chat, responses.tools, responses)


def _items(item: object, place: int, known: Tools) -> list[object]:
    """An item of Responses, or those that a message of chat or Anthropic's among them stands for."""
    if not isinstance(item, dict):
        return [item]
    if item.get("type") == "function_call":
        return [custom_item(item, known)]
    if item.get("type") not in (None, "message") or "role" not in item:
        return [item]
    messages = [item]
    if has_blocks(item):
        messages = without_blocks(item, f"input[{place}]")
    return [one for message in messages for one in _message_items(message, known)]


def _message_items(message: JsonObject, known: Tools) -> list[object]:
    if message["role"] == "tool":
        output = message.get("content")
        return [{"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": output}]
    calls = dicts_in(message.get("tool_calls"))
    items: list[object] = [item_of(call, known) for call in calls]
    if not calls or message.get("content"):
        return [message, *items]
    return items


def _cursor_request(chat: ChatRequest, tools: Tools, responses: ResponsesRequest | None) -> CursorRequest:
    return CursorRequest(
        chat.body,
        chat.model,
        chat.stream,
        chat.include_usage,
        chat.max_tokens,
        chat.n,
        chat.prompt_estimate,
        tools,
        responses,
    )
