"""JSON as upstreams really write it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from aihub_lite.wire.faults import AnswerNonsense

_decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


def decode(data: bytes) -> Any:
    """The value; raises AnswerNonsense. What strict JSON forbids but upstreams send is mended, not refused."""
    try:
        return _decode(data)
    except (ValueError, RecursionError):
        return _mended(data)


def _mended(data: bytes) -> Any:
    """Halves of surrogate pairs (an emoji cut in two), NaN in logprobs, broken UTF-8, a byte order mark."""
    try:
        value = json.loads(data.decode("utf-8-sig", "replace"), parse_constant=lambda _: None)
        text = json.dumps(value, ensure_ascii=False)
        return _decode(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    except (ValueError, RecursionError):
        raise AnswerNonsense("The upstream's answer is not JSON.") from None
