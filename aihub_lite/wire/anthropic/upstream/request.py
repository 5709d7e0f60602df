"""A chat request in the words of Anthropic Messages: pure, the same bytes for the same request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import Tool, ToolChoice, without_nulls
from aihub_lite.wire.anthropic.models import ClaudeModel, claude_model, upstream_id
from aihub_lite.wire.anthropic.schema import strict_schema
from aihub_lite.wire.anthropic.thinking import has_budget
from aihub_lite.wire.anthropic.upstream.effort import translate_effort
from aihub_lite.wire.anthropic.upstream.forced import FORCED, ForcedTranslation, forced_call
from aihub_lite.wire.anthropic.upstream.messages import Conversation
from aihub_lite.wire.anthropic.upstream.parameters import ways_back
from aihub_lite.wire.anthropic.upstream.tools import Names, tool_choice_of, tool_names, tools_of
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import Translation, answer_schema, check_strict, unsaid
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.json_types import JsonObject, JsonView

JSON_TOOL = "json_response"
"""The tool that stands for a JSON schema on models without structured output; its input is the answer's text."""
JSON_ONLY = "Respond with a single JSON object and nothing else: no prose, no Markdown fence."

OWN_FIELDS: Mapping[str, tuple[type, ...]] = {
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
    request: ChatRequest, upstream_model: str, *, strict: bool = False, row: ClaudeModel | None = None
) -> ForcedTranslation:
    """The request for one upstream model; `row` is what it takes, from its id if None.

    What the wire has no word for is left out and named in `dropped`; when `strict`, that is an InvalidRequest, as is
    what cannot be left out: other media than images and documents, several choices. How stable the messages are is said
    in `messages.py`.
    """
    model = row or claude_model(upstream_model)
    chat = request.body
    if request.n > 1:
        raise InvalidRequest("'n' must be 1: this model gives one answer per request.")
    max_tokens = request.max_tokens or model.max_output
    translation = ForcedTranslation({"model": upstream_id(upstream_model), "max_tokens": max_tokens}, _unknown(chat))
    body = translation.body
    own_fields = _own_fields(chat)
    thinking = own_fields.pop("thinking", None)  # what becomes of it depends on the rest
    body.update(own_fields)
    names = Names()
    offered = _offered_tools(chat)
    schema = _schema_of(chat)
    if schema is not None and not model.native_json:
        names.client[JSON_TOOL] = ""  # so that no tool of the client's is called so
    names.reserve(tool_names(offered))
    tools, dropped = tools_of(offered, names, model)
    translation.drop(*dropped, *unsaid(chat))
    choice = tool_choice_of(_choice(chat), names)
    body.update(_conversation(chat, model, names))
    body.update(_format(chat, schema, body, model))
    if schema is not None and not model.native_json:
        choice = _json_tool_choice(tools, choice, thinking)
        tools.append(_json_tool(schema, names))
    if tools and choice is not None and choice["type"] in FORCED and not model.forced_tool:
        if strict:
            raise InvalidRequest("'tool_choice' cannot force a call on this model; only 'auto' and 'none' are taken.")
        structured = model.native_json and "format" not in body.get("output_config", {})
        forced = forced_call(tools, choice, body, structured=structured)
        translation.add(forced)
        translation.call = forced.call
        choice = forced.choice
    body.update(_tool_fields(chat, tools, choice))
    # A budget depends on the choice of a tool and on the messages, sampling on whether the model thinks.
    translation.add(translate_effort(chat, thinking, body, model))
    translation.add(_sampling(chat, body.get("thinking"), model))
    translation.add(_rest(chat))
    if request.stream:
        body["stream"] = True
    check_strict(translation.dropped, strict=strict)
    translation.tool_names = names.changes()
    translation.parameter_names = ways_back(names.parameters)
    return translation


def _unknown(chat: JsonView) -> list[str]:
    """Fields that nothing is made of."""
    return [
        name
        for name, value in chat.items()
        if value is not None
        and name not in READ
        and name not in OWN_FIELDS
        and name not in ROUTING_FIELDS
        and not (name in DEFAULTS and DEFAULTS[name] == value)
    ]


def _own_fields(chat: JsonView) -> JsonObject:
    fields: JsonObject = {}
    for name, kinds in OWN_FIELDS.items():
        value = chat.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds):
            raise InvalidRequest(f"'{name}' has the wrong type.")
        fields[name] = without_nulls(value)
    return fields


def _conversation(chat: JsonView, model: ClaudeModel, names: Names) -> JsonObject:
    conversation = Conversation(model, names)
    for position, message in enumerate(chat["messages"]):
        conversation.add(message, f"messages[{position}]")
    conversation.end()
    fields: JsonObject = {"messages": conversation.messages}
    if conversation.system:
        fields["system"] = conversation.system
    return fields


def _offered_tools(chat: JsonView) -> list[object]:
    tools = chat.get("tools")
    if tools is None:
        tools = chat.get("functions") or []
    if not isinstance(tools, list):
        raise InvalidRequest("'tools' must be a list.")
    return tools


def _choice(chat: JsonView) -> object:
    choice = chat.get("tool_choice")
    if choice is None:
        return chat.get("function_call")
    return choice


def _schema_of(chat: JsonView) -> JsonObject | None:
    """The JSON schema that the answer must match; raises InvalidRequest for a `response_format` that is none."""
    form = chat.get("response_format")
    if form is None:
        form = chat.get("output_format")
    if form is None:
        return None
    if isinstance(form, dict):
        kind = form.get("type")
        if kind in ("text", "json_object"):
            return None
        holder = form.get("json_schema", form)
        if kind == "json_schema" and isinstance(holder, dict):
            schema = answer_schema(holder)
            if schema is not None:
                return schema
    raise InvalidRequest("'response_format' must be text, json_object, or json_schema with a schema.")


def _format(chat: JsonView, schema: JsonObject | None, body: JsonView, model: ClaudeModel) -> JsonObject:
    """Asks for JSON as the model takes it; for a schema on models without structured output, a tool stands in."""
    if schema is None:
        form = chat.get("response_format")
        if isinstance(form, dict) and form.get("type") == "json_object":
            return {"system": [*body.get("system", ()), {"type": "text", "text": JSON_ONLY}]}
        return {}
    if not model.native_json:
        return {}
    form = {"type": "json_schema", "schema": strict_schema(schema)}
    return {"output_config": {"format": form, **body.get("output_config", {})}}


def _json_tool(schema: JsonObject, names: Names) -> Tool:
    schema = {"type": "object", **strict_schema(names.with_parameters(JSON_TOOL, schema))}
    return {"name": JSON_TOOL, "description": "The final answer.", "input_schema": schema}


def _json_tool_choice(tools: list[Tool], choice: ToolChoice | None, thinking: object) -> ToolChoice | None:
    """Makes the model call the stand-in or, where the client has tools too, any; a budget rules that out."""
    if has_budget(thinking) or (choice is not None and choice["type"] != "auto"):
        return choice
    if tools:
        return {"type": "any"}
    return {"type": "tool", "name": JSON_TOOL}


def _tool_fields(chat: JsonView, tools: list[Tool], choice: ToolChoice | None) -> JsonObject:
    if not tools:
        return {}
    if chat.get("parallel_tool_calls") is False and (choice is None or choice["type"] != "none"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is None:
        return {"tools": tools}
    return {"tools": tools, "tool_choice": choice}


def _sampling(chat: JsonView, thinking: JsonView | None, model: ClaudeModel) -> Translation:
    """Sampling where it is taken: not by newer models, not beside thinking, and not in two ways at once."""
    step = Translation()
    allowed = model.sampling and not (thinking and thinking.get("type") in ("enabled", "adaptive"))
    for name in ("temperature", "top_p", "top_k"):
        value = chat.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidRequest(f"'{name}' must be a number.")
        if allowed and not (name == "top_p" and "temperature" in step.body):
            # OpenAI's temperature goes up to 2.
            step.body[name] = value if name == "top_k" else min(max(value, 0), 1)
        elif value != 1 or name == "top_k":  # 1 is the default of the other two
            step.drop(name)
    return step


def _rest(chat: JsonView) -> Translation:
    step = Translation()
    stops = _stops(chat)
    if stops:
        step.body["stop_sequences"] = stops
    user_id = _user_id(chat)
    if user_id:
        step.body["metadata"] = {"user_id": user_id}
    if _has_other_metadata(chat):
        step.drop("metadata")
    tier = chat.get("service_tier")
    if isinstance(tier, str) and tier in SERVICE_TIERS:
        step.body["service_tier"] = SERVICE_TIERS[tier]
    elif tier is not None:
        step.drop("service_tier")
    return step


def _stops(chat: JsonView) -> list[str]:
    """Without those of white space alone, which are a 400 upstream."""
    stops = chat.get("stop")
    if stops is None:
        stops = chat.get("stop_sequences")
    if isinstance(stops, str):
        stops = [stops]
    if not stops:
        return []
    if not isinstance(stops, list) or not all(isinstance(text, str) for text in stops):
        raise InvalidRequest("'stop' must be a string or a list of strings.")
    return [text for text in stops if text.strip()]


def _user_id(chat: JsonView) -> str | None:
    """Who asks, hashed: clients send mail addresses, which are a 400 upstream and nobody's business there."""
    metadata = chat.get("metadata")
    if isinstance(metadata, dict):
        user_id = metadata.get("user_id")
        if isinstance(user_id, str) and user_id:
            return user_id
    user = chat.get("safety_identifier") or chat.get("user")
    if isinstance(user, str) and user:
        return hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()
    return None


def _has_other_metadata(chat: JsonView) -> bool:
    metadata = chat.get("metadata")
    if isinstance(metadata, dict):
        return any(name != "user_id" for name in metadata)
    return metadata is not None
