"""Tools of a Responses request as functions of a chat request, and the way back from a function's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.messages_tools import short_name

Kind = Literal["function", "custom", "local_shell", "shell", "apply_patch"]
"""What a client knows a tool as."""
NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
INPUT = "input"
"""The one parameter of a function that stands for a custom tool: text of any form."""
GRAMMAR = "The input must match this {syntax} grammar:\n{definition}"

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING}
MILLISECONDS = {"type": "integer", "description": "After how many milliseconds to give up."}

BUILT_IN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
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
"""Tools that the client itself runs and OpenAI's models know without being told: what others are told of them."""


@attrs.frozen
class Called:
    """What a function's name stands for."""

    kind: Kind
    name: str
    namespace: str = ""


@attrs.define
class Tools:
    """The tools of one request."""

    chat: list[dict[str, Any]] = attrs.field(factory=list)
    """As a chat request has them."""
    called: dict[str, Called] = attrs.field(factory=dict)
    """By the name of the chat function, those that are not simply a function of that name."""
    dropped: list[str] = attrs.field(factory=list)
    """Kinds of tools that only OpenAI runs."""
    _names: set[str] = attrs.field(factory=set)

    def add(self, tools: object, where: str) -> None:
        """A list of tools; raises InvalidRequest that names `where`. A name that is there already stays as it is."""
        if not isinstance(tools, list):
            raise InvalidRequest(f"'{where}' must be a list.")
        for position, tool in enumerate(tools):
            self._add(tool, f"{where}[{position}]")

    def take(self, called: Called, tool: Mapping[str, Any]) -> None:
        """One function."""
        name = flat_name(called.name, called.namespace)
        if name in self._names:
            return
        self._names.add(name)
        if called != Called("function", name):
            self.called[name] = called
        self.chat.append({"type": "function", "function": {"name": name, **tool}})

    def _add(self, tool: object, where: str, namespace: str = "") -> None:
        kind = tool.get("type") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(kind, str):
            raise InvalidRequest(f"'{where}' must be an object with a 'type'.")
        if kind == "namespace" and not namespace:
            for position, inner in enumerate(_listed(tool, where)):
                self._add(inner, f"{where}.tools[{position}]", _name(tool, where))
        elif kind == "function":
            self.take(Called("function", _name(tool, where), namespace), _function(tool, where))
        elif kind == "custom":
            self.take(Called("custom", _name(tool, where), namespace), _custom(tool))
        elif kind in BUILT_IN and not _hosted(tool):
            description, parameters = BUILT_IN[kind]
            self.take(Called(kind, kind), {"description": description, "parameters": parameters})  # type: ignore[arg-type]
        elif kind not in self.dropped:
            self.dropped.append(kind)


def flat_name(name: str, namespace: str = "") -> str:
    """The name of the chat function for a tool, always the same: a history names tools that are no longer offered."""
    if not namespace:
        return name
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
        allowed, mode = choice.get("tools"), choice.get("mode", "auto")
        if not isinstance(allowed, list) or mode not in ("auto", "required"):
            raise InvalidRequest("'tool_choice' must hold 'mode' and a list 'tools'.")
        chosen = [_function_named(name) for tool in allowed if (name := _chosen(tool, tools))]
        return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": chosen}} if chosen else "none"
    name = _chosen(choice, tools)
    return _function_named(name) if name else None


def _function_named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def _chosen(choice: object, tools: Tools) -> str:
    """The chat function that is chosen; empty for a tool that only OpenAI runs."""
    kind = choice.get("type") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(kind, str):
        raise InvalidRequest("'tool_choice' must be 'none', 'auto', 'required' or name a tool.")
    if kind in ("function", "custom"):
        namespace = choice.get("namespace")
        return flat_name(_name(choice, "tool_choice"), namespace if isinstance(namespace, str) else "")
    return kind if kind in tools.called else ""


def kinds_of(tools: object) -> Iterator[str]:
    """What kinds of tools there are, for who asks whether an upstream takes them; says nothing of what is no tool."""
    for tool in tools if isinstance(tools, Iterable) else ():
        if isinstance(tool, dict) and isinstance(kind := tool.get("type"), str):
            yield kind


def _hosted(tool: Mapping[str, Any]) -> bool:
    """Whether a `shell` is one of OpenAI's containers."""
    environment = tool.get("environment")
    return isinstance(environment, dict) and environment.get("type") != "local"


def _function(tool: Mapping[str, Any], where: str) -> dict[str, Any]:
    parameters = tool.get("parameters")
    if not isinstance(parameters, dict | None):
        raise InvalidRequest(f"'{where}.parameters' must be a JSON Schema.")
    made: dict[str, Any] = {}
    if isinstance(description := tool.get("description"), str) and description:
        made["description"] = description
    made["parameters"] = parameters or dict(NO_PARAMETERS)
    if isinstance(strict := tool.get("strict"), bool):
        made["strict"] = strict
    return made


def _custom(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A grammar binds only OpenAI's models: others are told of it."""
    said = [tool.get("description")]
    form = tool.get("format")
    if isinstance(form, dict) and isinstance(definition := form.get("definition"), str):
        said.append(GRAMMAR.format(syntax=form.get("syntax") or "", definition=definition))
    texts = [text for text in said if isinstance(text, str) and text]
    parameters = {"type": "object", "properties": {INPUT: STRING}, "required": [INPUT], "additionalProperties": False}
    return {**({"description": "\n\n".join(texts)} if texts else {}), "parameters": parameters}


def _listed(tool: Mapping[str, Any], where: str) -> list[Any]:
    tools = tool.get("tools")
    if not isinstance(tools, list):
        raise InvalidRequest(f"'{where}.tools' must be a list.")
    return tools


def _name(tool: Mapping[str, Any], where: str) -> str:
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{where}.name' must be a non-empty string.")
    return name
