"""A chat request: read once, checked where the gateway reads it, and written anew for one upstream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import ClassVar

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.quirks import ALL_REASONING, SIGNED, Quirks
from aihub_lite.wire.chat.tier import asked_tier
from aihub_lite.wire.estimate import prompt_estimate
from aihub_lite.wire.fields import MAX_CHOICES, ROUTING_FIELDS, flag, model_in, parse_json, wants_usage, whole, wrong
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.hosted import hosted_at_most
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at, texts_in

NO_THOUGHT = " "
"""A thought that says nothing: Kimi takes an empty one for a missing one (charmbracelet/crush#2696, November 2026)."""
MAX_TOKENS = frozenset({"max_tokens", "max_completion_tokens"})
THOUGHTS = frozenset({"thinking", "redacted_thinking"})
"""Types of parts that are a model's own thoughts."""


@attrs.frozen
class MessageFields:
    """What is anywhere in a conversation. A coding tool sends hundreds of messages, again with every request, and most
    upstreams need none of them changed: that is seen once for all, instead of at each message for each name.
    """

    names: frozenset[str]
    """Of fields of messages."""
    call_names: frozenset[str]
    """Of fields of their tool calls."""
    roles: frozenset[object]
    has_parts: bool
    """Whether the content of any message is a list of parts."""

    def lack(self, names: frozenset[str]) -> bool:
        """Whether no message and no call has any of these."""
        return names.isdisjoint(self.names) and names.isdisjoint(self.call_names)


def fields_of(messages: Sequence[JsonObject]) -> MessageFields:
    """Of messages that have been checked: each is an object, and has a role."""
    names = frozenset[str]().union(*messages)
    call_names = frozenset[str]()
    if "tool_calls" in names:
        with_calls = (message["tool_calls"] for message in messages if "tool_calls" in message)
        call_names = call_names.union(*(call for calls in with_calls for call in dicts_in(calls)))
    roles = frozenset([message.get("role") for message in messages])
    return MessageFields(names, call_names, roles, list in [type(message.get("content")) for message in messages])


@attrs.frozen
class ChatRequest:
    """What the gateway reads of a chat request; `body` is all of it, unknown fields too, and is never changed."""

    body: JsonObject
    model: str
    stream: bool
    include_usage: bool
    """Whether the client wants the usage chunk of a stream."""
    max_tokens: int | None
    """The most completion tokens the client allows, per choice."""
    n: int
    """How many choices the client wants."""
    prompt_estimate: int
    """Tokens of the prompt by our own count."""
    events: ClassVar[bool] = True

    @cached_property
    def fields(self) -> MessageFields:
        """What is anywhere in its messages."""
        return fields_of(self.body["messages"])

    @property
    def tier(self) -> str:
        """The tier of service that it asks for."""
        return asked_tier(self.body)

    @property
    def posted(self) -> JsonView:
        """The body as its client posted it."""
        return self.body

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens written."""
        return Usage(self.prompt_estimate, completion_tokens)

    def hosted_at_most(self) -> Hosted | None:
        """What its provider may run for it itself."""
        return hosted_at_most(self.body)

    def texts(self) -> Iterator[str]:
        """Every text in it, but for names."""
        return texts_in(self.body)


def parse_chat(data: bytes | bytearray) -> ChatRequest:
    """Raises InvalidRequest that names the field; what only concerns the upstream is left for it to judge."""
    return chat_request(parse_json(data))


def chat_request(body: JsonObject) -> ChatRequest:
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
    """The request for one upstream: its model name, usage always asked for, nothing that it is known to refuse.

    Unknown fields are passed on (RULES.md C-14). A client that wants no usage gets none, but is billed by it.
    """
    dropped = ROUTING_FIELDS
    if quirks.drop:
        dropped |= quirks.drop
    body = {name: value for name, value in request.body.items() if name not in dropped}
    body["model"] = upstream_model
    options = body.pop("stream_options", None)
    if request.stream and quirks.stream_options:
        body["stream_options"] = {**(options or {}), "include_usage": True}
    if not quirks.no_tools and body.get("tools") == []:
        del body["tools"]
        body.pop("tool_choice", None)
    if quirks.efforts and body.get("reasoning_effort") not in quirks.efforts:
        body.pop("reasoning_effort", None)
    _spell_max_tokens(body, upstream_model, quirks)
    if _takes_thinking_parts(upstream_model, quirks):
        body["messages"] = [_with_thinking_part(message) for message in body["messages"]]
    if quirks.drop_inside or not quirks.developer_role:
        messages = body["messages"]
        fields = request.fields if messages is request.body["messages"] else fields_of(messages)
        body["messages"] = _messages_for(messages, fields, quirks)
    if quirks.thought_calls and _has_part(upstream_model, quirks.thought_calls):
        body["messages"] = [_with_thought(message) for message in body["messages"]]
    if quirks.drop_inside and isinstance(body.get("tools"), list):
        body["tools"] = [_tool_for(tool, quirks.drop_inside) for tool in body["tools"]]
    return encode(body)


@lru_cache(maxsize=1024)
def _has_part(upstream_model: str, parts: tuple[str, ...]) -> bool:
    return any(part in upstream_model.lower() for part in parts)


def thoughts_left_out(request: ChatRequest, upstream_model: str, quirks: Quirks) -> tuple[str, ...]:
    """What models thought in earlier turns and this upstream is not told, as `x-aihub-dropped-params` names it."""
    names = quirks.drop_inside & ALL_REASONING
    if _takes_thinking_parts(upstream_model, quirks):
        names -= {"reasoning_content"}
    if not names:
        return ()
    messages = request.body["messages"]
    fields = request.fields
    said = {name for name in names & fields.names if any(message.get(name) for message in messages)}
    if SIGNED in names & fields.call_names and any(_has_signed_call(message) for message in messages):
        said.add(SIGNED)
    return tuple(sorted(f"messages.{name}" for name in said))


def _has_signed_call(message: JsonObject) -> bool:
    return any(call.get(SIGNED) for call in dicts_in(message.get("tool_calls")))


def _takes_thinking_parts(upstream_model: str, quirks: Quirks) -> bool:
    return bool(quirks.thinking_models) and upstream_model.startswith(quirks.thinking_models)


def _with_thinking_part(message: JsonObject) -> JsonObject:
    """A message with its reasoning before what it says, as Mistral has it, unless it came with such a part."""
    thought = message.get("reasoning_content")
    if message.get("role") != "assistant" or not isinstance(thought, str) or not thought:
        return message
    content = message.get("content")
    parts: list[object] = [{"type": "thinking", "thinking": [{"type": "text", "text": thought}]}]
    if isinstance(content, str) and content:
        parts.append({"type": "text", "text": content})
    elif isinstance(content, list):
        if any(isinstance(part, dict) and part.get("type") == "thinking" for part in content):
            return message
        parts += content
    return {**message, "content": parts}


def _with_thought(message: JsonObject) -> JsonObject:
    """A message whose calls have a thought before them, by the name that DeepSeek and Kimi know."""
    if message.get("role") != "assistant" or not message.get("tool_calls") or message.get("reasoning_content"):
        return message
    thought = message.get("reasoning")
    if not isinstance(thought, str) or not thought:
        thought = NO_THOUGHT
    return {**message, "reasoning_content": thought}


def respelled(request: ChatRequest, upstream_model: str, quirks: Quirks) -> tuple[tuple[str, str], ...]:
    """The fields that `upstream_body` gives another name, each with that."""
    name = _max_tokens_name(upstream_model, quirks)
    if name is None:
        return ()
    given = MAX_TOKENS - {name}
    return tuple((field, name) for field in given if request.body.get(field) is not None)


def _max_tokens_name(upstream_model: str, quirks: Quirks) -> str | None:
    """By which name alone the most tokens may be given; None for either."""
    if quirks.max_completion_tokens_models and upstream_model.startswith(quirks.max_completion_tokens_models):
        return "max_completion_tokens"
    return quirks.max_tokens_name


def _spell_max_tokens(body: JsonObject, upstream_model: str, quirks: Quirks) -> None:
    name = _max_tokens_name(upstream_model, quirks)
    if name is None or not body.keys() & MAX_TOKENS:
        return
    older = body.pop("max_tokens", None)
    value = body.pop("max_completion_tokens", None)
    if value is None:
        value = older
    if value is not None:
        body[name] = value


def _messages_for(messages: list[JsonObject], fields: MessageFields, quirks: Quirks) -> list[JsonObject]:
    """As they are where there is nothing to drop, and only where there is something, each anew."""
    unknown_role = not quirks.developer_role and "developer" in fields.roles
    if unknown_role or not fields.lack(quirks.drop_inside):
        return [_message_for(message, quirks) for message in messages]
    if fields.has_parts:
        return [_with_known_parts(message, quirks) for message in messages]
    return messages


def _with_known_role(message: JsonObject, quirks: Quirks) -> JsonObject:
    if not quirks.developer_role and message.get("role") == "developer":
        return {**message, "role": "system"}
    return message


def _message_for(message: JsonObject, quirks: Quirks) -> JsonObject:
    message = _with_known_parts(_with_known_role(_without(message, quirks.drop_inside), quirks), quirks)
    if quirks.drop_inside and isinstance(calls := message.get("tool_calls"), list):
        message = {**message, "tool_calls": [_call_for(call, quirks.drop_inside) for call in calls]}
    return message


def _with_known_parts(message: JsonObject, quirks: Quirks) -> JsonObject:
    parts = message.get("content")
    if not isinstance(parts, list):
        return message
    return {**message, "content": _parts_for(parts, quirks)}


def _call_for(call: object, names: frozenset[str]) -> object:
    """Names are dropped from a call, never from what it says."""
    if not isinstance(call, dict):
        return call
    return _without(call, names)


def _parts_for(parts: list[object], quirks: Quirks) -> list[object] | None:
    """The parts that this upstream knows; None where it knows none of them."""
    familiar: list[object] = []
    for part in parts:
        if not isinstance(part, dict):
            familiar.append(part)
        elif not _foreign_thought(part, quirks):
            familiar.append(_without(part, quirks.drop_inside))
    if parts and not familiar:
        return None
    return familiar


def _foreign_thought(part: JsonObject, quirks: Quirks) -> bool:
    """Whether a part is thinking that this upstream would not know: Claude's is a string, Mistral's a list."""
    if text_at(part, "type") not in THOUGHTS:
        return False
    return not (quirks.thinking_parts and isinstance(part.get("thinking"), list))


def _tool_for(tool: object, names: frozenset[str]) -> object:
    """Names are dropped from a tool and its function, never from the schema of its parameters."""
    if not isinstance(tool, dict):
        return tool
    tool = _without(tool, names)
    function = tool.get("function")
    if isinstance(function, dict) and not names.isdisjoint(function):
        tool = {**tool, "function": _without(function, names)}
    return tool


def _without(value: JsonObject, names: frozenset[str]) -> JsonObject:
    if names.isdisjoint(value):
        return value
    return {name: inner for name, inner in value.items() if name not in names}


def _check_messages(body: JsonObject) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest(wrong(body, "messages", "a non-empty list of messages"))
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            raise InvalidRequest(f"'messages[{position}]' must be an object.")
        role = message.get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequest(f"'messages[{position}].role' must be a non-empty string.")


def has_details(request: ChatRequest) -> bool:
    """Whether the conversation carries `reasoning_details`, which only the account that they came from may read."""
    return any(message.get("reasoning_details") for message in request.body["messages"])


def without_details(request: ChatRequest) -> ChatRequest:
    """The conversation without them; what was thought in plain text stays."""
    messages = [
        {name: value for name, value in message.items() if name != "reasoning_details"}
        for message in request.body["messages"]
    ]
    return attrs.evolve(request, body={**request.body, "messages": messages})
