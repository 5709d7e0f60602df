"""Calls that a client forces, on models that take no `tool_choice` but `auto` and `none`.

One forced function is structured output by the schema of its parameters, which the model cannot but give: the answer's
text is the call's arguments. One of several, or parameters that structured output cannot say, are asked for in words.
"""

from __future__ import annotations

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import Tool, ToolChoice
from aihub_lite.wire.anthropic.schema import is_sayable, strict_schema
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.foreign_json import object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at

FORCED = frozenset({"any", "tool"})
"""Types of a `tool_choice` that leave the model no choice but to call."""
ANY = "Answer by calling one of your tools, and not with text alone."
ONE = "Answer by calling the tool {name}, and not with text alone."


# As its base, for the same reason.
@attrs.define(on_setattr=attrs.setters.NO_OP)
class ForcedTranslation(Translation):
    """A request in Anthropic's words."""

    call: str = ""
    """The name upstream of the function whose arguments the answer's text is; empty where it is a text."""
    choice: ToolChoice | None = None
    """The `tool_choice` that is taken."""


def forced_call(tools: list[Tool], choice: ToolChoice, body: JsonView, *, structured: bool) -> ForcedTranslation:
    """What stands for a forced call, named as left out; `body` is what the rest of the request has become.

    `structured`: structured output is there to be used. Raises InvalidRequest for a tool that is none of these.
    """
    step = ForcedTranslation(dropped=("tool_choice",))
    if choice["type"] == "tool":
        tools = [tool for tool in tools if tool["name"] == choice["name"]]
    if not tools:
        raise InvalidRequest(f"'tool_choice' names none of the tools: {choice['name'][:64]!r}.")
    tool = _only_function(tools)
    if tool is not None and structured and is_sayable(tool["input_schema"]):
        step.call = tool["name"]
        step.choice = {"type": "none"}
        form = {"type": "json_schema", "schema": _answer_schema(tool)}
        step.body["output_config"] = {**body.get("output_config", {}), "format": form}
        return step
    text = ANY
    if choice["type"] == "tool":
        text = ONE.format(name=choice["name"])
    step.choice = {"type": "auto"}
    step.body["system"] = [*body.get("system", ()), {"type": "text", "text": text}]
    return step


def _only_function(tools: list[Tool]) -> Tool | None:
    """The one function of the client's; None for one of several, and for a tool that runs at Anthropic."""
    if len(tools) == 1 and "input_schema" in tools[0]:
        return tools[0]
    return None


def _answer_schema(tool: Tool) -> JsonObject:
    """The schema of a tool's input, which says what the tool is for."""
    schema = strict_schema(tool["input_schema"])
    texts = [tool.get("description", ""), text_at(schema, "description")]
    described = "\n\n".join(filter(None, texts))
    if described:
        schema["description"] = described
    schema["title"] = tool["name"]
    return schema


def as_call(content: list[object], name: str) -> list[object]:
    """The blocks of an answer with the one call that their text stands for, or the same where there is no text.

    The `input` of one that was cut short is the text as it came.
    """
    blocks = dicts_in(content)
    text = "".join(text_at(block, "text") for block in blocks if block.get("type") == "text")
    if not text or any(block.get("type") == "tool_use" for block in blocks):
        return content
    tool_input = object_in(text)
    call: JsonObject = {"type": "tool_use", "name": name, "input": tool_input}
    if tool_input is None:
        call["input"] = text
    return [*(block for block in blocks if block.get("type") != "text"), call]
