"""JSON that others wrote, in its two kinds.

What an upstream answers is mended where strict JSON forbids it, since the client would otherwise get nothing: `decode`.
What a model or a client wrote inside a string, arguments of a call above all, is a JSON object that can be written
again or is left a string: `object_in`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import msgspec

from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.json_types import JsonObject

MAX_DEPTH = 64
"""Levels of nesting. No request that a model could use is deeper, and encoders give up not far beyond."""
MAX_VALUES = 200_000
"""Values that a request may hold: a token's body of 31 MB of tiny ones held everybody up for seconds."""
STEP = 64 * 1024
"""Bytes that are looked at at a time."""
ANSWER = "The upstream's answer"
EVENT = "An event of the upstream's stream"

OPENINGS = (b",", b"[", b"{")
"""What stands before a value."""
NESTED = frozenset({dict, list})
"""Types of decoded values that hold others."""

encode = msgspec.json.Encoder().encode
decode_strict = msgspec.json.Decoder().decode


def decode(data: bytes) -> Any:
    """An upstream's JSON; raises AnswerNonsense. What strict JSON forbids but upstreams send is mended, not refused."""
    try:
        return decode_strict(data)
    except (ValueError, RecursionError):
        return _mended(data)


def answer_object(data: bytes) -> JsonObject:
    """An upstream's whole answer, which has to be a JSON object; raises AnswerNonsense."""
    answer = None
    if data.strip():
        answer = decode(data)
    return checked_object(answer, ANSWER)


def event_object(payload: bytes) -> JsonObject:
    """The same of an event of its stream."""
    return checked_object(decode(payload), EVENT)


def checked_object(value: object, what: str) -> JsonObject:
    """Decoded JSON that has to be an object; raises AnswerNonsense, which says of `what` that it is none."""
    if isinstance(value, dict):  # looking for any Mapping costs ten times as much
        return value
    raise AnswerNonsense(f"{what} is not a JSON object.")


def _mended(data: bytes) -> Any:
    """Halves of surrogate pairs (an emoji cut in two), NaN in logprobs, broken UTF-8, a byte order mark."""
    try:
        value = json.loads(data.decode("utf-8-sig", "replace"), parse_constant=lambda _: None)
        text = json.dumps(value, ensure_ascii=False)
        return decode_strict(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    except (ValueError, RecursionError):
        raise AnswerNonsense("The upstream's answer is not JSON.") from None


def object_in(text: str) -> JsonObject | None:
    """The JSON object that a string holds; None for everything else, and for one that could not be written again."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = decode_strict(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or deeper_than(MAX_DEPTH, value):
        return None
    return value


def more_values_than(limit: int, text: bytes | bytearray) -> bool:
    """Whether JSON text holds more than `limit` values, found before they are made; an empty list or object is two.

    Each value stands behind a comma or an opening bracket. Only where all of those are too many is it looked at which
    of them stand in strings. No step takes long, and none is taken behind the first value too many.
    """
    if len(text) < limit or _openings(text, 0, len(text), limit) < limit:
        return False
    if b"\\" in text:
        text = _without_escaped_quotes(text)
    values = 1
    start = 0
    while values <= limit:
        begin = text.find(b'"', start)
        if begin < 0:
            return values + _openings(text, start, len(text), limit) > limit
        values += _openings(text, start, begin, limit)
        start = text.find(b'"', begin + 1) + 1
        if not start:
            return False  # it is no JSON: whoever decodes it will say so
    return True


def _without_escaped_quotes(text: bytes | bytearray) -> bytes:
    """The text with quotes at both ends of each string and nowhere else, made in steps that end behind an escape."""
    pieces: list[bytes] = []
    start = 0
    while start < len(text):
        piece = bytes(text[start : start + STEP])
        backslashes = len(piece) - len(piece.rstrip(b"\\"))
        if backslashes % 2:
            piece = bytes(text[start : start + STEP + 1])
        pieces.append(piece.replace(b"\\\\", b"").replace(b'\\"', b""))
        start += len(piece)
    return b"".join(pieces)


def _openings(text: bytes | bytearray, start: int, end: int, limit: int) -> int:
    """How many commas and opening brackets there are; no more than a few thousand beyond the limit are counted."""
    found = 0
    for begin in range(start, end, STEP):
        stop = min(begin + STEP, end)
        for opening in OPENINGS:
            # Base64 has none of them, and to look for the first takes a tenth of the time that counting takes.
            first = text.find(opening, begin, stop)
            if first >= 0:
                found += text.count(opening, first, stop)
        if found > limit:
            break
    return found


def deeper_than(limit: int, value: Any) -> bool:
    """Whether decoded JSON is nested beyond `limit` levels.

    Types are compared, of which a decoder makes no others: with `isinstance`, and a call for each value, a coding
    tool's requests took thrice the time.
    """
    level = [value]
    if type(value) not in NESTED:
        level = []
    for _ in range(limit):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in NESTED
        ]
    return bool(level)


def values_in(value: object) -> Collection[object]:
    """What an object or a list holds; nothing for other values."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list):
        return value
    return ()
