"""Embeddings: of texts or of tokens, as lists of numbers or in base64."""

from __future__ import annotations

import re
import sys
from array import array
from base64 import b64decode, b64encode

import attrs
import msgspec

from aihub_lite.domain.usage import believable
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.passthrough.answer import PassedAnswer, reported_usage, with_changes
from aihub_lite.wire.passthrough.raw import RawObject, fields_of, items_in, raw
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest

BASE64 = "base64"
FLOAT = "float"
OWN_FORMAT = ""
"""The client asks for a form that only its upstream knows (Perplexity's `base64_int8`)."""
REFUSED_FORM = re.compile(r"base64|encoding_format", re.IGNORECASE)
"""How an upstream says that it has vectors in numbers only; each in words of its own."""
LEAST, MOST = 1e-20, 1e20
"""Between these lie all numbers of a vector but 0. Bytes that are no 32-bit floats, read as some, soon leave them:
Perplexity's 8-bit integers, which it sends in base64 unless it is told otherwise, are 1e-37 or 1e34."""
_vector = msgspec.json.Decoder(list[float]).decode
_text = msgspec.json.Decoder(str).decode
_item = msgspec.json.Decoder(RawObject).decode


def parse_embeddings(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request for embeddings; raises InvalidRequest."""
    model = model_in(content)
    prompt = content.get("input")
    if not isinstance(prompt, str | list) or not prompt:
        raise InvalidRequest(wrong(content, "input", "a text, a list of texts, or tokens"))
    answer_format = content.get("encoding_format") or FLOAT
    if answer_format not in (BASE64, FLOAT):
        answer_format = OWN_FORMAT
    return PostedRequest(content=content, model=model, prompt_estimate=tokens_of(prompt), answer_format=answer_format)


def in_numbers(request: PostedRequest[JsonObject]) -> PostedRequest[JsonObject]:
    """The same, without asking for another form than every upstream's own; its answer is converted all the same."""
    content = {name: value for name, value in request.content.items() if name != "encoding_format"}
    return attrs.evolve(request, content=content)


def embeddings_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """Vectors in the format that was asked for, whichever the upstream gave; raises AnswerNonsense."""
    fields = fields_of(data, "data")
    usage = reported_usage(fields)
    own = request.usage()
    changes: dict[str, object] = {"model": request.model}
    if (items := _converted_items(fields, request.answer_format)) is not None:
        changes["data"] = items
    billed = believable(usage, own)
    if billed is not usage:
        changes["usage"] = {"prompt_tokens": billed.prompt_tokens, "total_tokens": billed.prompt_tokens}
    return PassedAnswer(with_changes(fields, **changes), usage, own)


def _converted_items(fields: RawObject, wanted: str) -> list[msgspec.Raw] | None:
    """All items with vectors in the wanted format; None where they are right already. Some upstreams know only lists.

    Megabytes of right vectors are passed on as they are: that is what most answers hold.
    """
    items = items_in(fields, "data")
    if wanted == OWN_FORMAT or all(_format_of(_vector_in(item)) in (wanted, "") for item in items):
        return None
    try:
        return [_converted(item, wanted) for item in items]
    except _NoFloats:
        return None
    except (ValueError, TypeError, OverflowError) as error:
        raise AnswerNonsense("The upstream's embeddings are neither numbers nor base64.") from error


class _NoFloats(Exception):
    """Base64 of something else, which is for the client to read: nothing here says what it is."""


def _format_of(vector: bytes | None) -> str:
    """Empty where there is no vector."""
    if vector is None:
        return ""
    if vector.startswith(b'"'):
        return BASE64
    return FLOAT


def _vector_in(item: msgspec.Raw) -> bytes | None:
    """Not decoded; None where the item has none, or is no object."""
    try:
        vector = _item(item).get("embedding")
    except (ValueError, RecursionError):
        return None
    if vector is None:
        return None
    return bytes(vector)


def _converted(item: msgspec.Raw, wanted: str) -> msgspec.Raw:
    vector = _vector_in(item)
    if vector is None or _format_of(vector) == wanted:
        return item
    if wanted == BASE64:
        return _with_vector(item, in_base64(_vector(vector)))
    return _with_vector(item, from_base64(_text(vector)))


def _with_vector(item: msgspec.Raw, vector: object) -> msgspec.Raw:
    return msgspec.Raw(encode({**_item(item), "embedding": raw(vector)}))


def in_base64(vector: list[float]) -> str:
    """The numbers as 32-bit floats in base64, the lowest byte first."""
    return b64encode(_little(array("f", vector)).tobytes()).decode()


def from_base64(text: str) -> list[float]:
    """The numbers in base64; raises ValueError for what is no base64, and _NoFloats."""
    data = b64decode(text, validate=True)
    numbers = array("f")
    if len(data) % numbers.itemsize:
        raise _NoFloats
    numbers.frombytes(data)
    vector = _little(numbers).tolist()
    if not all(number == 0 or LEAST < abs(number) < MOST for number in vector):
        raise _NoFloats
    return vector


def _little(numbers: array[float]) -> array[float]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
