"""Calls of tools: from chat functions to the items that a client of Responses knows, and back for its history."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import attrs

from aihub_lite.wire.foreign_json import decode_strict, encode, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, text_at
from aihub_lite.wire.responses.tools import INPUT, ClientTool

BEGINNING = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
MAX_BEGINNING = 64
"""Characters; what does not match by then never will, and is not searched again with every piece."""
CHARACTERS = re.compile(
    r'(?:[^"\\]|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})+"
)
"""The part of a JSON string that no later character changes."""
BROKEN = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?")
"""An escape that stands for nothing: half of a pair, or too short."""
PAIR = len(r"\ud83d\ude00")
"""Characters after which an escape that still has no second half never gets one."""
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPED = frozenset('"\\/bfnrtu')
"""What JSON lets a backslash stand before; models write others too, in code."""


@attrs.define
class InputText:
    """Reads the text of a custom tool's input out of the arguments `{"input": "…"}` while they come."""

    _arguments: list[str] = attrs.field(factory=list)
    _rest: str = ""
    """What is not read yet."""
    _begun: bool = False
    _ended: bool = False
    """Whether no piece that comes says more before the end."""

    def push(self, piece: str) -> str:
        """What the next piece of the arguments adds to the text."""
        self._arguments.append(piece)
        if self._ended:
            return ""
        self._rest += piece
        if not self._begun and not self._begin():
            self._ended = len(self._rest) > MAX_BEGINNING
            return ""
        return self._grow()

    def end(self, tool: str = "") -> str:
        """What is left of the text: all of it where the arguments did not begin like the tool's.

        Then it is the `input`, wherever it stands, or the only value there is, else the arguments themselves; nothing
        where there are none. A value may be a command as a list, which the name of the `tool` begins.
        """
        if self._begun:
            return self._grow(last=True)
        arguments = "".join(self._arguments)
        fields = object_in(arguments)
        if fields is None:
            return _text_in(arguments)
        if not fields:
            return ""
        values = [fields.get(INPUT)]
        if len(fields) == 1:
            values += fields.values()
        texts = [_commanded(value, tool) for value in values]
        return next((text for text in texts if isinstance(text, str)), arguments)

    def _begin(self) -> bool:
        match = BEGINNING.match(self._rest)
        if match is None:
            return False
        self._begun = True
        self._rest = self._rest[match.end() :]
        return True

    def _grow(self, *, last: bool = False) -> str:
        """The text as far as no later character can change it; with `last`, all there is."""
        pieces = []
        while self._rest and not self._ended:
            if self._rest.startswith('"'):
                self._ended = True
                self._rest = ""
                break
            if (match := CHARACTERS.match(self._rest)) is not None:
                pieces.append(_unquoted(match.group()))
            elif (match := BROKEN.match(self._rest)) is not None and (last or len(self._rest) >= PAIR):
                pieces.append("\N{REPLACEMENT CHARACTER}")
            else:
                break
            self._rest = self._rest[match.end() :]
        return "".join(pieces)


def _text_in(arguments: str) -> str:
    """The text of arguments that are no object: one JSON string, or any text."""
    if not arguments.lstrip().startswith('"'):
        return arguments
    try:
        text = decode_strict(arguments)
    except ValueError:
        return arguments
    if isinstance(text, str):
        return text
    return arguments


def _commanded(value: object, tool: str) -> object:
    """A text, also one that is written as a command: `["apply_patch", TEXT]`."""
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        return value
    words = value
    if len(words) > 1 and words[0] == tool:
        words = words[1:]
    return " ".join(words)


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text
    valid = ESCAPE.sub(_valid_escape, text)
    unquoted: str = json.loads('"' + valid + '"', strict=False)
    return unquoted.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _valid_escape(match: re.Match[str]) -> str:
    if match[1] in ESCAPED:
        return match[0]
    return "\\\\" + match[1]


def item_of(tool: ClientTool, item_id: str, call_id: str, text: str, status: str) -> JsonObject:
    """The output item of a call; `text` is the function's arguments, or a custom tool's input."""
    item: JsonObject = {"id": item_id, "type": f"{tool.kind}_call", "status": status, "call_id": call_id}
    if tool.kind == "function":
        item |= {"name": tool.name, "arguments": text}
    elif tool.kind == "custom":
        item |= {"type": "custom_tool_call", "name": tool.name, "input": text}
    else:
        return item | BUILT_IN[tool.kind](object_in(text) or {}, text)
    if tool.namespace:
        item["namespace"] = tool.namespace
    return item


def _local_shell(arguments: JsonView, text: str) -> JsonObject:
    action: JsonObject = {"type": "exec", "command": _strings(arguments.get("command"), text), "env": {}}
    if isinstance(directory := arguments.get("working_directory"), str):
        action["working_directory"] = directory
    return {"action": action | _counts(arguments, "timeout_ms")}


def _shell(arguments: JsonView, text: str) -> JsonObject:
    commands = _strings(arguments.get("commands"), text)
    return {"action": {"commands": commands, **_counts(arguments, "timeout_ms", "max_output_length")}}


def _apply_patch(arguments: JsonView, text: str) -> JsonObject:
    kind = arguments.get("type")
    path = text_at(arguments, "path")
    if kind == "delete_file":
        return {"operation": {"type": kind, "path": path}}
    if kind != "create_file":
        kind = "update_file"
    diff = arguments.get("diff")
    if not isinstance(diff, str):
        diff = text
    return {"operation": {"type": kind, "path": path, "diff": diff}}


BUILT_IN: Mapping[str, Callable[[JsonView, str], JsonObject]] = {
    "local_shell": _local_shell,
    "shell": _shell,
    "apply_patch": _apply_patch,
}
"""What the item of a call of a tool that clients run says, from its arguments, and from their text if they are none."""


def _strings(value: object, otherwise: str) -> list[str]:
    """A command as a list; models write a string or something else just as well."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return value
    text = otherwise
    if isinstance(value, str):
        text = value
    return [text] if text else []


def _counts(arguments: JsonView, *names: str) -> JsonObject:
    """Those of these fields that are whole numbers."""
    return {name: value for name in names if type(value := arguments.get(name)) is int and value >= 0}


def arguments_of(item: JsonView) -> str | None:
    """The arguments of the chat function for a call of a history; None where the item does not hold them."""
    kind = item.get("type")
    if kind == "function_call":
        arguments = item.get("arguments")
        if not isinstance(arguments, str):
            return None
        return arguments or "{}"
    if kind == "custom_tool_call":
        text = item.get("input")
        if not isinstance(text, str):
            return None
        return encode({INPUT: text}).decode()
    if not isinstance(kind, str) or kind not in ARGUMENTS:
        return None
    holder, names = ARGUMENTS[kind]
    call = item.get(holder)
    if not isinstance(call, dict):
        return None
    return encode({name: call[name] for name in names if call.get(name) is not None}).decode()


ARGUMENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "local_shell_call": ("action", ("command", "working_directory", "timeout_ms")),
    "shell_call": ("action", ("commands", "timeout_ms", "max_output_length")),
    "apply_patch_call": ("operation", ("type", "path", "diff")),
}
"""Where a call of a built-in tool holds its arguments, and their names."""
