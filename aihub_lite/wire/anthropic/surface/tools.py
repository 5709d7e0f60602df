"""Tools of Anthropic Messages, their names and the ids of their calls, in chat's words."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import keep_mark
from aihub_lite.wire.anthropic.tools import VALID_ID
from aihub_lite.wire.chat.names import MAX_NAME, short_name
from aihub_lite.wire.chat.shapes import Function, Tool
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.json_types import JsonObject, JsonView

CODED = "coded_"
"""Begins an id that Anthropic's pattern does not allow as it is: the rest is its base64."""
MAX_ID = 256

CHOICES: Mapping[str, str] = {"auto": "auto", "any": "required", "none": "none"}


def client_call_id(call_id: str) -> str:
    """An upstream's id as one that Anthropic's clients and Anthropic itself accept (Kimi's are `functions.Bash:0`)."""
    if VALID_ID.fullmatch(call_id) and not call_id.startswith(CODED):
        return call_id
    raw = call_id.encode("utf-8", "replace")
    coded = CODED + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if len(coded) <= MAX_ID:
        return coded
    return f"call_{hashlib.sha256(raw).hexdigest()[:24]}"


def upstream_call_id(call_id: str) -> str:
    """The upstream's own id behind one that `client_call_id` gave; one that was too long to be coded stays hashed."""
    if not call_id.startswith(CODED):
        return call_id
    coded = call_id[len(CODED) :]
    try:
        return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode() or call_id
    except (binascii.Error, ValueError):
        return call_id


def functions_of(tools: object, *, marks: bool) -> Translation:
    """The client's own tools as functions; those that run at Anthropic, or whose form only Claude knows, are dropped.

    `marks`: cache marks are kept. Raises InvalidRequest.
    """
    step = Translation()
    if tools is None:
        return step
    if not isinstance(tools, list):
        raise InvalidRequest("'tools' must be a list.")
    functions: list[Tool] = []
    for position, tool in enumerate(tools):
        at = f"tools[{position}]"
        if not isinstance(tool, dict):
            raise InvalidRequest(f"'{at}' must be an object.")
        kind = tool.get("type")
        if kind in (None, "custom"):
            function = _function(tool, at)
            if tool.get("strict") is True and "strict" not in function:
                step.drop("tools.strict")
            functions.append({"type": "function", "function": function})
            if marks:
                keep_mark(functions[-1], tool)
        elif isinstance(kind, str):
            step.drop(f"tools.{_header_word(kind)}")
        else:
            raise InvalidRequest(f"'{at}.type' must be a string.")
    if functions:
        step.body["tools"] = functions
    return step


def long_names(tools: list[JsonView]) -> dict[str, str]:
    """The client's names by the shorter ones upstream; `tools` are the client's, and have been read."""
    names = [tool["name"] for tool in tools if tool.get("type") in (None, "custom")]
    return {short_name(name): name for name in names if len(name) > MAX_NAME}


def tool_choice_of(choice: object, functions: list[Tool]) -> Translation:
    """`tool_choice`, which says nothing where no tool is left; raises InvalidRequest."""
    step = Translation()
    choice = _checked_choice(choice)
    if choice["type"] == "tool":
        name = short_name(choice["name"])
        if any(name == tool["function"]["name"] for tool in functions):
            step.body["tool_choice"] = {"type": "function", "function": {"name": name}}
        else:
            step.drop("tool_choice")
    elif functions:
        step.body["tool_choice"] = CHOICES[choice["type"]]
    if functions and choice.get("disable_parallel_tool_use") is True:
        step.body["parallel_tool_calls"] = False
    return step


def _checked_choice(choice: object) -> JsonView:
    """The same with a type that there is, and a name where the type wants one."""
    if isinstance(choice, dict):
        kind = choice.get("type")
        name = choice.get("name")
        if kind == "tool" and not (isinstance(name, str) and name):
            raise InvalidRequest("'tool_choice.name' must be a non-empty string.")
        if kind == "tool" or (isinstance(kind, str) and kind in CHOICES):
            return choice
    raise InvalidRequest("'tool_choice.type' must be auto, any, tool or none.")


def closed_schema(schema: object) -> bool:
    """Whether OpenAI's strict mode takes a schema: every object in it closed, and all of its members required."""
    if isinstance(schema, list):
        return all(map(closed_schema, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        required = schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(required, list):
            return False
        if isinstance(properties, dict) and any(name not in required for name in properties):
            return False
    return all(map(closed_schema, schema.values()))


def _function(tool: JsonView, at: str) -> Function:
    name = tool.get("name")
    schema = tool.get("input_schema")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{at}.name' must be a non-empty string.")
    if not isinstance(schema, dict):
        raise InvalidRequest(f"'{at}.input_schema' must be an object.")
    function: Function = {"name": short_name(name)}
    description = tool.get("description")
    if description:
        if not isinstance(description, str):
            raise InvalidRequest(f"'{at}.description' must be a string.")
        function["description"] = description
    function["parameters"] = _parameters(schema)
    if tool.get("strict") is True and closed_schema(schema):
        function["strict"] = True
    return function


def _parameters(schema: JsonObject) -> JsonObject:
    if "type" in schema:
        return schema
    return {"type": "object", **schema}


def _header_word(kind: str) -> str:
    """A type as it may stand in a header."""
    if VALID_ID.fullmatch(kind) and len(kind) <= MAX_NAME:
        return kind
    return "type"
