"""Names of parameters of tools, as Anthropic takes them and back.

It checks those at the top of a tool's `input_schema.properties`, not those inside them, and refuses the whole request
for one that does not match (ComposioHQ/composio#3500, decocms/studio#6874, read in November 2026). OData's `$top` and
`filter[id]` of JSON:API are such names, which tools made of an OpenAPI document have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, list_at

MAX_NAME = 64
VALID_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
INVALID = re.compile(r"[^a-zA-Z0-9_.-]")
NO_PARAMETERS: Mapping[str, Mapping[str, str]] = {}
"""For requests whose names of parameters are the same on both sides."""


def changed_names(schema: JsonView) -> dict[str, str]:
    """The name upstream by the client's, of the parameters of one tool that need another one.

    A function of this schema alone, so that history is always written the same.
    """
    names = dict_at(schema, "properties")
    if all(map(VALID_NAME.fullmatch, names)):
        return {}
    taken = {name for name in names if VALID_NAME.fullmatch(name)}
    changed: dict[str, str] = {}
    for name in names:
        if name not in taken:
            changed[name] = _free_name(name, taken)
            taken.add(changed[name])
    return changed


def with_names(schema: JsonObject, changed: Mapping[str, str]) -> JsonObject:
    """A schema whose parameters have the names that were changed."""
    renamed = {**schema, "properties": renamed_keys(schema["properties"], changed)}
    required = list_at(schema, "required")
    if required:
        renamed["required"] = [_renamed(name, changed) for name in required]
    return renamed


def renamed_keys(value: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """An object with other names for some of its members; the same object where no name changes."""
    if names.keys().isdisjoint(value):
        return value
    return {names.get(name, name): inner for name, inner in value.items()}


def ways_back(changed: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """By tool, the client's name of a parameter by the one upstream."""
    return {tool: {upstream: client for client, upstream in names.items()} for tool, names in changed.items()}


def _renamed(name: object, changed: Mapping[str, str]) -> object:
    if isinstance(name, str):
        return changed.get(name, name)
    return name


def _free_name(name: str, taken: Collection[str]) -> str:
    base = INVALID.sub("_", name)[:MAX_NAME] or "_"
    candidate = base
    number = 1
    while candidate in taken:
        number += 1
        # Cut so far that the number has room within the longest name there is.
        candidate = f"{base[: MAX_NAME - 1 - len(str(number))]}_{number}"
    return candidate
