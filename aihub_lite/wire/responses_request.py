"""A Responses request: read once, and said as a chat request, which every upstream can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.by_chat import AskedByChat
from aihub_lite.wire.chat_request import ChatRequest, chat_request
from aihub_lite.wire.fields import flag, model_in, parse_json, whole, wrong
from aihub_lite.wire.responses_items import STATELESS, Conversation
from aihub_lite.wire.responses_told import Told
from aihub_lite.wire.responses_tools import Tools, choice_of, kinds_of

ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
SAME = (
    *("parallel_tool_calls", "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
    *("service_tier", "temperature", "top_p", "user"),
)
"""Fields of the same name and meaning in chat."""
READ = frozenset(
    {"model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "max_output_tokens", "include"}
    | {"stream", "top_logprobs", "previous_response_id", "conversation", "background", "prompt", *SAME}
)
"""Fields that something is made of below."""
SILENT = frozenset(
    {"store", "stream_options", "truncation", "client_metadata", "max_tool_calls", "prompt_cache_options"}
    | {"background_options", "context_management"}
)
"""Fields that can be left out without a word: what they ask for is not there, or is none of a model's business."""
FOREIGN = frozenset({"access_programs", "image", "moderation"})
"""Fields of Responses alone that are left out and named; any other unknown one may be an upstream's own."""
PLAIN_ITEMS = frozenset({"message", "function_call", "function_call_output", "reasoning"})
"""Items that every upstream with this API takes."""
NAMESPACE = "namespace"


class PreviousResponseNotFound(InvalidRequest):
    """A request that goes on from a response that is not there: none is."""

    code: str | int | None = "previous_response_not_found"


@attrs.frozen(eq=False)
class ResponsesRequest(AskedByChat):
    """What the gateway reads of a Responses request; `content` is all of it, and is never changed."""

    content: dict[str, Any] = attrs.field(repr=False)
    chat: ChatRequest = attrs.field(repr=False)
    """The same, for every upstream that has no such API."""
    tools: Tools = attrs.field(repr=False)
    told: Told = attrs.field(repr=False)
    sealed: bool
    """Whether the client keeps reasoning that it cannot read."""
    logprobs: bool
    dropped: tuple[str, ...]
    """What chat has no word for."""
    unsayable: str
    """Why only an upstream that speaks Responses itself can be asked this, if that is so."""
    kinds: frozenset[str]
    """Tools and items beyond the plain ones, which not every upstream with this API takes."""

    def check_sayable(self) -> None:
        """Raises InvalidRequest where chat cannot say it."""
        if self.unsayable:
            raise InvalidRequest(self.unsayable)


def parse_responses(data: bytes | bytearray, told: Told) -> ResponsesRequest:
    """Raises InvalidRequest that names the field; what only concerns the upstream is left for it to judge."""
    body = parse_json(data)
    told.model = model_in(body)
    _check_state(body)
    included = _strings(body, "include")
    chat: dict[str, Any] = {"model": told.model, "stream": flag(body, "stream")}
    tools = Tools()
    dropped: list[str] = []
    if body.get("tools") is not None:
        tools.add(body["tools"], "tools")
    conversation = _conversation(body)
    chat["messages"] = _messages(conversation, tools)
    _offer(chat, body, tools, dropped)
    _shape(chat, body)
    _rest(chat, body, dropped, logprobs=LOGPROBS in included)
    told.request = body
    return ResponsesRequest(
        body,
        chat_request(chat),
        tools,
        told,
        ENCRYPTED in included,
        LOGPROBS in included or bool(body.get("top_logprobs")),
        tuple(dropped),
        conversation.unsayable,
        frozenset(_kinds(body)),
    )


def _check_state(body: Mapping[str, Any]) -> None:
    """Nothing that was said before can be pointed at, or asked for later."""
    if (previous := body.get("previous_response_id")) is not None:
        raise PreviousResponseNotFound(f"Previous response with id {str(previous)[:80]!r} not found. {STATELESS}")
    for name in ("conversation", "prompt"):
        if body.get(name) is not None:
            raise InvalidRequest(f"'{name}' cannot be used. {STATELESS}")
    if flag(dict(body), "background"):
        raise InvalidRequest("'background' must be false: nothing is stored here, so no answer can be fetched later.")


def _conversation(body: dict[str, Any]) -> Conversation:
    instructions, given = body.get("instructions"), body.get("input")
    if not isinstance(given, str | list) or (not given and not instructions):
        raise InvalidRequest(wrong(body, "input", "a text or a list of items"))
    conversation = Conversation()
    if isinstance(instructions, str):
        conversation.instruct(instructions)
    elif isinstance(instructions, list):
        _add_all(conversation, instructions, "instructions")
    elif instructions is not None:
        raise InvalidRequest("'instructions' must be a string.")
    _add_all(conversation, [given] if isinstance(given, str) else given, "input")
    return conversation


def _messages(conversation: Conversation, tools: Tools) -> list[dict[str, Any]]:
    messages = conversation.messages()
    if not messages:
        raise InvalidRequest("'input' must hold a message.")
    for where, more in conversation.tools:
        tools.add(more, where)
    return messages


def _add_all(conversation: Conversation, items: list[Any], where: str) -> None:
    for position, item in enumerate(items):
        conversation.add(item, f"{where}[{position}]")


def _offer(chat: dict[str, Any], body: Mapping[str, Any], tools: Tools, dropped: list[str]) -> None:
    dropped += [f"tools.{kind}" if kind.isidentifier() and kind.isascii() else "tools" for kind in tools.dropped]
    if tools.chat:
        chat["tools"] = tools.chat
    if (choice := choice_of(body.get("tool_choice"), tools)) is not None:
        chat["tool_choice"] = choice


def _shape(chat: dict[str, Any], body: dict[str, Any]) -> None:
    """The form of the answer, and how much is thought about it."""
    text, reasoning = _object(body, "text"), _object(body, "reasoning")
    form = text.get("format")
    if form is not None:
        chat |= _format(form)
    if (verbosity := text.get("verbosity")) is not None:
        chat["verbosity"] = _string(verbosity, "text.verbosity")
    if (effort := reasoning.get("effort")) is not None:
        chat["reasoning_effort"] = _string(effort, "reasoning.effort")
    if (most := whole(body, "max_output_tokens")) is not None:
        chat["max_tokens"] = most


def _format(form: object) -> dict[str, Any]:
    kind = form.get("type") if isinstance(form, dict) else None
    if not isinstance(form, dict) or kind not in ("text", "json_object", "json_schema"):
        raise InvalidRequest("'text.format' must be text, json_object, or json_schema with a schema.")
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"response_format": {"type": kind}}
    if not isinstance(form.get("schema"), dict):
        raise InvalidRequest("'text.format.schema' must be a JSON Schema.")
    schema = {name: form[name] for name in ("name", "description", "schema", "strict") if form.get(name) is not None}
    return {"response_format": {"type": kind, "json_schema": {"name": "answer", **schema}}}


def _rest(chat: dict[str, Any], body: dict[str, Any], dropped: list[str], *, logprobs: bool) -> None:
    flag(body, "parallel_tool_calls")
    for name in SAME:
        if body.get(name) is not None and not (name == "parallel_tool_calls" and "tools" not in chat):
            chat[name] = body[name]
    top = body.get("top_logprobs")
    if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 0):
        raise InvalidRequest("'top_logprobs' must be a whole number.")
    if top or logprobs:
        chat["logprobs"] = True
    if top:
        chat["top_logprobs"] = top
    for name, value in body.items():
        if name in FOREIGN and value is not None:
            dropped.append(name)
        elif name not in READ | SILENT | FOREIGN and name not in chat:
            chat[name] = value


def _kinds(body: Mapping[str, Any]) -> set[str]:
    """Tools and items that are more than the API's core, for who asks whether an upstream takes them."""
    found = set(kinds_of(body.get("tools")))
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            kind = item.get("type")
            found.add(kind if isinstance(kind, str) and kind not in PLAIN_ITEMS else "")
            found.add(NAMESPACE if item.get(NAMESPACE) else "")
    return found - {"", "function"}


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict | None):
        raise InvalidRequest(f"'{name}' must be an object.")
    return value or {}


def _string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"'{name}' must be a string.")
    return value


def _strings(body: Mapping[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidRequest(f"'{name}' must be a list of strings.")
    return value
