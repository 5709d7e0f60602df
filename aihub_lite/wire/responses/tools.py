"""Tools of a Responses request as functions of a chat request, and which tool a function's name stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeGuard

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.names import short_name
from aihub_lite.wire.chat.shapes import Function, Tool
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at

BuiltIn = Literal["local_shell", "shell", "apply_patch"]
Kind = Literal["function", "custom"] | BuiltIn
"""What a client knows a tool as."""
NO_PARAMETERS: JsonView = {"type": "object", "properties": {}}
INPUT = "input"
"""The one parameter of a function that stands for a custom tool: text of any form."""
GRAMMAR = "The input must match this {syntax} grammar:\n{definition}"

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING}
MILLISECONDS = {"type": "integer", "description": "After how many milliseconds to give up."}

BUILT_IN: Mapping[BuiltIn, tuple[str, JsonObject]] = {
    "local_shell": (
        "Runs a command on the user's machine and gives its output.",
        {
            "type": "object",
            "properties": {
                "command": {**STRINGS, "description": "The program and its arguments."},
                "working_directory": STRING,
                "timeout_ms": MILLISECONDS,
            },
            "required": ["command"],
        },
    ),
    "shell": (
        "Runs shell commands and gives their outputs.",
        {
            "type": "object",
            "properties": {
                "commands": {**STRINGS, "description": "Command lines, run one after the other."},
                "timeout_ms": MILLISECONDS,
                "max_output_length": {"type": "integer", "description": "Characters of output to give at most."},
            },
            "required": ["commands"],
        },
    ),
    "apply_patch": (
        "Creates, changes or deletes one file.",
        {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
                "path": STRING,
                "diff": {**STRING, "description": "What changes, as a V4A diff; not for delete_file."},
            },
            "required": ["type", "path"],
        },
    ),
}
"""Tools that the client itself runs and OpenAI's models know by their type alone: description and parameters for the
other models."""


@attrs.frozen
class ClientTool:
    """The tool of the client that a chat function stands for."""

    kind: Kind
    name: str
    namespace: str = ""


@attrs.define
class Tools:
    """The tools of one request."""

    chat: list[Tool] = attrs.field(factory=list)
    """The `tools` of the chat request."""
    by_function: dict[str, ClientTool] = attrs.field(factory=dict)
    """By the name of the chat function, the tools that are not simply a function of that name."""
    dropped: list[str] = attrs.field(factory=list)
    """Kinds of tools that only OpenAI runs."""
    _names: set[str] = attrs.field(factory=set)

    def add(self, tools: object, where: str) -> None:
        """Add a list of tools; raises InvalidRequest that names `where`. The first tool of a name counts."""
        if not isinstance(tools, list):
            raise InvalidRequest(f"'{where}' must be a list.")
        for position, tool in enumerate(tools):
            self.add_tool(tool, f"{where}[{position}]")

    def add_tool(self, tool: object, where: str, namespace: str = "") -> None:
        """Add one, or all of a namespace; raises as `add` does."""
        kind = tool.get("type") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(kind, str):
            raise InvalidRequest(f"'{where}' must be an object with a 'type'.")
        if kind == "namespace" and not namespace:
            for position, inner in enumerate(_listed(tool, where)):
                self.add_tool(inner, f"{where}.tools[{position}]", _name(tool, where))
        elif kind == "function":
            self._offer(ClientTool("function", _name(tool, where), namespace), _function(tool, where))
        elif kind == "custom":
            self._offer(ClientTool("custom", _name(tool, where), namespace), _custom(tool))
        elif _is_built_in(kind) and not _hosted(tool):
            description, parameters = BUILT_IN[kind]
            self._offer(ClientTool(kind, kind), {"description": description, "parameters": parameters})
        elif kind not in self.dropped:
            self.dropped.append(kind)

    def _offer(self, tool: ClientTool, function: Function) -> None:
        name = flat_name(tool.name, tool.namespace)
        if name in self._names:
            return
        self._names.add(name)
        if tool != ClientTool("function", name):
            self.by_function[name] = tool
        self.chat.append({"type": "function", "function": {"name": name, **function}})


def _is_built_in(kind: str) -> TypeGuard[BuiltIn]:
    return kind in BUILT_IN


def flat_name(name: str, namespace: str = "") -> str:
    """The name of the chat function for a tool, always the same: a history names tools that are no longer offered."""
    if not namespace:
        return short_name(name)
    return short_name(f"{namespace}__{name}")


def choice_of(choice: object, tools: Tools) -> object:
    """A chat `tool_choice`; None to leave it out. Raises InvalidRequest."""
    if choice is None or not tools.chat:
        return None
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            raise InvalidRequest("'tool_choice' must be 'none', 'auto', 'required' or name a tool.")
        return choice
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        return _allowed(choice, tools)
    name = _function_chosen(choice, tools)
    if not name:
        return None
    return _function_named(name)


def _allowed(choice: JsonView, tools: Tools) -> object:
    """The choice among some of the tools only; none at all where only OpenAI runs those."""
    allowed = choice.get("tools")
    mode = choice.get("mode", "auto")
    if not isinstance(allowed, list) or mode not in ("auto", "required"):
        raise InvalidRequest("'tool_choice' must hold 'mode' and a list 'tools'.")
    functions = [_function_named(name) for tool in allowed if (name := _function_chosen(tool, tools))]
    if not functions:
        return "none"
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": functions}}


def _function_named(name: str) -> Tool:
    return {"type": "function", "function": {"name": name}}


def _function_chosen(choice: object, tools: Tools) -> str:
    """The name of the chat function that is chosen; empty for a tool that only OpenAI runs."""
    kind = choice.get("type") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(kind, str):
        raise InvalidRequest("'tool_choice' must be 'none', 'auto', 'required' or name a tool.")
    if kind in ("function", "custom"):
        return flat_name(_name(choice, "tool_choice"), text_at(choice, "namespace"))
    if kind in tools.by_function:
        return kind
    return ""


def kinds_of(tools: object) -> Iterator[str]:
    """The kinds of the tools in a list, to ask whether an upstream takes them; what is no tool is passed over."""
    for tool in dicts_in(tools):
        if isinstance(kind := tool.get("type"), str):
            yield kind


def _hosted(tool: JsonView) -> bool:
    """Whether a `shell` is one of OpenAI's containers."""
    environment = tool.get("environment")
    return isinstance(environment, dict) and environment.get("type") != "local"


def _function(tool: JsonView, where: str) -> Function:
    parameters = tool.get("parameters")
    if not isinstance(parameters, dict | None):
        raise InvalidRequest(f"'{where}.parameters' must be a JSON Schema.")
    function: Function = {}
    if description := text_at(tool, "description"):
        function["description"] = description
    function["parameters"] = parameters or dict(NO_PARAMETERS)
    if isinstance(strict := tool.get("strict"), bool):
        function["strict"] = strict
    return function


def _custom(tool: JsonView) -> Function:
    """A grammar binds only OpenAI's models; for the others it is part of the description."""
    texts = [text_at(tool, "description")]
    form = tool.get("format")
    if isinstance(form, dict) and isinstance(definition := form.get("definition"), str):
        texts.append(GRAMMAR.format(syntax=form.get("syntax") or "", definition=definition))
    function: Function = {}
    if description := "\n\n".join(filter(None, texts)):
        function["description"] = description
    function["parameters"] = {
        "type": "object",
        "properties": {INPUT: STRING},
        "required": [INPUT],
        "additionalProperties": False,
    }
    return function


def _listed(tool: JsonView, where: str) -> list[object]:
    tools = tool.get("tools")
    if not isinstance(tools, list):
        raise InvalidRequest(f"'{where}.tools' must be a list.")
    return tools


def _name(tool: JsonView, where: str) -> str:
    name = text_at(tool, "name")
    if not name:
        raise InvalidRequest(f"'{where}.name' must be a non-empty string.")
    return name
