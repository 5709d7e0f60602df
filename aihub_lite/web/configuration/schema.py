"""The file's JSON Schema, for editors: made of the classes by which it is read."""

from __future__ import annotations

from typing import Any

from aihub_lite.config import REASONS
from aihub_lite.domain.people.person import ROLES
from aihub_lite.domain.strategy import STRATEGIES
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.prices import RatesInput
from aihub_lite.web.configuration.channels import ORIGINS
from aihub_lite.web.configuration.entries import SEALED, SECTIONS, KeyEntry, Section
from aihub_lite.web.configuration.writing import COMMENTS
from aihub_lite.web.description.schemas import schema_of
from aihub_lite.web.views import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Json = {"type": "string"}
KINDS: dict[str, Json] = {"aliases": TEXT, "strategies": {"enum": [*STRATEGIES]}}
"""Of sections that hold one word a name."""
NARROWER: dict[str, dict[str, Json]] = {
    "people": {"role": {"enum": [*ROLES]}},
    "channels": {"origin": {"enum": [*ORIGINS]}},
}
"""What the classes leave to the checks."""


def document_schema() -> Json:
    """Of the whole file."""
    properties = {name: _section(name, section) for name, section in SECTIONS.items()}
    for name, comment in COMMENTS.items():
        properties[name]["description"] = comment
    properties[SEALED] = {
        "type": "object",
        "description": "Which the passphrase opens, and which opens what begins with sealed: in this file.",
        "properties": {"key": TEXT},
        "required": ["key"],
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "What a gateway of aihub-lite is",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _section(name: str, section: Section) -> Json:
    if not section.named:
        return _table(name, section)
    inner = KINDS.get(name)
    if inner is None:
        inner = _table(name, section)
    return {"type": "object", "additionalProperties": inner}


def _table(name: str, section: Section) -> Json:
    schema = schema_of(section.kind)
    properties: dict[str, Any] = {
        field: told for field, told in schema["properties"].items() if field not in section.without
    }
    if name == "settings":
        for field, told in properties.items():
            told["description"] = REASONS[field]
    if name == "channels":
        properties["type"] = {"enum": [*PROVIDERS], "default": "openai"}
        properties["keys"] = {"type": "array", "items": {"anyOf": [TEXT, schema_of(KeyEntry)]}}
    if name == "prices":
        properties["services"] = {"type": "object", "additionalProperties": schema_of(RatesInput)}
    for field, narrower in NARROWER.get(name, {}).items():
        properties[field] = {**properties[field], **narrower}
    return {"type": "object", "properties": properties, "additionalProperties": False}
