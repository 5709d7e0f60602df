"""Functions, their names and how they may be chosen, in Gemini's words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini_models import GeminiModel
from aihub_lite.wire.gemini_schema import json_schema, openapi_schema

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
    """One name upstream for each of the client's, and the way back; earlier ones are never changed by later ones."""

    upstream: dict[str, str] = attrs.field(factory=dict)
    taken: dict[str, str] = attrs.field(factory=dict)
    """The client's name by the one upstream."""

    def of(self, name: str) -> str:
        """The name upstream: the client's own where Gemini takes it."""
        known = self.upstream.get(name)
        if known is not None:
            return known
        found = name if VALID_NAME.fullmatch(name) and name not in self.taken else self._made(name)
        self.upstream[name], self.taken[found] = found, name
        return found

    def changed(self) -> dict[str, str]:
        """The client's name by the one upstream, where they differ."""
        return {found: name for found, name in self.taken.items() if found != name}

    def _made(self, name: str) -> str:
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

    entries: list[dict[str, Any]]
    functions: bool
    strict: bool
    """Whether the client wants the arguments of a function to hold to its schema."""
    dropped: list[str]
    """Tools that only another provider runs."""


def tools_of(body: Mapping[str, Any], model: GeminiModel, names: Names) -> Tools:
    """`tools` and the older `functions` in one list of declarations, Gemini's own tools after them."""
    declarations: list[dict[str, Any]] = []
    native: list[dict[str, Any]] = []
    dropped: list[str] = []
    strict = False
    for position, tool in enumerate(_listed(body, "tools")):
        where = f"tools[{position}]"
        if isinstance(tool, Mapping) and isinstance(function := tool.get("function"), Mapping):
            declarations.append(_declaration(function, where, model, names))
            strict = strict or function.get("strict") is True
        elif found := _native(tool, where):
            native.append(found)
        else:
            dropped.append(where)
    for position, function in enumerate(_listed(body, "functions")):
        declarations.append(_declaration(function, f"functions[{position}]", model, names))
    if body.get("web_search_options") is not None:
        if declarations and not model.json_with_tools:  # older models refuse search beside functions
            dropped.append("web_search_options")
        else:
            native.append({"googleSearch": {}})
    entries = [{"functionDeclarations": declarations}] if declarations else []
    return Tools(entries + native, bool(declarations), strict, dropped)


def tool_config_of(body: Mapping[str, Any], tools: Tools, model: GeminiModel, names: Names) -> dict[str, Any] | None:
    """`toolConfig`; None when there is nothing to choose, or the model chooses as it would anyway."""
    if not tools.functions:
        return None
    # Newer models take functions beside Gemini's own tools only from who gives the calls of those back.
    both = model.json_with_tools and len(tools.entries) > 1
    config: dict[str, Any] = {"includeServerSideToolInvocations": True} if both else {}
    if calling := _calling(body, tools, model, names):
        config["functionCallingConfig"] = calling
    return config or None


def _calling(body: Mapping[str, Any], tools: Tools, model: GeminiModel, names: Names) -> dict[str, Any] | None:
    name = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    mode, allowed = _choice(body.get(name), name)
    if mode in (None, "AUTO") and model.validated and (tools.strict or allowed):
        mode = "VALIDATED"  # AUTO takes no list of allowed functions
    elif mode == "AUTO" and allowed:
        allowed = []
    if mode is None:
        return None
    config: dict[str, Any] = {"mode": mode}
    if allowed:
        config["allowedFunctionNames"] = [names.of(function) for function in allowed]
    return config


def _choice(choice: object, where: str) -> tuple[str | None, list[str]]:
    """Mode and the names of the functions that are allowed, empty for all."""
    if choice is None:
        return None, []
    if isinstance(choice, str) and choice in MODES:
        return MODES[choice], []
    if isinstance(choice, Mapping):
        if choice.get("type") == "allowed_tools":
            return _allowed(choice.get("allowed_tools", choice), where)
        return "ANY", [_chosen(choice, where)]
    raise InvalidRequest(f"'{where}' must be 'none', 'auto', 'required' or name a function.")


def _allowed(allowed: object, where: str) -> tuple[str | None, list[str]]:
    tools = allowed.get("tools") if isinstance(allowed, Mapping) else None
    mode = allowed.get("mode", "auto") if isinstance(allowed, Mapping) else None
    if not isinstance(tools, list) or not isinstance(mode, str) or mode not in MODES:
        raise InvalidRequest(f"'{where}.allowed_tools' must hold 'mode' and a list 'tools'.")
    return MODES[mode], [_chosen(tool, where) for tool in tools]


def _chosen(tool: object, where: str) -> str:
    inner = tool.get("function", tool) if isinstance(tool, Mapping) else None
    name = inner.get("name") if isinstance(inner, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{where}' must name a function.")
    return name


def _declaration(function: object, where: str, model: GeminiModel, names: Names) -> dict[str, Any]:
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str) or not name:
        raise InvalidRequest(f"'{where}' must have a function with a name.")
    declaration = {"name": names.of(name)}
    description, parameters = function.get("description"), function.get("parameters")
    if isinstance(description, str) and description:
        declaration["description"] = description
    if not parameters:
        return declaration
    if not isinstance(parameters, dict):
        raise InvalidRequest(f"'{where}.parameters' must be a JSON Schema.")
    if model.json_schema:
        return {**declaration, "parametersJsonSchema": json_schema(parameters)}
    schema = openapi_schema(parameters, where)
    return {**declaration, "parameters": schema} if schema.get("properties") else declaration


def _native(tool: object, where: str) -> dict[str, Any] | None:
    """A tool that Google runs; None for one that only another provider runs."""
    if isinstance(tool, Mapping):
        found = {
            NATIVE_TOOLS[name]: settings
            for name, settings in tool.items()
            if name in NATIVE_TOOLS and isinstance(settings, dict)
        }
        if found:
            return found
        kind = tool.get("type")
        if isinstance(kind, str) and (native := NATIVE_TOOLS.get(kind) or ALIKE.get(kind)):
            return {native: {}}
        if isinstance(kind, str) and kind not in ("function", "custom"):
            return None
    raise InvalidRequest(f"'{where}' must be a function, or a tool of Gemini's own.")


def _listed(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidRequest(f"'{name}' must be a list.")
    return value
