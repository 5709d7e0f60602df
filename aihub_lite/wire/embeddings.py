"""Embeddings: of texts or of tokens, as lists of numbers or in base64."""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode

import msgspec

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.passed_answer import PassedAnswer, rewritten, tokens_reported
from aihub_lite.wire.raw_answer import RawObject, items_in, opened, raw

BASE64, FLOAT = "base64", "float"
_vector = msgspec.json.Decoder(list[float]).decode
_text = msgspec.json.Decoder(str).decode
_item = msgspec.json.Decoder(RawObject).decode


def parse_embeddings(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    model, given = model_in(content), content.get("input")
    if not isinstance(given, str | list) or not given:
        raise InvalidRequest(wrong(content, "input", "a text, a list of texts, or tokens"))
    wants = BASE64 if content.get("encoding_format") == BASE64 else FLOAT
    return Asked(content=content, model=model, prompt_estimate=tokens_of(given), wants=wants)


def embeddings_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """Vectors in the form that was asked for, whichever the upstream gave; raises AnswerNonsense."""
    fields = opened(data, "data")
    usage, own = tokens_reported(fields), asked.usage()
    changes: dict[str, object] = {"model": asked.model}
    if (vectors := _in_form(fields, asked.wants)) is not None:
        changes["data"] = vectors
    if usage is None:
        changes["usage"] = {"prompt_tokens": own.prompt_tokens, "total_tokens": own.prompt_tokens}
    return PassedAnswer(rewritten(fields, **changes), usage, own)


def _in_form(fields: RawObject, wanted: str) -> list[msgspec.Raw] | None:
    """All vectors in another form; None where they are right already. Some upstreams know only lists."""
    items = items_in(fields, "data")
    if not any(_form_of(item) not in (wanted, "") for item in items):
        return None
    try:
        return [_turned(item, wanted) for item in items]
    except (ValueError, TypeError, OverflowError) as error:
        raise AnswerNonsense("The upstream's embeddings are neither numbers nor base64.") from error


def _form_of(item: msgspec.Raw) -> str:
    vector = _vector_in(item)
    return "" if vector is None else BASE64 if vector.startswith(b'"') else FLOAT


def _vector_in(item: msgspec.Raw) -> bytes | None:
    try:
        vector = _item(item).get("embedding")
    except (ValueError, RecursionError):
        return None
    return None if vector is None else bytes(vector)


def _turned(item: msgspec.Raw, wanted: str) -> msgspec.Raw:
    vector = _vector_in(item)
    if vector is None or _form_of(item) == wanted:
        return item
    turned: object = in_base64(_vector(vector)) if wanted == BASE64 else from_base64(_text(vector))
    return msgspec.Raw(encode({**_item(item), "embedding": raw(turned)}))


def in_base64(vector: list[float]) -> str:
    """Little-endian 32-bit floats."""
    return b64encode(_little(array("f", vector)).tobytes()).decode()


def from_base64(text: str) -> list[float]:
    """The numbers in base64; raises ValueError."""
    numbers = array("f")
    numbers.frombytes(b64decode(text, validate=True))
    return _little(numbers).tolist()


def _little(numbers: array[float]) -> array[float]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
