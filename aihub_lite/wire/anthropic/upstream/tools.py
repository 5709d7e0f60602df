"""Tools, their names and ids, and how they may be chosen, in Anthropic's words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import Block, Tool, ToolChoice, keep_mark, without_nulls
from aihub_lite.wire.anthropic.models import ClaudeModel
from aihub_lite.wire.anthropic.schema import strict_schema
from aihub_lite.wire.anthropic.tools import NO_NAMES, VALID_ID, arguments
from aihub_lite.wire.anthropic.upstream.parameters import changed_names, renamed_keys, with_names
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in

MAX_NAME = 128
VALID_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
INVALID = re.compile(r"[^a-zA-Z0-9_-]")
SERVER_TOOL = re.compile(r".+_20\d{6}|mcp_toolset")
"""Types of tools that Anthropic defines, `web_search_20250305`: sent as they are."""
OWN_FIELDS: tuple[Literal["defer_loading", "eager_input_streaming", "input_examples", "allowed_callers"], ...] = (
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
    "allowed_callers",
)
"""Fields of Anthropic's own that a client may put on a tool or its function."""

CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any", "any": "any"}


@attrs.define
class Names:
    """One name upstream for each of the client's, and the way back; earlier ones are never changed by later ones."""

    upstream: dict[str, str] = attrs.field(factory=dict)
    """The name upstream by the client's."""
    client: dict[str, str] = attrs.field(factory=dict)
    """The client's name by the one upstream."""
    parameters: dict[str, dict[str, str]] = attrs.field(factory=dict)
    """By the name upstream of a tool, names upstream of its parameters by the client's, of those that had to change."""

    def reserve(self, names: list[str]) -> None:
        """Names that are allowed as they are keep it so, whatever others become."""
        for name in names:
            if VALID_NAME.fullmatch(name):
                self.of(name)

    def of(self, name: str) -> str:
        """The name upstream: the client's own where it is allowed and free."""
        upstream = self.upstream.get(name)
        if upstream is None:
            upstream = name
            if name in self.client or not VALID_NAME.fullmatch(name):
                upstream = self._free_name(name)
            self.upstream[name] = upstream
            self.client[upstream] = name
        return upstream

    def changes(self) -> dict[str, str]:
        """The client's name by the one upstream, where they differ."""
        return {upstream: name for upstream, name in self.client.items() if upstream != name}

    def with_parameters(self, tool: str, schema: JsonObject) -> JsonObject:
        """The schema of a tool of this name upstream, with names of parameters that Anthropic takes."""
        changed = changed_names(schema)
        if not changed:
            return schema
        self.parameters[tool] = changed
        return with_names(schema, changed)

    def input_of(self, tool: str, tool_input: JsonObject) -> JsonObject:
        """The input of a call with the names of parameters that the tool of this name has upstream."""
        return renamed_keys(tool_input, self.parameters.get(tool, NO_NAMES))

    def _free_name(self, name: str) -> str:
        base = INVALID.sub("_", name)[:MAX_NAME] or "_"
        candidate = base
        number = 1
        while candidate in self.client:
            number += 1
            # Cut so far that the number has room within the longest name there is.
            candidate = f"{base[: MAX_NAME - 1 - len(str(number))]}_{number}"
        return candidate


@attrs.define
class Calls:
    """Ids of calls and their results, unique in the whole conversation: some clients repeat them."""

    used: set[str] = attrs.field(factory=set)
    waiting: dict[str, list[str]] = attrs.field(factory=dict)
    """Ids upstream of calls without a result yet, by the client's id."""
    last: dict[str, str] = attrs.field(factory=dict)
    """Id upstream of the call that had the last result, by the client's id."""
    functions: int = 0

    def add(self, call_id: object) -> str:
        """The id upstream of a call that is made now."""
        client_id = _text_or(call_id, f"call_{len(self.used)}")
        base = _safe_id(client_id)
        upstream_id = base
        number = 1
        while upstream_id in self.used:
            number += 1
            upstream_id = f"{base}_{number}"
        self.used.add(upstream_id)
        self.waiting.setdefault(client_id, []).append(upstream_id)
        return upstream_id

    def add_function(self, name: str) -> str:
        """The same for a `function_call`, which has no id."""
        self.functions += 1
        upstream_id = self.add(f"fc_{self.functions}")
        self.waiting.setdefault(f"function {name}", []).append(upstream_id)
        return upstream_id

    def answer(self, call_id: object) -> str:
        """The id upstream of the call that a result is for; a result without a call keeps its id, for a 400."""
        client_id = _text_or(call_id, "call_0")
        waiting = self.waiting.get(client_id)
        if waiting:
            self.last[client_id] = waiting.pop(0)
        # A further result under an id without an open call is one more of the last.
        return self.last.get(client_id) or _safe_id(client_id)

    def answer_function(self, name: object) -> str:
        """The same for a message of role `function`."""
        client_id = f"function {name}"
        if client_id not in self.waiting:
            return "fc_0"
        return self.answer(client_id)


def _text_or(value: object, default: str) -> str:
    if isinstance(value, str) and value:
        return value
    return default


def _safe_id(text: str) -> str:
    if VALID_ID.fullmatch(text):
        return text
    # Ids that differ in odd signs alone must not become one.
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{INVALID.sub('_', text)[:64]}_{digest}"


def tool_use(call: object, names: Names, calls: Calls, at: str) -> Block:
    """A call of an assistant message; `custom` ones carry their text as they have it."""
    if not isinstance(call, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    client_name, tool_input = _name_and_input(call, at)
    name = names.of(client_name)
    block: Block = {
        "type": "tool_use",
        "id": calls.add(call.get("id")),
        "name": name,
        "input": names.input_of(name, tool_input),
    }
    keep_mark(block, call)
    return block


def _name_and_input(call: JsonView, at: str) -> tuple[str, JsonObject]:
    function = call.get("function")
    if isinstance(function, dict):
        return _name_of(function, f"{at}.function"), arguments(function.get("arguments"))
    custom = call.get("custom")
    if isinstance(custom, dict):
        return _name_of(custom, f"{at}.custom"), {"input": custom.get("input") or ""}
    raise InvalidRequest(f"'{at}.function' must be an object.")


def legacy_tool_use(call: object, names: Names, calls: Calls, at: str) -> Block:
    """The same for a `function_call`, which was there before `tool_calls`."""
    if not isinstance(call, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    client_name = _name_of(call, at)
    name = names.of(client_name)
    return {
        "type": "tool_use",
        "id": calls.add_function(client_name),
        "name": name,
        "input": names.input_of(name, arguments(call.get("arguments"))),
    }


def tools_of(tools: list[object], names: Names, model: ClaudeModel) -> tuple[list[Tool], list[str]]:
    """`tools` or `functions` in Anthropic's words, and the names of what had to be left out of them."""
    translated: list[Tool] = []
    dropped: list[str] = []
    for position, tool in enumerate(tools):
        at = f"tools[{position}]"
        if not isinstance(tool, dict):
            raise InvalidRequest(f"'{at}' must be an object.")
        kind = tool.get("type")
        if isinstance(kind, str) and SERVER_TOOL.fullmatch(kind):
            translated.append(without_nulls(tool))
            continue
        function = _function_of(tool, at)
        strict = function.get("strict") is True or tool.get("strict") is True
        if strict and not model.native_json:
            dropped.append("tools.strict")
            strict = False
        translated.append(_tool(tool, function, names, at, strict=strict))
    return translated, dropped


def tool_names(tools: list[object]) -> list[str]:
    """Every name in a client's tools, as it is."""
    names: list[str] = []
    for tool in tools:
        if not isinstance(tool, dict):
            continue
        function = tool.get("function")
        holder = function if isinstance(function, dict) else tool
        name = holder.get("name")
        if isinstance(name, str):
            names.append(name)
    return names


def _function_of(tool: JsonView, at: str) -> JsonView:
    """What holds the name and the parameters: legacy functions and Anthropic's own tools do so themselves."""
    function = tool.get("function")
    if isinstance(function, dict):
        return function
    kind = tool.get("type")
    if kind in (None, "function") or "input_schema" in tool:
        return tool
    raise InvalidRequest(f"'{at}.type' is a kind of tool that this model does not take: {str(kind)[:40]!r}.")


def _tool(tool: JsonView, function: JsonView, names: Names, at: str, *, strict: bool) -> Tool:
    name = names.of(_name_of(function, at))
    translated: Tool = {"name": name}
    description = function.get("description")
    if description:
        if not isinstance(description, str):
            raise InvalidRequest(f"'{at}.function.description' must be a string.")
        translated["description"] = description
    parameters = names.with_parameters(name, _parameters(function, at))
    if strict:
        translated["input_schema"] = strict_schema(parameters)
        translated["strict"] = True
    else:
        translated["input_schema"] = parameters
    for field in OWN_FIELDS:
        value = tool.get(field, function.get(field))
        if value is not None:
            translated[field] = value
    if name in names.parameters and "input_examples" in translated:
        translated["input_examples"] = [names.input_of(name, one) for one in dicts_in(translated["input_examples"])]
    keep_mark(translated, tool if "cache_control" in tool else function)
    return translated


def _parameters(function: JsonView, at: str) -> JsonObject:
    parameters = function.get("parameters")
    if parameters is None:
        parameters = function.get("input_schema")
    if not parameters:
        return {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        raise InvalidRequest(f"'{at}.function.parameters' must be an object.")
    if parameters.get("type") == "object":
        return parameters
    return {**parameters, "type": "object"}


def _name_of(holder: JsonView, at: str) -> str:
    name = holder.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{at}.name' must be a non-empty string.")
    return name


def tool_choice_of(choice: object, names: Names) -> ToolChoice | None:
    """`tool_choice` in Anthropic's words, or a legacy `function_call`; None for none given."""
    if choice is None:
        return None
    kind = choice
    if isinstance(choice, dict):
        kind = choice.get("type")
        if kind == "allowed_tools":
            return {"type": _allowed_tools_type(choice)}
        name = _chosen_name(choice)
        if name:
            return {"type": "tool", "name": names.of(name)}
    if isinstance(kind, str) and kind in CHOICES:
        return {"type": CHOICES[kind]}
    raise InvalidRequest("'tool_choice' must be none, auto, required, or name a function.")


def _allowed_tools_type(choice: JsonView) -> str:
    """All tools are allowed, since the wire cannot narrow them."""
    holder = choice.get("allowed_tools")
    if not isinstance(holder, dict):
        holder = choice
    if holder.get("mode") == "required":
        return "any"
    return "auto"


def _chosen_name(choice: JsonView) -> str | None:
    """The tool that is named: within `function` as chat has it, or beside the type."""
    function = choice.get("function")
    if not isinstance(function, dict):
        function = choice
    name = function.get("name")
    if isinstance(name, str):
        return name
    return None
