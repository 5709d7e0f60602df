"""Tools of Anthropic Messages, their names and the ids of their calls, in chat's words."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_parts import keep_mark
from aihub_lite.wire.anthropic_tools import VALID_ID

MAX_NAME = 64
"""OpenAI's and most others' limit; Anthropic takes 128 characters, which names of MCP tools often need."""
KEPT_NAME = 55
CODED = "coded_"
"""Begins an id that Anthropic's pattern does not allow as it is: the rest is its base64."""
MAX_ID = 256

CHOICES: Mapping[str, str] = {"auto": "auto", "any": "required", "none": "none"}


def short_name(name: str) -> str:
    """A name that chat upstreams take: a function of the name alone, so that history is always written the same."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[:KEPT_NAME]}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def visible_id(call_id: str) -> str:
    """An upstream's id as one that Anthropic's clients and Anthropic itself accept (Kimi's are `functions.Bash:0`)."""
    if VALID_ID.fullmatch(call_id) and not call_id.startswith(CODED):
        return call_id
    raw = call_id.encode("utf-8", "replace")
    coded = CODED + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return coded if len(coded) <= MAX_ID else f"call_{hashlib.sha256(raw).hexdigest()[:24]}"


def upstream_id(call_id: str) -> str:
    """The way back."""
    if not call_id.startswith(CODED):
        return call_id
    coded = call_id[len(CODED) :]
    try:
        return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode() or call_id
    except (binascii.Error, ValueError):
        return call_id


def functions_of(tools: object, dropped: list[str], *, marks: bool) -> list[dict[str, Any]]:
    """The client's own tools as functions; those that run at Anthropic, or whose form only Claude knows, are dropped.

    Raises InvalidRequest.
    """
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise InvalidRequest("'tools' must be a list.")
    found = []
    for position, tool in enumerate(tools):
        if not isinstance(tool, dict):
            raise InvalidRequest(f"'tools[{position}]' must be an object.")
        kind = tool.get("type")
        if kind in (None, "custom"):
            found.append(_function(tool, f"tools[{position}]", dropped, marks=marks))
        elif isinstance(kind, str):
            dropped.append(f"tools.{_word(kind)}")
        else:
            raise InvalidRequest(f"'tools[{position}].type' must be a string.")
    return found


def long_names(tools: list[dict[str, Any]]) -> dict[str, str]:
    """The client's names by the shorter ones upstream; `tools` are the client's, and have been read."""
    names = [tool["name"] for tool in tools if tool.get("type") in (None, "custom")]
    return {short_name(name): name for name in names if len(name) > MAX_NAME}


def choose(chat: dict[str, Any], choice: object, dropped: list[str]) -> None:
    """`tool_choice`, which says nothing where no tool is left; raises InvalidRequest."""
    if choice is None:
        return
    kind = choice.get("type") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not (kind == "tool" or (isinstance(kind, str) and kind in CHOICES)):
        raise InvalidRequest("'tool_choice.type' must be auto, any, tool or none.")
    if kind == "tool" and not (isinstance(choice.get("name"), str) and choice["name"]):
        raise InvalidRequest("'tool_choice.name' must be a non-empty string.")
    functions = chat.get("tools", ())
    if kind == "tool":
        name = short_name(choice["name"])
        if any(name == each["function"]["name"] for each in functions):
            chat["tool_choice"] = {"type": "function", "function": {"name": name}}
        else:
            dropped.append("tool_choice")
    elif functions and kind is not None:
        chat["tool_choice"] = CHOICES[kind]
    if functions and choice.get("disable_parallel_tool_use") is True:
        chat["parallel_tool_calls"] = False


def closed_schema(schema: object) -> bool:
    """Whether OpenAI's strict mode takes a schema: every object in it closed, and all of its members required."""
    if isinstance(schema, list):
        return all(map(closed_schema, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        members = properties if isinstance(properties, dict) else {}
        required = schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(required, list):
            return False
        if any(name not in required for name in members):
            return False
    return all(map(closed_schema, schema.values()))


def _function(tool: dict[str, Any], at: str, dropped: list[str], *, marks: bool) -> dict[str, Any]:
    name, schema = tool.get("name"), tool.get("input_schema")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{at}.name' must be a non-empty string.")
    if not isinstance(schema, dict):
        raise InvalidRequest(f"'{at}.input_schema' must be an object.")
    function: dict[str, Any] = {"name": short_name(name)}
    if description := tool.get("description"):
        if not isinstance(description, str):
            raise InvalidRequest(f"'{at}.description' must be a string.")
        function["description"] = description
    function["parameters"] = schema if "type" in schema else {"type": "object", **schema}
    if tool.get("strict") is True:
        if closed_schema(schema):
            function["strict"] = True
        else:
            dropped.append("tools.strict")
    made: dict[str, Any] = {"type": "function", "function": function}
    if marks:
        keep_mark(made, tool)
    return made


def _word(kind: str) -> str:
    """A type as it may stand in a header."""
    return kind if VALID_ID.fullmatch(kind) and len(kind) <= MAX_NAME else "type"
