"""A request of Anthropic Messages in chat's words: pure, message by message, the same for the same bytes.

No message depends on a later one, so what a conversation has become stays a prefix as it grows, for upstreams' caches.
What only Anthropic has is left out and named, or, where the request means nothing without it, kept from chat upstreams
altogether; Anthropic itself gets the client's own body either way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_thinking import EFFORT_BY_BUDGET
from aihub_lite.wire.claude_models import EFFORTS
from aihub_lite.wire.fields import ROUTING_FIELDS, flag, model_in, whole, wrong
from aihub_lite.wire.messages_parts import Reading, assistant_message, system_of, user_messages
from aihub_lite.wire.messages_tools import choose, closed_schema, functions_of, long_names

MAX_STOPS = 4
"""OpenAI's and most others' limit."""
READ = frozenset(
    {"model", "messages", "system", "max_tokens", "stream", "tools", "tool_choice", "stop_sequences", "temperature"}
    | {"top_p", "top_k", "thinking", "output_config", "output_format", "metadata"}
)
"""Fields that something is made of below."""
SILENT = frozenset({"cache_control", "context_management", "service_tier", "speed", "betas"})
"""What an answer does not depend on, only its price or pace; coding tools send some with every request."""
SESSION = re.compile(r"_session_([0-9a-fA-F-]{8,64})$|\"session_id\"\s*:\s*\"([^\"]{1,200})\"")
"""Where Claude Code names its session inside `metadata.user_id`."""


@attrs.frozen
class Spoken:
    """A request as chat."""

    chat: dict[str, Any]
    dropped: tuple[str, ...] = ()
    """Names of what chat has no word for."""
    names: Mapping[str, str] = attrs.field(factory=dict)
    """The client's names of tools by those upstream, where they differ."""
    unsayable: str = ""
    """Why only Anthropic can be asked this, if that is so."""


def chat_of(body: Mapping[str, Any], *, marks: bool = False, limited: bool = True) -> Spoken:
    """The request as chat; raises InvalidRequest that names the field.

    `marks`: cache marks are kept on messages and tools. `limited`: `max_tokens` is required, as it is by Anthropic.
    """
    model = model_in(dict(body))
    reading = Reading(marks)
    chat: dict[str, Any] = {"model": model, "messages": _messages(body, reading)}
    if flag(dict(body), "stream"):
        chat["stream"] = True
    limit = whole(dict(body), "max_tokens")
    if limit is None and limited:
        raise InvalidRequest("'max_tokens' is missing; it must be a positive integer.")
    if limit is not None:
        chat["max_tokens"] = limit
    if tools := functions_of(body.get("tools"), reading.dropped, marks=marks):
        chat["tools"] = tools
    choose(chat, body.get("tool_choice"), reading.dropped)
    _think(chat, body)
    _format(chat, body)
    _sample(chat, body, reading.dropped)
    _identify(chat, body)
    known = READ | SILENT | ROUTING_FIELDS
    reading.dropped += [name for name, value in body.items() if name not in known and value is not None]
    dropped = tuple(sorted({name for name in reading.dropped if name.isascii() and name.isprintable()}))
    return Spoken(chat, dropped, long_names(body.get("tools") or []), reading.unsayable)


def _messages(body: Mapping[str, Any], reading: Reading) -> list[dict[str, Any]]:
    given = body.get("messages")
    if not isinstance(given, list) or not given:
        raise InvalidRequest(wrong(dict(body), "messages", "a non-empty list of messages"))
    system = body.get("system")
    found = [] if system is None else system_of(system, "system", reading)
    for position, message in enumerate(given):
        at = f"messages[{position}]"
        if not isinstance(message, dict):
            raise InvalidRequest(f"'{at}' must be an object.")
        make = MAKERS.get(role) if isinstance(role := message.get("role"), str) else None
        if make is None:
            raise InvalidRequest(f"'{at}.role' must be user or assistant.")
        found += make(message.get("content"), f"{at}.content", reading)
    return found or user_messages("", "messages", reading)


MAKERS = {"user": user_messages, "assistant": assistant_message, "system": system_of}


def _think(chat: dict[str, Any], body: Mapping[str, Any]) -> None:
    """`reasoning_effort`: the effort that is named, else what a budget comes to."""
    thinking, config = _object(body, "thinking"), _object(body, "output_config")
    effort = config.get("effort")
    if effort is not None and (not isinstance(effort, str) or effort not in EFFORTS):
        raise InvalidRequest(f"'output_config.effort' must be one of {', '.join(EFFORTS)}.")
    if thinking.get("type") == "disabled":
        effort = "none"
    elif thinking.get("type") == "enabled" and effort is None:
        budget = whole(thinking, "budget_tokens")
        if budget is not None:
            effort = next((word for most, word in EFFORT_BY_BUDGET if budget <= most), "high")
    if effort is not None:
        chat["reasoning_effort"] = effort


def _format(chat: dict[str, Any], body: Mapping[str, Any]) -> None:
    form = _object(body, "output_config").get("format") or _object(body, "output_format")
    if not form:
        return
    schema = form.get("schema") if isinstance(form, dict) and form.get("type") == "json_schema" else None
    if not isinstance(schema, dict):
        raise InvalidRequest("'output_config.format' must be of type json_schema, with a schema.")
    wanted = {"name": "response", "schema": schema, "strict": closed_schema(schema)}
    chat["response_format"] = {"type": "json_schema", "json_schema": wanted}


def _sample(chat: dict[str, Any], body: Mapping[str, Any], dropped: list[str]) -> None:
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"'{name}' must be a number.")
        chat[name] = value
    stops = body.get("stop_sequences")
    if stops is None:
        return
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequest("'stop_sequences' must be a list of strings.")
    kept = [text for text in stops if text]
    if len(kept) > MAX_STOPS:
        dropped.append("stop_sequences")
    if kept:
        chat["stop"] = kept[:MAX_STOPS]


def _identify(chat: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Who asks, and which conversation it is: hashed, as it is nobody's business upstream."""
    user_id = _object(body, "metadata").get("user_id")
    if not isinstance(user_id, str) or not user_id:
        return
    found = SESSION.search(user_id)
    chat["user"] = _digest(SESSION.sub("", user_id))
    chat["prompt_cache_key"] = _digest(user_id if found is None else found[1] or found[2])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"'{name}' must be an object.")
    return value
