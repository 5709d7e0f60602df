"""The API as it is described in `reference.toml`, and as OpenAPI 3.1 for programs; `tables` has it for people."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import attrs

from aihub_lite.web.docs.errors import refusals_of
from aihub_lite.web.views import Json

FILE = Path(__file__).parent / "reference.toml"
OPENAPI = "3.1.0"
LANGUAGES_TOLD = ("en", "zh")


@attrs.frozen(kw_only=True)
class Field:
    """One field of a request or an answer. `text` is by language; `least` and `most` bound numbers.

    What lies within an object or a list has a name like `usage.total_tokens` or `data[].index`.
    """

    name: str
    type: str
    text: dict[str, str]
    required: bool = False
    default: str = ""
    least: float | None = None
    most: float | None = None


@attrs.frozen(kw_only=True)
class StreamedEvent:
    """One kind of event of a stream, by its `type` or `object`."""

    name: str
    text: dict[str, str]


@attrs.frozen(kw_only=True)
class Operation:
    """One path and method. `stream` says what its events are, and is empty where it has none."""

    path: str
    method: str
    page: str
    surface: str
    """What the code calls an endpoint that is passed on; empty for all others."""
    text: dict[str, str]
    stream: str
    form: bool
    binary: bool
    """Whether the answer is a file."""
    fields: tuple[Field, ...]
    answer: tuple[Field, ...]
    events: tuple[StreamedEvent, ...]


@cache
def operations() -> dict[str, Operation]:
    """Every operation by its path, in the order of the file."""
    rows = tomllib.loads(FILE.read_text("utf-8"))["endpoint"]
    return {row["path"]: _operation(row) for row in rows}


def _operation(row: Json) -> Operation:
    events = tuple(StreamedEvent(name=event["name"], text=_text(event)) for event in row.get("events", ()))
    return Operation(
        path=row["path"],
        method=row["method"],
        page=row["page"],
        surface=row.get("surface", ""),
        text=_text(row),
        stream=row.get("stream", ", then ".join(event.name for event in events)),
        form=row.get("form", False),
        binary=row.get("binary", False),
        fields=tuple(map(_field, row["fields"])),
        answer=tuple(map(_field, row.get("answer", ()))),
        events=events,
    )


def _field(row: Json) -> Field:
    return Field(**{name: value for name, value in row.items() if name not in LANGUAGES_TOLD}, text=_text(row))


def _text(row: Json) -> dict[str, str]:
    return {language: row[language] for language in LANGUAGES_TOLD}


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
    refusals = {status: _refusal(text) for status, text in refusals_of(operation.path).items()}
    described: Json = {
        "operationId": name,
        "summary": operation.text["en"],
        "responses": {"200": _answer_of(operation), **refusals},
    }
    if operation.fields:
        media = "application/json"
        if operation.form:
            media = "multipart/form-data"
        schema = schema_of(operation.fields)
        schema["required"] = [field.name for field in operation.fields if field.required]
        described["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    return described


def _answer_of(operation: Operation) -> Json:
    content: Json = {"application/json": {"schema": schema_of(operation.answer)}}
    if operation.binary:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if operation.stream:
        content["text/event-stream"] = {"schema": {"type": "string", "description": operation.stream}}
    described = "The answer, as the documentation of OpenAI or Anthropic has it."
    if operation.method == "get":
        described = operation.text["en"]
    return {"description": described, "content": content}


def _refusal(text: str) -> Json:
    return {
        "description": text,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def schema_of(fields: Iterable[Field]) -> Json:
    """An object with these fields, each within those that its name says; there may be others beside them."""
    schema: Json = {"type": "object", "additionalProperties": True}
    for field in fields:
        *above, name = field.name.split(".")
        owner = schema
        for part in above:
            owner = owner["properties"][part.removesuffix("[]")]
            if part.endswith("[]"):
                owner = owner["items"]
            owner.setdefault("type", "object")
        owner.setdefault("properties", {})[name] = _property_of(field)
    return schema


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
