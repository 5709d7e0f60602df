"""A request of Anthropic Messages in chat's words: pure, turn by turn, the same for the same bytes.

Turns of one role in a row are one. No message depends on a later turn of another role, so what a conversation has
become stays a prefix as it grows, for upstreams' caches.
What only Anthropic has is left out and named, or, where the request means nothing without it, kept from chat upstreams
altogether; Anthropic itself gets the client's own body either way.
"""

from __future__ import annotations

import hashlib
import re
from itertools import groupby
from operator import itemgetter

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.models import EFFORTS
from aihub_lite.wire.anthropic.surface.content import (
    PlacedBlock,
    Reading,
    assistant_message,
    blocks_of,
    system_of,
    user_messages,
)
from aihub_lite.wire.anthropic.surface.tools import closed_schema, functions_of, long_names, tool_choice_of
from aihub_lite.wire.anthropic.thinking import budget_effort
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.fields import ROUTING_FIELDS, flag, model_in, object_field, whole, wrong
from aihub_lite.wire.json_types import JsonObject, JsonView

MAX_STOPS = 4
"""OpenAI's and most others' limit."""
READ = frozenset(
    {"model", "messages", "system", "max_tokens", "stream", "tools", "tool_choice", "stop_sequences", "temperature"}
    | {"top_p", "top_k", "thinking", "output_config", "output_format", "metadata"}
)
"""Fields that something is made of below."""
SILENT = frozenset({"cache_control", "context_management", "service_tier", "speed", "betas"})
"""What an answer does not depend on, only its price or pace; coding tools send some with every request."""
KNOWN = READ | SILENT | ROUTING_FIELDS
"""Fields of a request that are not named as left out."""
SESSION = re.compile(r"_session_([0-9a-fA-F-]{8,64})$|\"session_id\"\s*:\s*\"([^\"]{1,200})\"")
"""Where Claude Code names its session inside `metadata.user_id`."""


@attrs.define(on_setattr=attrs.setters.NO_OP)  # as its base, for the same reason
class ChatTranslation(Translation):
    """A request as chat."""

    unsayable: str = ""
    """Why only Anthropic can be asked this, if that is so."""


def chat_of(body: JsonObject, *, marks: bool = False, limited: bool = True) -> ChatTranslation:
    """The request as chat; raises InvalidRequest that names the field.

    `marks`: cache marks are kept on messages and tools. `limited`: `max_tokens` is required, as it is by Anthropic.
    """
    reading = Reading(marks)
    translation = ChatTranslation({"model": model_in(body), "messages": _messages(body, reading)})
    chat = translation.body
    if flag(body, "stream"):
        chat["stream"] = True
    limit = whole(body, "max_tokens")
    if limit is None and limited:
        raise InvalidRequest("'max_tokens' is missing; it must be a positive integer.")
    if limit is not None:
        chat["max_tokens"] = limit
    tools = functions_of(body.get("tools"), marks=marks)
    translation.add(tools)
    choice = body.get("tool_choice")
    if choice is not None:
        translation.add(tool_choice_of(choice, tools.body.get("tools", [])))
    chat.update(_effort(body))
    chat.update(_response_format(body))
    translation.add(_sampling(body))
    chat.update(_identity(body))
    translation.drop(*reading.dropped, *_unknown(body))
    translation.tool_names = long_names(body.get("tools") or [])
    translation.unsayable = reading.unsayable
    return translation


def _messages(body: JsonObject, reading: Reading) -> list[JsonObject]:
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise InvalidRequest(wrong(body, "messages", "a non-empty list of messages"))
    messages: list[JsonObject] = []
    system = body.get("system")
    if system is not None:
        messages += system_of(blocks_of(system, "system"), reading)
    read = [_turn(turn, f"messages[{position}]") for position, turn in enumerate(turns)]
    # Anthropic joins turns of one role; OpenAI refuses results that do not follow the one message with their calls.
    for role, run in groupby(read, key=itemgetter(0)):
        messages += MAKERS[role]([block for _, blocks in run for block in blocks], reading)
    # Everything may have been left out, and chat wants a message.
    return messages or user_messages([], reading)


def _turn(turn: object, at: str) -> tuple[str, list[PlacedBlock]]:
    """Who says what; raises InvalidRequest."""
    if not isinstance(turn, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    role = turn.get("role")
    if not isinstance(role, str) or role not in MAKERS:
        raise InvalidRequest(f"'{at}.role' must be user or assistant.")
    return role, blocks_of(turn.get("content"), f"{at}.content")


MAKERS = {"user": user_messages, "assistant": assistant_message, "system": system_of}
"""What is made of a turn, by its role."""


def _unknown(body: JsonView) -> list[str]:
    """Fields that nothing is made of, as far as their names may stand in a header."""
    names = [name for name, value in body.items() if name not in KNOWN and value is not None]
    return [name for name in names if name.isascii() and name.isprintable()]


def _effort(body: JsonView) -> JsonObject:
    """`reasoning_effort`: the effort that is named, else what a budget comes to."""
    thinking = object_field(body, "thinking")
    effort = object_field(body, "output_config").get("effort")
    if effort is not None and (not isinstance(effort, str) or effort not in EFFORTS):
        raise InvalidRequest(f"'output_config.effort' must be one of {', '.join(EFFORTS)}.")
    if thinking.get("type") == "disabled":
        effort = "none"
    elif thinking.get("type") == "enabled" and effort is None:
        budget = whole(thinking, "budget_tokens")
        if budget is not None:
            effort = budget_effort(budget)
    if effort is None:
        return {}
    return {"reasoning_effort": effort}


def _response_format(body: JsonView) -> JsonObject:
    form = object_field(body, "output_config").get("format") or object_field(body, "output_format")
    if not form:
        return {}
    if isinstance(form, dict) and form.get("type") == "json_schema":
        schema = form.get("schema")
        if isinstance(schema, dict):
            json_schema = {"name": "response", "schema": schema, "strict": closed_schema(schema)}
            return {"response_format": {"type": "json_schema", "json_schema": json_schema}}
    raise InvalidRequest("'output_config.format' must be of type json_schema, with a schema.")


def _sampling(body: JsonView) -> Translation:
    """Sampling, and what ends an answer."""
    step = Translation()
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"'{name}' must be a number.")
        step.body[name] = value
    stops = body.get("stop_sequences")
    if stops is None:
        return step
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequest("'stop_sequences' must be a list of strings.")
    stops = [text for text in stops if text]
    if len(stops) > MAX_STOPS:
        step.drop("stop_sequences")
    if stops:
        step.body["stop"] = stops[:MAX_STOPS]
    return step


def _identity(body: JsonView) -> JsonObject:
    """Who asks, and which conversation it is: hashed, as it is nobody's business upstream."""
    user_id = object_field(body, "metadata").get("user_id")
    if not isinstance(user_id, str) or not user_id:
        return {}
    session = user_id
    match = SESSION.search(user_id)
    if match is not None:
        session = match[1] or match[2]
    return {"user": _digest(SESSION.sub("", user_id)), "prompt_cache_key": _digest(session)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
