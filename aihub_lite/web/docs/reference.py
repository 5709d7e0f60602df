"""The API as it is described in `reference.toml`: tables for people, OpenAPI 3.1 for programs."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import attrs

from aihub_lite.web.views import Json

FILE = Path(__file__).parent / "reference.toml"
OPENAPI = "3.1.0"
ERRORS = {
    "400": "The request cannot be read, or a field is missing or wrong.",
    "401": "The key is missing, unknown, disabled or past its end.",
    "402": "The quota or budget is spent.",
    "403": "The key may not use this model, or not from this address.",
    "413": "The body is too large.",
    "429": "Too many requests.",
    "500": "A fault of the gateway.",
    "502": "The provider refused the gateway, or answered nonsense.",
    "503": "Nobody offers this model, or all its channels are down.",
    "504": "The provider did not begin to answer in time.",
}
HEADS = {
    "en": ("field", "type", "what it is", "left out for"),
    "zh": ("字段", "类型", "说明", "对其省略"),
}
REQUIRED = {"en": "required", "zh": "必填"}
DEFAULT = {"en": "default", "zh": "默认"}


@attrs.frozen(kw_only=True)
class Field:
    """One field of a request. `text` is by language; `least` and `most` bound numbers."""

    name: str
    type: str
    text: dict[str, str]
    required: bool = False
    default: str = ""
    least: int | None = None
    most: int | None = None


@attrs.frozen(kw_only=True)
class Operation:
    """One path and method. `stream` says what its events are, and is empty where it has none."""

    path: str
    method: str
    page: str
    text: dict[str, str]
    stream: str
    form: bool
    binary: bool
    """Whether the answer is a file."""
    fields: tuple[Field, ...]


@cache
def operations() -> dict[str, Operation]:
    """Every operation by its path, in the order of the file."""
    rows = tomllib.loads(FILE.read_text("utf-8"))["endpoint"]
    return {row["path"]: _operation(row) for row in rows}


def _operation(row: Json) -> Operation:
    return Operation(
        path=row["path"],
        method=row["method"],
        page=row["page"],
        text={"en": row["en"], "zh": row["zh"]},
        stream=row.get("stream", ""),
        form=row.get("form", False),
        binary=row.get("binary", False),
        fields=tuple(_field(field) for field in row["fields"]),
    )


def _field(row: Json) -> Field:
    text = {"en": row.pop("en"), "zh": row.pop("zh")}
    return Field(**row, text=text)


def fields_table(path: str, language: str, left_out: Mapping[str, Collection[str]] | None = None) -> str:
    """A Markdown table of an operation's fields; with `left_out`, by provider, who has no word for which."""
    heads = [*HEADS[language]]
    if left_out is None:
        heads.pop()
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for field in operations()[path].fields:
        cells = [f"`{field.name}`", _type_cell(field, language), field.text[language]]
        if left_out is not None:
            cells.append(", ".join(provider for provider, names in left_out.items() if field.name in names))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _type_cell(field: Field, language: str) -> str:
    notes = [field.type]
    if field.required:
        notes.append(REQUIRED[language])
    if field.default:
        notes.append(f"{DEFAULT[language]} `{field.default}`")
    if field.least is not None and field.most is not None:
        notes.append(f"{field.least}–{field.most}")
    elif field.most is not None:
        notes.append(f"≤ {field.most}")
    elif field.least is not None:
        notes.append(f"≥ {field.least}")
    return ", ".join(notes)


def openapi(root: str, version: str) -> Json:
    """The whole description as an OpenAPI document; `root` is this gateway's address."""
    return {
        "openapi": OPENAPI,
        "info": {"title": "aihub-lite", "version": version, "description": "An AI gateway."},
        "servers": [{"url": root}],
        "security": [{"bearer": []}, {"key": []}],
        "paths": {operation.path: {operation.method: _openapi_of(operation)} for operation in operations().values()},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
            "schemas": {"Error": _error_schema()},
        },
    }


def _openapi_of(operation: Operation) -> Json:
    name = operation.path.removeprefix("/v1/").replace("/", "_").replace("-", "_")
    described: Json = {
        "operationId": name,
        "summary": operation.text["en"],
        "responses": {"200": _answer_of(operation), **{status: _refusal(text) for status, text in ERRORS.items()}},
    }
    if operation.fields:
        media = "application/json"
        if operation.form:
            media = "multipart/form-data"
        described["requestBody"] = {"required": True, "content": {media: {"schema": _schema_of(operation)}}}
    return described


def _answer_of(operation: Operation) -> Json:
    content: Json = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
    if operation.binary:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": operation.stream}}
    return {"description": "The answer, as the documentation of OpenAI or Anthropic has it.", "content": content}


def _refusal(text: str) -> Json:
    return {
        "description": text,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _schema_of(operation: Operation) -> Json:
    return {
        "type": "object",
        "required": [field.name for field in operation.fields if field.required],
        "properties": {field.name: _property_of(field) for field in operation.fields},
        "additionalProperties": True,
    }


def _property_of(field: Field) -> Json:
    if field.type == "file":
        return {"type": "string", "contentMediaType": "application/octet-stream", "description": field.text["en"]}
    types = field.type.split(" or ")
    described: Json = {"type": types, "description": field.text["en"]}
    if len(types) == 1:
        described["type"] = types[0]
    if "array" in types:
        described["items"] = {}
    if field.least is not None:
        described["minimum"] = field.least
    if field.most is not None:
        described["maximum"] = field.most
    return described


def _error_schema() -> Json:
    fields = {
        "code": {"type": ["string", "integer", "null"]},
        "message": {"type": "string"},
        "type": {"type": "string"},
        "param": {"type": ["string", "null"]},
    }
    error = {"type": "object", "required": [*fields], "properties": fields}
    return {"type": "object", "required": ["error"], "properties": {"error": error}}
