"""Calls of tools: as chat functions are called, and as the client of Responses knows them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from aihub_lite.wire.nested_json import object_in
from aihub_lite.wire.responses_tools import INPUT, Called

Item = dict[str, Any]
_encode = msgspec.json.Encoder().encode

BEGINNING = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
WIDEST = 64
"""Characters; what has not begun by then is something else, and is not searched again with every piece."""
CHARACTERS = re.compile(
    r'(?:[^"\\]|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})+"
)
"""The part of a JSON string that no later character changes."""
BROKEN = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?")
"""An escape that stands for nothing: half of a pair, or too short."""
PAIR = len(r"\ud83d\ude00")
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
        """What it adds to the text."""
        self._arguments.append(piece)
        if self._ended:
            return ""
        self._rest += piece
        if not self._begun and not self._begin():
            self._ended = len(self._rest) > WIDEST
            return ""
        return self._grow()

    def end(self) -> str:
        """What is left: all of it where the arguments were not what the tool takes."""
        if self._begun:
            return self._grow(last=True)
        arguments = "".join(self._arguments)
        found = object_in(arguments) or {}
        texts = [found.get(INPUT), *(found.values() if len(found) == 1 else ())]
        return next((text for text in texts if isinstance(text, str)), arguments)

    def _begin(self) -> bool:
        if (match := BEGINNING.match(self._rest)) is not None:
            self._begun, self._rest = True, self._rest[match.end() :]
        return self._begun

    def _grow(self, *, last: bool = False) -> str:
        """As far as no later character can change it, or all there is."""
        pieces = []
        while self._rest and not self._ended:
            if (match := CHARACTERS.match(self._rest)) is not None:
                pieces.append(_unquoted(match.group()))
            elif self._rest.startswith('"'):
                self._ended = True
            elif (match := BROKEN.match(self._rest)) is not None and (last or len(self._rest) >= PAIR):
                pieces.append("\N{REPLACEMENT CHARACTER}")
            else:
                break
            self._rest = self._rest[match.end() :] if match is not None else ""
        return "".join(pieces)


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text
    valid = ESCAPE.sub(lambda match: match[0] if match[1] in ESCAPED else "\\\\" + match[1], text)
    found: str = json.loads('"' + valid + '"', strict=False)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def item_of(called: Called, item_id: str, call_id: str, text: str, status: str) -> Item:
    """The output item of a call, whose arguments or input is `text`."""
    base: Item = {"id": item_id, "type": f"{called.kind}_call", "status": status, "call_id": call_id}
    if called.kind == "function":
        base |= {"name": called.name, "arguments": text}
    elif called.kind == "custom":
        base |= {"type": "custom_tool_call", "name": called.name, "input": text}
    else:
        return base | BUILT_IN[called.kind](object_in(text) or {}, text)
    return base | {"namespace": called.namespace} if called.namespace else base


def _local_shell(given: Mapping[str, Any], text: str) -> Item:
    action: Item = {"type": "exec", "command": _strings(given.get("command"), text), "env": {}}
    if isinstance(directory := given.get("working_directory"), str):
        action["working_directory"] = directory
    return {"action": action | _whole(given, "timeout_ms")}


def _shell(given: Mapping[str, Any], text: str) -> Item:
    commands = _strings(given.get("commands"), text)
    return {"action": {"commands": commands, **_whole(given, "timeout_ms"), **_whole(given, "max_output_length")}}


def _apply_patch(given: Mapping[str, Any], text: str) -> Item:
    kind, path, diff = given.get("type"), given.get("path"), given.get("diff")
    kind = kind if kind in ("create_file", "delete_file") else "update_file"
    operation: Item = {"type": kind, "path": path if isinstance(path, str) else ""}
    if kind != "delete_file":
        operation["diff"] = diff if isinstance(diff, str) else text
    return {"operation": operation}


BUILT_IN: Mapping[str, Callable[[Mapping[str, Any], str], Item]] = {
    "local_shell": _local_shell,
    "shell": _shell,
    "apply_patch": _apply_patch,
}


def _strings(value: object, otherwise: str) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return value
    text = value if isinstance(value, str) else otherwise
    return [text] if text else []


def _whole(given: Mapping[str, Any], name: str) -> Item:
    value = given.get(name)
    return {name: value} if type(value) is int and value >= 0 else {}


def arguments_of(item: Mapping[str, Any]) -> str | None:
    """The arguments of the chat function, for a call of a history; None for what is no call that chat can tell of."""
    kind = item.get("type")
    if kind == "function_call":
        arguments = item.get("arguments")
        return (arguments or "{}") if isinstance(arguments, str) else None
    if kind == "custom_tool_call":
        text = item.get("input")
        return _encode({INPUT: text}).decode() if isinstance(text, str) else None
    given = item.get("operation" if kind == "apply_patch_call" else "action")
    if not isinstance(given, dict):
        return None
    names = ARGUMENTS.get(kind) if isinstance(kind, str) else None
    if names is None:
        return None
    return _encode({name: given[name] for name in names if given.get(name) is not None}).decode()


ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "local_shell_call": ("command", "working_directory", "timeout_ms"),
    "shell_call": ("commands", "timeout_ms", "max_output_length"),
    "apply_patch_call": ("type", "path", "diff"),
}
"""What a call of a built-in tool says of itself."""
