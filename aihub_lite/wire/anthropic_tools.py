"""Tools, their names and ids, and how they may be chosen, in Anthropic's words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_parts import Block, keep_mark, without_nulls
from aihub_lite.wire.anthropic_schema import strict_schema
from aihub_lite.wire.claude_models import ClaudeModel
from aihub_lite.wire.nested_json import object_in

MAX_NAME = 128
VALID_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,256}")
INVALID = re.compile(r"[^a-zA-Z0-9_-]")
SERVER_TOOL = re.compile(r".+_20\d{6}|mcp_toolset")
"""Types of tools that Anthropic defines, `web_search_20250305`: sent as they are."""
KEPT = ("defer_loading", "eager_input_streaming", "input_examples", "allowed_callers")
"""Fields of Anthropic's own that a client may put on a tool or its function."""
RAW = "_raw"
"""Holds arguments that are no JSON object: leaving the call out would orphan its result."""

CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any", "any": "any"}
FORCED = frozenset({"any", "tool"})


@attrs.define
class Names:
    """One name upstream for each of the client's, and the way back; earlier ones are never changed by later ones."""

    upstream: dict[str, str] = attrs.field(factory=dict)
    taken: dict[str, str] = attrs.field(factory=dict)
    """The client's name by the one upstream."""

    def reserve(self, names: list[str]) -> None:
        """Names that are allowed as they are keep it so, whatever others become."""
        for name in names:
            if VALID_NAME.fullmatch(name):
                self.of(name)

    def of(self, name: str) -> str:
        """The name upstream: the client's own where it is allowed and free."""
        known = self.upstream.get(name)
        if known is None:
            known = name if VALID_NAME.fullmatch(name) and name not in self.taken else self._made(name)
            self.upstream[name], self.taken[known] = known, name
        return known

    def changed(self) -> dict[str, str]:
        """The client's name by the one upstream, where they differ."""
        return {found: name for found, name in self.taken.items() if found != name}

    def _made(self, name: str) -> str:
        kept = INVALID.sub("_", name)[:MAX_NAME] or "_"
        number, found = 1, kept
        while found in self.taken:
            number += 1
            found = f"{kept[: MAX_NAME - 1 - len(str(number))]}_{number}"
        return found


@attrs.define
class Calls:
    """Ids of calls and their results, unique in the whole conversation: some clients repeat them."""

    used: set[str] = attrs.field(factory=set)
    waiting: dict[str, list[str]] = attrs.field(factory=dict)
    """Ids upstream of calls without a result yet, by the client's id."""
    last: dict[str, str] = attrs.field(factory=dict)
    """Id upstream of the call that had the last result, by the client's id."""
    functions: int = 0

    def new(self, call_id: object) -> str:
        """The id upstream of a call that is made now."""
        text = call_id if isinstance(call_id, str) and call_id else f"call_{len(self.used)}"
        base = found = _safe_id(text)
        number = 1
        while found in self.used:
            number += 1
            found = f"{base}_{number}"
        self.used.add(found)
        self.waiting.setdefault(text, []).append(found)
        return found

    def new_function(self, name: str) -> str:
        """The same for a `function_call`, which has no id."""
        self.functions += 1
        found = self.new(f"fc_{self.functions}")
        self.waiting.setdefault(f"function {name}", []).append(found)
        return found

    def answered(self, call_id: object) -> str:
        """The id upstream of the call that a result is for; a result without a call keeps its id, for a 400."""
        text = call_id if isinstance(call_id, str) and call_id else "call_0"
        if waiting := self.waiting.get(text):
            self.last[text] = waiting.pop(0)
        return self.last.get(text) or _safe_id(text)

    def answered_function(self, name: object) -> str:
        """The same for a message of role `function`."""
        return self.answered(f"function {name}") if f"function {name}" in self.waiting else "fc_0"


def _safe_id(text: str) -> str:
    if VALID_ID.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{INVALID.sub('_', text)[:64]}_{digest}"


def tool_use(call: object, names: Names, calls: Calls, at: str) -> Block:
    """A call of an assistant message; `custom` ones carry their text as they have it."""
    if not isinstance(call, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    function = call.get("function")
    if isinstance(function, dict):
        name, given = _name_of(function, f"{at}.function"), arguments(function.get("arguments"))
    elif isinstance(custom := call.get("custom"), dict):
        name, given = _name_of(custom, f"{at}.custom"), {"input": custom.get("input") or ""}
    else:
        raise InvalidRequest(f"'{at}.function' must be an object.")
    block = {"type": "tool_use", "id": calls.new(call.get("id")), "name": names.of(name), "input": given}
    keep_mark(block, call)
    return block


def function_use(call: object, names: Names, calls: Calls, at: str) -> Block:
    """A legacy `function_call`."""
    if not isinstance(call, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    name = _name_of(call, at)
    return {
        "type": "tool_use",
        "id": calls.new_function(name),
        "name": names.of(name),
        "input": arguments(call.get("arguments")),
    }


def arguments(given: object) -> dict[str, Any]:
    """Arguments as the object that the wire wants; nothing is `{}`, nonsense is kept under `_raw`."""
    if given is None or given == "":
        return {}
    if isinstance(given, dict):
        return given
    if not isinstance(given, str):
        return {RAW: given}
    found = object_in(given)
    if found is not None:
        return found
    return {RAW: given} if given.strip() not in ("", "null") else {}


def tools_of(tools: list[Any], names: Names, model: ClaudeModel, dropped: list[str]) -> list[Block]:
    """`tools` or `functions` in Anthropic's words."""
    return [_tool(tool, names, model, dropped, f"tools[{position}]") for position, tool in enumerate(tools)]


def tool_names(tools: list[Any]) -> list[str]:
    """Every name that is given, as it is."""
    found = [(tool.get("function") or tool).get("name") for tool in tools if isinstance(tool, dict)]
    return [name for name in found if isinstance(name, str)]


def _tool(tool: Any, names: Names, model: ClaudeModel, dropped: list[str], at: str) -> Block:
    if not isinstance(tool, dict):
        raise InvalidRequest(f"'{at}' must be an object.")
    kind = tool.get("type")
    if isinstance(kind, str) and SERVER_TOOL.fullmatch(kind):
        return without_nulls(tool)  # type: ignore[no-any-return]
    if isinstance(tool.get("function"), dict):
        function = tool["function"]
    elif kind in (None, "function") or "input_schema" in tool:
        function = tool
    else:
        raise InvalidRequest(f"'{at}.type' is a kind of tool that this model does not take: {str(kind)[:40]!r}.")
    made: Block = {"name": names.of(_name_of(function, at))}
    if description := function.get("description"):
        if not isinstance(description, str):
            raise InvalidRequest(f"'{at}.function.description' must be a string.")
        made["description"] = description
    made["input_schema"] = _parameters(function, at)
    if function.get("strict") is True or tool.get("strict") is True:
        _make_strict(made, model, dropped)
    for name in KEPT:
        value = tool.get(name, function.get(name))
        if value is not None:
            made[name] = value
    keep_mark(made, tool if "cache_control" in tool else function)
    return made


def _make_strict(made: Block, model: ClaudeModel, dropped: list[str]) -> None:
    if not model.native_json:
        dropped.append("tools.strict")
        return
    made["input_schema"] = strict_schema(made["input_schema"])
    made["strict"] = True


def _parameters(function: Mapping[str, Any], at: str) -> dict[str, Any]:
    given = function.get("parameters")
    if given is None:
        given = function.get("input_schema")
    if not given:
        return {"type": "object", "properties": {}}
    if not isinstance(given, dict):
        raise InvalidRequest(f"'{at}.function.parameters' must be an object.")
    return given if given.get("type") == "object" else {**given, "type": "object"}


def _name_of(holder: Mapping[str, Any], at: str) -> str:
    name = holder.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{at}.name' must be a non-empty string.")
    return name


def tool_choice_of(choice: object, names: Names) -> Block | None:
    """`tool_choice` in Anthropic's words, or a legacy `function_call`; None for none given."""
    if choice is None:
        return None
    if isinstance(choice, str) and choice in CHOICES:
        return {"type": CHOICES[choice]}
    if isinstance(choice, dict):
        kind = choice.get("type")
        if kind == "allowed_tools":
            holder = choice.get("allowed_tools")
            mode = (holder if isinstance(holder, dict) else choice).get("mode")
            return {"type": "any" if mode == "required" else "auto"}
        named = choice.get("function") if isinstance(choice.get("function"), dict) else choice
        if isinstance(named, dict) and isinstance(name := named.get("name"), str) and name:
            return {"type": "tool", "name": names.of(name)}
        if isinstance(kind, str) and kind in CHOICES:
            return {"type": CHOICES[kind]}
    raise InvalidRequest("'tool_choice' must be none, auto, required, or name a function.")
