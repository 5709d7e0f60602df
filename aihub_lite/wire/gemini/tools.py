"""Functions, their names and how they may be chosen, in Gemini's words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini.models import GeminiModel
from aihub_lite.wire.gemini.schema import json_schema, openapi_schema
from aihub_lite.wire.gemini.shapes import FunctionDeclaration
from aihub_lite.wire.json_types import JsonObject, JsonView

VALID_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
MAX_NAME = 128

NATIVE_TOOLS: Mapping[str, str] = {
    "googleSearch": "googleSearch",
    "google_search": "googleSearch",
    "googleSearchRetrieval": "googleSearchRetrieval",
    "google_search_retrieval": "googleSearchRetrieval",
    "googleMaps": "googleMaps",
    "google_maps": "googleMaps",
    "codeExecution": "codeExecution",
    "code_execution": "codeExecution",
    "urlContext": "urlContext",
    "url_context": "urlContext",
    "fileSearch": "fileSearch",
    "file_search": "fileSearch",
    "computerUse": "computerUse",
    "computer_use": "computerUse",
}
"""Gemini's own tools, which a client may put into `tools` as they are: `{"google_search": {}}`."""
ALIKE: Mapping[str, str] = {
    "web_search": "googleSearch",
    "web_search_preview": "googleSearch",
    "openrouter:web_search": "googleSearch",
    "browser_search": "googleSearch",
    "code_interpreter": "codeExecution",
}
"""By `type`: tools of other providers that do the same as one of Google's; their settings mean nothing to it."""

MODES: Mapping[str, str] = {"none": "NONE", "auto": "AUTO", "required": "ANY", "any": "ANY"}


@attrs.define
class Names:
    """One name upstream for each of the client's, and the client's for each upstream; none changes once it is given."""

    upstream: dict[str, str] = attrs.field(factory=dict)
    taken: dict[str, str] = attrs.field(factory=dict)
    """The client's name by the one upstream."""

    def of(self, name: str) -> str:
        """The name upstream: the client's own where Gemini takes it."""
        if name in self.upstream:
            return self.upstream[name]
        upstream_name = name
        if not VALID_NAME.fullmatch(name) or name in self.taken:
            upstream_name = self._valid(name)
        self.upstream[name] = upstream_name
        self.taken[upstream_name] = name
        return upstream_name

    def changed(self) -> dict[str, str]:
        """The client's name by the one upstream, where they differ."""
        return {upstream_name: name for upstream_name, name in self.taken.items() if upstream_name != name}

    def _valid(self, name: str) -> str:
        """What is allowed of the name, and of its hash as much as makes it unique."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        kept = re.sub(r"[^A-Za-z0-9_.:-]", "_", name)
        if not VALID_NAME.match(kept):
            kept = f"_{kept}"
        candidates = (f"{kept[: MAX_NAME - size - 1]}_{digest[:size]}" for size in range(8, len(digest) + 1))
        return next(candidate for candidate in candidates if candidate not in self.taken)


@attrs.frozen
class Tools:
    """`tools` for the body, empty when there are none, and what tool choice has to know of them."""

    entries: list[JsonObject]
    functions: bool
    strict: bool
    """Whether the client wants the arguments of a function to hold to its schema."""
    dropped: list[str]
    """Tools that only another provider runs."""


def tools_of(body: JsonView, model: GeminiModel, names: Names) -> Tools:
    """`tools` and the older `functions` in one list of declarations, Gemini's own tools after them."""
    declarations: list[FunctionDeclaration] = []
    native: list[JsonObject] = []
    dropped: list[str] = []
    strict = False
    for position, tool in enumerate(_listed(body, "tools")):
        where = f"tools[{position}]"
        if isinstance(tool, dict) and isinstance(function := tool.get("function"), dict):
            declarations.append(_declaration(function, where, model, names))
            strict = strict or function.get("strict") is True
        elif entry := _native(tool, where):
            native.append(entry)
        else:
            dropped.append(where)
    for position, function in enumerate(_listed(body, "functions")):
        declarations.append(_declaration(function, f"functions[{position}]", model, names))
    if body.get("web_search_options") is not None:
        if declarations and not model.json_with_tools:  # older models refuse search beside functions
            dropped.append("web_search_options")
        else:
            native.append({"googleSearch": {}})
    entries = native
    if declarations:
        entries = [{"functionDeclarations": declarations}, *native]
    return Tools(entries, bool(declarations), strict, dropped)


def tool_config_of(body: JsonView, tools: Tools, model: GeminiModel, names: Names) -> JsonObject:
    """`toolConfig`; empty when there is nothing to choose, or the model chooses as it would anyway."""
    config: JsonObject = {}
    if not tools.functions:
        return config
    # Newer models take functions beside Gemini's own tools only from who gives the calls of those back.
    if model.json_with_tools and len(tools.entries) > 1:
        config["includeServerSideToolInvocations"] = True
    if calling := _calling(body, tools, model, names):
        config["functionCallingConfig"] = calling
    return config


def _calling(body: JsonView, tools: Tools, model: GeminiModel, names: Names) -> JsonObject:
    """`functionCallingConfig`; empty where the model chooses as it would anyway."""
    field = "tool_choice"
    if body.get(field) is None:
        field = "function_call"
    mode, allowed = _choice(body.get(field), field)
    if mode in (None, "AUTO") and model.validated and (tools.strict or allowed):
        mode = "VALIDATED"  # AUTO takes no list of allowed functions
    elif mode == "AUTO":
        allowed = []
    if mode is None:
        return {}
    if allowed:
        return {"mode": mode, "allowedFunctionNames": [names.of(function) for function in allowed]}
    return {"mode": mode}


def _choice(choice: object, field: str) -> tuple[str | None, list[str]]:
    """The mode, None for the model's own, and the names of the functions that are allowed, empty for all."""
    if choice is None:
        return None, []
    if isinstance(choice, str) and choice in MODES:
        return MODES[choice], []
    if isinstance(choice, dict):
        if choice.get("type") == "allowed_tools":
            return _allowed_tools(choice.get("allowed_tools", choice), field)
        return "ANY", [_chosen(choice, field)]
    raise InvalidRequest(f"'{field}' must be 'none', 'auto', 'required' or name a function.")


def _allowed_tools(allowed: object, field: str) -> tuple[str | None, list[str]]:
    if isinstance(allowed, dict):
        tools = allowed.get("tools")
        mode = allowed.get("mode", "auto")
        if isinstance(tools, list) and isinstance(mode, str) and mode in MODES:
            return MODES[mode], [_chosen(tool, field) for tool in tools]
    raise InvalidRequest(f"'{field}.allowed_tools' must hold 'mode' and a list 'tools'.")


def _chosen(tool: object, field: str) -> str:
    """A function's name, which stands in the choice itself or in its `function`."""
    name = None
    if isinstance(tool, dict):
        function = tool.get("function", tool)
        if isinstance(function, dict):
            name = function.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{field}' must name a function.")
    return name


def _declaration(function: object, where: str, model: GeminiModel, names: Names) -> FunctionDeclaration:
    if not isinstance(function, dict) or not isinstance(name := function.get("name"), str) or not name:
        raise InvalidRequest(f"'{where}' must have a function with a name.")
    declaration: FunctionDeclaration = {"name": names.of(name)}
    description = function.get("description")
    if isinstance(description, str) and description:
        declaration["description"] = description
    parameters = function.get("parameters")
    if not parameters:
        return declaration
    if not isinstance(parameters, dict):
        raise InvalidRequest(f"'{where}.parameters' must be a JSON Schema.")
    if model.json_schema:
        declaration["parametersJsonSchema"] = json_schema(parameters)
        return declaration
    schema = openapi_schema(parameters, where)
    if schema.get("properties"):  # Gemini refuses an object without any
        declaration["parameters"] = schema
    return declaration


def _native(tool: object, where: str) -> JsonObject | None:
    """A tool that Google runs; None for one that only another provider runs."""
    if not isinstance(tool, dict):
        raise _no_tool(where)
    entry: JsonObject = {
        NATIVE_TOOLS[name]: settings
        for name, settings in tool.items()
        if name in NATIVE_TOOLS and isinstance(settings, dict)
    }
    if entry:
        return entry
    kind = tool.get("type")
    if not isinstance(kind, str):
        raise _no_tool(where)
    if native := NATIVE_TOOLS.get(kind) or ALIKE.get(kind):
        return {native: {}}
    if kind in ("function", "custom"):
        raise _no_tool(where)
    return None


def _no_tool(where: str) -> InvalidRequest:
    return InvalidRequest(f"'{where}' must be a function, or a tool of Gemini's own.")


def _listed(body: JsonView, name: str) -> list[Any]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidRequest(f"'{name}' must be a list.")
    return value
