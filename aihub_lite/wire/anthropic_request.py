"""A chat request in the words of Anthropic Messages: pure, the same bytes for the same request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_messages import Conversation
from aihub_lite.wire.anthropic_parts import without_nulls
from aihub_lite.wire.anthropic_schema import strict_schema
from aihub_lite.wire.anthropic_thinking import ask, budgeted, calls_without_thinking, effort_of, take_thinking
from aihub_lite.wire.anthropic_tools import FORCED, Names, tool_choice_of, tool_names, tools_of
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.claude_models import ClaudeModel, claude_model, upstream_id
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.translated import Translated, check_strict

JSON_TOOL = "json_response"
"""The tool that stands for a JSON schema on models without structured output; its input is the answer's text."""
JSON_ONLY = "Respond with a single JSON object and nothing else: no prose, no Markdown fence."

PASSED: Mapping[str, tuple[type, ...]] = {
    "thinking": (dict,),
    "output_config": (dict,),
    "context_management": (dict,),
    "cache_control": (dict,),
    "speed": (str,),
    "container": (str, dict),
    "inference_geo": (str,),
    "mcp_servers": (list,),
}
"""Anthropic's own fields, which clients put beside OpenAI's; any other unknown one would be a 400 upstream."""
READ = frozenset(
    {"model", "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens", "stop"}
    | {"stop_sequences", "tools", "functions", "tool_choice", "function_call", "parallel_tool_calls"}
    | {"temperature", "top_p", "top_k", "reasoning_effort", "reasoning", "include_reasoning", "response_format"}
    | {"user", "safety_identifier", "metadata", "service_tier", "output_format"}
)
"""Fields that something is made of below."""
DEFAULTS: Mapping[str, object] = {
    "logprobs": False,
    "top_logprobs": 0,
    "store": False,
    "logit_bias": {},
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "modalities": ["text"],
    "verbosity": "medium",
}
"""OpenAI's defaults of other fields: leaving these out changes nothing, so nobody is told."""
SERVICE_TIERS: Mapping[str, str] = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}


def translate(
    request: ChatRequest, upstream_model: str, *, strict: bool = False, known: ClaudeModel | None = None
) -> Translated:
    """The request for one upstream model; `known` is what it takes, from its id if None.

    What the wire has no word for is left out and named in `dropped`; when `strict`, that is an InvalidRequest, as is
    what cannot be left out: other media than images and documents, several choices, a forced call where the model
    rejects one. How stable the messages are is said in `anthropic_messages`.
    """
    model = known or claude_model(upstream_model)
    asked, dropped, names = request.body, _unknown(request.body), Names()
    if request.n > 1:
        raise InvalidRequest("'n' must be 1: this model gives one answer per request.")
    body: dict[str, Any] = {"model": upstream_id(upstream_model), "max_tokens": request.max_tokens or model.max_output}
    _pass(body, asked)
    tools, choice = _tools(asked, model, names, dropped), tool_choice_of(_choice(asked), names)
    _converse(body, asked, model, names)
    choice = _format(body, asked, model, tools, choice)
    _choose(body, asked, model, tools, choice)
    _think(body, asked, model, dropped)
    _sample(body, asked, model, dropped)
    _rest(body, asked, dropped)
    if request.stream:
        body["stream"] = True
    check_strict(dropped, strict=strict)
    return Translated(body, tuple(sorted(set(dropped))), names.changed())


def _unknown(asked: Mapping[str, Any]) -> list[str]:
    """Fields that nothing is made of."""
    return [
        name
        for name, value in asked.items()
        if value is not None
        and name not in READ
        and name not in PASSED
        and name not in ROUTING_FIELDS
        and not (name in DEFAULTS and DEFAULTS[name] == value)
    ]


def _pass(body: dict[str, Any], asked: Mapping[str, Any]) -> None:
    for name, kinds in PASSED.items():
        value = asked.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds):
            raise InvalidRequest(f"'{name}' has the wrong type.")
        body[name] = without_nulls(value)


def _converse(body: dict[str, Any], asked: Mapping[str, Any], model: ClaudeModel, names: Names) -> None:
    conversation = Conversation(model, names)
    for position, message in enumerate(asked["messages"]):
        conversation.add(message, f"messages[{position}]")
    conversation.end()
    body["messages"] = conversation.messages
    if conversation.system:
        body["system"] = conversation.system


def _tools(asked: Mapping[str, Any], model: ClaudeModel, names: Names, dropped: list[str]) -> list[dict[str, Any]]:
    given = asked.get("tools")
    if given is None:
        given = asked.get("functions") or []
    if not isinstance(given, list):
        raise InvalidRequest("'tools' must be a list.")
    if _schema_of(asked) is not None and not model.native_json:
        names.taken[JSON_TOOL] = ""
    names.reserve(tool_names(given))
    return tools_of(given, names, model, dropped)


def _choice(asked: Mapping[str, Any]) -> object:
    choice = asked.get("tool_choice")
    return asked.get("function_call") if choice is None else choice


def _schema_of(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that the answer must match; raises InvalidRequest for a `response_format` that is none."""
    form = asked.get("response_format")
    if form is None:
        form = asked.get("output_format")
    if form is None:
        return None
    kind = form.get("type") if isinstance(form, dict) else None
    if kind in ("text", "json_object"):
        return None
    holder = form.get("json_schema", form) if isinstance(form, dict) else None
    schema = holder.get("schema") if isinstance(holder, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise InvalidRequest("'response_format' must be text, json_object, or json_schema with a schema.")
    return schema


def _format(
    body: dict[str, Any],
    asked: Mapping[str, Any],
    model: ClaudeModel,
    tools: list[dict[str, Any]],
    choice: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """Asks for JSON as the model takes it; gives the tool choice, which a stand-in tool may force."""
    schema = _schema_of(asked)
    if schema is None:
        if isinstance(form := asked.get("response_format"), dict) and form.get("type") == "json_object":
            body["system"] = [*body.get("system", ()), {"type": "text", "text": JSON_ONLY}]
        return choice
    schema = strict_schema(schema)
    if model.native_json:
        wanted = {"type": "json_schema", "schema": schema}
        body["output_config"] = {"format": wanted, **body.get("output_config", {})}
        return choice
    others = bool(tools)
    tools.append({"name": JSON_TOOL, "description": "The final answer.", "input_schema": {"type": "object", **schema}})
    if budgeted(body) or (choice is not None and choice["type"] != "auto"):
        return choice
    return {"type": "any"} if others else {"type": "tool", "name": JSON_TOOL}


def _choose(
    body: dict[str, Any],
    asked: Mapping[str, Any],
    model: ClaudeModel,
    tools: list[dict[str, Any]],
    choice: dict[str, Any] | None,
) -> None:
    if not tools:
        return
    body["tools"] = tools
    if choice is not None and choice["type"] in FORCED and not model.forced_tool:
        raise InvalidRequest("'tool_choice' cannot force a call on this model; only 'auto' and 'none' are taken.")
    if asked.get("parallel_tool_calls") is False and (choice is None or choice["type"] != "none"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        body["tool_choice"] = choice


def _think(body: dict[str, Any], asked: Mapping[str, Any], model: ClaudeModel, dropped: list[str]) -> None:
    named, meant = effort_of(asked), take_thinking(body, model)
    effort = named or meant
    forced = body.get("tool_choice", {}).get("type") in FORCED
    if effort is not None and not ask(body, effort, model, forced=forced):
        dropped.append("reasoning_effort" if named else "thinking")
    if named is None and asked.get("reasoning") is not None:
        dropped.append("reasoning")
    if budgeted(body) and calls_without_thinking(body["messages"]):
        del body["thinking"]
    if asked.get("thinking") is not None and "thinking" not in body and meant is None:
        dropped.append("thinking")


def _sample(body: dict[str, Any], asked: Mapping[str, Any], model: ClaudeModel, dropped: list[str]) -> None:
    """Sampling where it is taken: not by newer models, not beside thinking, and not in two ways at once."""
    thinking = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    allowed = model.sampling and not thinking
    for name in ("temperature", "top_p", "top_k"):
        value = asked.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"'{name}' must be a number.")
        if allowed and not (name == "top_p" and "temperature" in body):
            body[name] = value if name == "top_k" else min(max(value, 0), 1)
        elif value != 1 or name == "top_k":
            dropped.append(name)


def _rest(body: dict[str, Any], asked: Mapping[str, Any], dropped: list[str]) -> None:
    if stop := _stops(asked):
        body["stop_sequences"] = stop
    if user_id := _user_id(asked, dropped):
        body["metadata"] = {"user_id": user_id}
    tier = asked.get("service_tier")
    if isinstance(tier, str) and tier in SERVICE_TIERS:
        body["service_tier"] = SERVICE_TIERS[tier]
    elif tier is not None:
        dropped.append("service_tier")


def _stops(asked: Mapping[str, Any]) -> list[str]:
    """Nothing but white space is a 400 upstream."""
    stop = asked.get("stop")
    if stop is None:
        stop = asked.get("stop_sequences")
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequest("'stop' must be a string or a list of strings.")
    return [text for text in stops if text.strip()]


def _user_id(asked: Mapping[str, Any], dropped: list[str]) -> str | None:
    """Who asks, hashed: clients send mail addresses, which are a 400 upstream and nobody's business there."""
    metadata = asked.get("metadata")
    if isinstance(metadata, dict):
        if any(name != "user_id" for name in metadata):
            dropped.append("metadata")
        if isinstance(user_id := metadata.get("user_id"), str) and user_id:
            return user_id
    elif metadata is not None:
        dropped.append("metadata")
    user = asked.get("safety_identifier") or asked.get("user")
    return hashlib.sha256(user.encode("utf-8", "replace")).hexdigest() if isinstance(user, str) and user else None
