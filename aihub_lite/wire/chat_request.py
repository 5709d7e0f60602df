"""A chat request: read once, checked where the gateway reads it, and written anew for one upstream."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import msgspec

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import prompt_estimate
from aihub_lite.wire.fields import MAX_CHOICES, ROUTING_FIELDS, flag, model_in, parse_json, wants_usage, whole, wrong
from aihub_lite.wire.quirks import Quirks

THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_encode = msgspec.json.Encoder().encode


@attrs.frozen
class ChatRequest:
    """What the gateway reads of a chat request; `body` is all of it, unknown fields too, and is never changed."""

    body: dict[str, Any]
    model: str
    stream: bool
    include_usage: bool
    """Whether the client wants the usage chunk of a stream."""
    max_tokens: int | None
    """The most completion tokens the client allows, per choice."""
    n: int
    prompt_estimate: int
    """Tokens."""
    events: ClassVar[bool] = True

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens written."""
        return Usage(self.prompt_estimate, completion_tokens)


def parse_chat(data: bytes | bytearray) -> ChatRequest:
    """Raises InvalidRequest that names the field; what only concerns the upstream is left for it to judge."""
    return chat_request(parse_json(data))


def chat_request(body: dict[str, Any]) -> ChatRequest:
    """The same for a body that is decoded already, or was another surface's; it is taken over."""
    model = model_in(body)
    _check_messages(body)
    stream = flag(body, "stream")
    return ChatRequest(
        body,
        model,
        stream,
        stream and wants_usage(body),
        whole(body, "max_completion_tokens") or whole(body, "max_tokens"),
        whole(body, "n", MAX_CHOICES) or 1,
        prompt_estimate(body),
    )


def upstream_body(request: ChatRequest, upstream_model: str, quirks: Quirks) -> bytes:
    """The request for one upstream: its model name, usage always asked for, nothing that it is known to refuse."""
    dropped = ROUTING_FIELDS | quirks.drop if quirks.drop else ROUTING_FIELDS
    body = {name: value for name, value in request.body.items() if name not in dropped}
    body["model"] = upstream_model
    options = body.pop("stream_options", None)
    if request.stream and quirks.stream_options:
        body["stream_options"] = {**(options or {}), "include_usage": True}
    _spell_max_tokens(body, upstream_model, quirks)
    if quirks.drop_inside or not quirks.developer_role:
        body["messages"] = [_message_for(message, quirks) for message in body["messages"]]
    if quirks.drop_inside and isinstance(body.get("tools"), list):
        body["tools"] = [_tool_for(tool, quirks.drop_inside) for tool in body["tools"]]
    return _encode(body)


def _spell_max_tokens(body: dict[str, Any], upstream_model: str, quirks: Quirks) -> None:
    name = quirks.max_tokens_name
    if quirks.max_completion_tokens_models and upstream_model.startswith(quirks.max_completion_tokens_models):
        name = "max_completion_tokens"
    if name is None or not body.keys() & {"max_tokens", "max_completion_tokens"}:
        return
    older, newer = body.pop("max_tokens", None), body.pop("max_completion_tokens", None)
    if (value := older if newer is None else newer) is not None:
        body[name] = value


def _message_for(message: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    changed: dict[str, Any] = _without(message, quirks.drop_inside)
    if not quirks.developer_role and changed.get("role") == "developer":
        changed = {**changed, "role": "system"}
    if isinstance(parts := changed.get("content"), list):
        kept = [_without(part, quirks.drop_inside) for part in parts if not _foreign_thought(part, quirks)]
        changed = {**changed, "content": kept if kept or not parts else None}
    return changed


def _foreign_thought(part: Any, quirks: Quirks) -> bool:
    """Whether a part is thinking that this upstream would not know: Claude's is a string, Mistral's a list."""
    if not isinstance(part, dict) or part.get("type") not in THOUGHTS:
        return False
    return not (quirks.thinking_parts and isinstance(part.get("thinking"), list))


def _tool_for(tool: Any, names: frozenset[str]) -> Any:
    """Names are dropped from a tool and its function, never from the schema of its parameters."""
    tool = _without(tool, names)
    if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
        tool = {**tool, "function": _without(tool["function"], names)}
    return tool


def _without(value: Any, names: frozenset[str]) -> Any:
    if not isinstance(value, dict) or names.isdisjoint(value):
        return value
    return {name: inner for name, inner in value.items() if name not in names}


def _check_messages(body: dict[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest(wrong(body, "messages", "a non-empty list of messages"))
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            raise InvalidRequest(f"'messages[{position}]' must be an object.")
        role = message.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequest(f"'messages[{position}].role' must be a non-empty string.")
