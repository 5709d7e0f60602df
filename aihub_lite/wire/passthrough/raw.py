"""A whole JSON answer that is passed on: looked into where that is needed, and never decoded as a whole.

A thousand embeddings are megabytes of numbers, which would be ten times as much in Python's own.
"""

from __future__ import annotations

from typing import Any

import msgspec

from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode

RawObject = dict[str, msgspec.Raw]
NULL = b"null"
CONTENT = (b"[", b'"')
"""How a list begins, or a text: nothing else is content."""
ERROR_WORDS = frozenset({"message", "detail", "errors"})
_open = msgspec.json.Decoder(RawObject).decode


def opened(data: bytes, *content: str) -> RawObject:
    """The fields of an answer that has at least one of those that hold its content, and no `error`.

    Raises AnswerNonsense for everything else: HTML, nothing, an error object in a 200.
    """
    fields = _fields(data)
    begins = {name: bytes(memoryview(value)[: len(NULL)]) for name, value in fields.items()}
    said = {name for name, begin in begins.items() if begin != NULL}
    has_content = any(begins[name].startswith(CONTENT) for name in said.intersection(content))
    if "error" in said or (not has_content and said & ERROR_WORDS):
        whole = decode(data)
        foreign = error_in(status_in(whole, 502), whole)
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
        value = decode(data)  # broken in a way that can be mended, or it raises
    if not isinstance(value, dict):
        raise AnswerNonsense("The upstream's answer is not a JSON object.")
    return _open(encode(value))


def looked_into(fields: RawObject, name: str) -> Any:
    """The value of one field, None when it is not there."""
    value = fields.get(name)
    return None if value is None else decode(bytes(value))


def items_in(fields: RawObject, name: str) -> list[msgspec.Raw]:
    """The items of a list, as they are; none where there is no list."""
    try:
        return msgspec.json.decode(fields.get(name, msgspec.Raw(b"[]")), type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return []


def raw(value: object) -> msgspec.Raw:
    """A value to put into an answer."""
    return msgspec.Raw(encode(value))
