"""Tools as Cursor offers and chooses them: nested as chat's are, flat as Responses has them, bare as Anthropic's."""

from __future__ import annotations

from aihub_lite.wire.cursor.shape import is_flat
from aihub_lite.wire.foreign_json import encode, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, text_at
from aihub_lite.wire.responses.tools import INPUT, Tools, choice_of, flat_name

SAID = frozenset(
    {"type", "name", "description", "parameters", "input_schema", "strict", "format", "function", "custom"}
)
"""Fields of a tool that its function says again."""
CHOSEN = {"any": "required", "auto": "auto", "none": "none", "required": "required"}
"""How tools may be chosen, by the type of a choice that names none."""


def flat_tool(tool: object) -> object:
    """The same tool as Responses has it; what is none that a client runs stays as it is."""
    if not isinstance(tool, dict):
        return tool
    if isinstance(function := tool.get("function"), dict):
        return {**function, "type": "function"}
    if isinstance(custom := tool.get("custom"), dict):
        form = dict_at(custom, "format")
        return {**custom, "type": "custom", "format": {**form, **dict_at(form, "grammar")}}
    if not is_flat(tool):
        return tool
    if "input_schema" in tool:
        return {**tool, "type": "function", "parameters": tool["input_schema"]}
    return {**tool, "type": tool.get("type") or "function"}


def flat_choice(choice: object) -> object:
    """The same choice as Responses has it."""
    if not isinstance(choice, dict):
        return choice
    kind = choice.get("type")
    name = choice.get("name")
    if not isinstance(kind, str):
        return choice
    for holder in ("function", "custom"):
        if isinstance(inner := choice.get(holder), dict):
            return {"type": holder, "name": inner.get("name")}
    if kind == "tool":
        return {"type": "function", "name": name}
    if name is None and kind in CHOSEN:
        return CHOSEN[kind]
    return choice


def nested_tools(tools: list[object], known: Tools) -> list[object]:
    """The flat ones as functions of chat, with what else the client put on them; the others as they are.

    `known` learns which tool each function stands for. Raises InvalidRequest that names the tool.
    """
    nested: list[object] = []
    for position, tool in enumerate(tools):
        if not isinstance(tool, dict) or not is_flat(tool):
            nested.append(tool)
            continue
        before = len(known.chat)
        known.add_tool(flat_tool(tool), f"tools[{position}]")
        rest = {name: value for name, value in tool.items() if name not in SAID}
        nested += [{**rest, **function} for function in known.chat[before:]]
    return nested


def nested_choice(choice: object, known: Tools) -> object:
    """A choice as chat has it; raises InvalidRequest."""
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        return choice
    return choice_of(flat_choice(choice), known)


def call_of(call: object, known: Tools) -> object:
    """A call of a history as the upstream made it: a custom tool's text in the arguments of its function."""
    if not isinstance(call, dict):
        return call
    if isinstance(custom := call.get("custom"), dict):
        name = text_at(custom, "name")
        text = text_at(custom, "input")
    else:
        function = dict_at(call, "function")
        name = text_at(function, "name")
        text = text_at(function, "arguments")
        if not is_raw(name, text, known):
            return call
    rest = {field: value for field, value in call.items() if field not in ("type", "function", "custom")}
    return {**rest, "type": "function", "function": {"name": flat_name(name), "arguments": _wrapped(text)}}


def is_raw(name: str, arguments: str, known: Tools) -> bool:
    """Whether the arguments of a call are the text of a custom tool, as such a call is answered here."""
    tool = known.by_function.get(flat_name(name))
    if tool is None or tool.kind != "custom":
        return False
    return INPUT not in (object_in(arguments) or {})


def _wrapped(text: str) -> str:
    return encode({INPUT: text}).decode()


def item_of(call: JsonView, known: Tools) -> JsonObject:
    """A call of chat as an item of Responses."""
    call_id = call.get("id")
    if isinstance(custom := call.get("custom"), dict):
        return {**custom, "type": "custom_tool_call", "call_id": call_id}
    function = dict_at(call, "function")
    return custom_item({**function, "type": "function_call", "call_id": call_id}, known)


def custom_item(item: JsonObject, known: Tools) -> JsonObject:
    """A call of a function, or of the custom tool that it stands for."""
    arguments = text_at(item, "arguments")
    if not is_raw(text_at(item, "name"), arguments, known):
        return item
    rest = {name: value for name, value in item.items() if name != "arguments"}
    return {**rest, "type": "custom_tool_call", "input": arguments}
