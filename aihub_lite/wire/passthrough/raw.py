"""A whole JSON answer that is passed on: looked into where that is needed, and never decoded as a whole.

A thousand embeddings are megabytes of numbers, which would be ten times as much in Python's own.
"""

from __future__ import annotations

from typing import Any

import msgspec

from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import answer_object, decode, encode
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.upstream_error import error_in, status_in

RawObject = dict[str, msgspec.Raw]
NULL = b"null"
CONTENT = (b"[", b'"')
"""How a list begins, or a text: nothing else is content."""
ERROR_WORDS = frozenset({"message", "detail", "errors"})
"""Fields that tell of an error where there is no content."""
_open = msgspec.json.Decoder(RawObject).decode


def fields_of(data: bytes, *content: str) -> RawObject:
    """The fields of an answer that has at least one of those that hold its content, and no `error`.

    Raises AnswerNonsense for everything else: HTML, nothing, an error object in a 200.
    """
    fields = _fields(data)
    # Only the first bytes of each are looked at: some are megabytes.
    heads = {name: bytes(memoryview(value)[: len(NULL)]) for name, value in fields.items()}
    present = {name for name, head in heads.items() if head != NULL}
    has_content = any(heads[name].startswith(CONTENT) for name in present.intersection(content))
    if "error" in present or (not has_content and present & ERROR_WORDS):
        answer = decode(data)
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not has_content:
        raise AnswerNonsense(f"The upstream's answer has no {content[0]}.")
    fields.pop("error", None)
    return fields


def _fields(data: bytes) -> RawObject:
    if not data.strip():
        raise AnswerNonsense("The upstream's answer is empty.")
    try:
        return _open(data)
    except (ValueError, RecursionError):
        value = answer_object(data)  # broken in a way that can be mended, or it raises
    return _open(encode(value))


def value_at(fields: RawObject, name: str) -> Any:
    """The value of one field, decoded; None when it is not there."""
    value = fields.get(name)
    if value is None:
        return None
    return decode(bytes(value))


def object_at(fields: RawObject, name: str) -> JsonObject:
    """The object in one field, decoded; an empty one where there is none."""
    value = value_at(fields, name)
    if isinstance(value, dict):
        return value
    return {}


def items_in(fields: RawObject, name: str) -> list[msgspec.Raw]:
    """The items of the list in one field, not decoded; none where there is no list."""
    try:
        return msgspec.json.decode(fields.get(name, msgspec.Raw(b"[]")), type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return []


def raw(value: object) -> msgspec.Raw:
    """A value to put into an answer."""
    return msgspec.Raw(encode(value))
