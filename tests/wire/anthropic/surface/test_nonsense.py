"""Upstreams whose types are no words and whose numbers are no numbers: no reason to fail, or to forget the money."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.surface.answer import thinking_in
from aihub_lite.wire.anthropic.surface.stream import NativeStream

NONSENSE: list[Any] = [[], {}, [[]], {"a": 1}]


@pytest.mark.parametrize("odd", NONSENSE)
def test_a_native_stream_goes_on_after_a_block_without_a_proper_type_or_number(odd: Any) -> None:
    stream = NativeStream("m")
    events = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": odd}},
        {"type": "content_block_start", "index": odd, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": odd, "delta": {"type": odd, "thinking": "a"}},
        {"type": "content_block_stop", "index": odd},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    ]
    written = [stream.push(msgspec.json.encode(event)) for event in events]
    assert (True, Usage(3, 5), [1] * 6) == (stream.complete, stream.usage, [len(each) for each in written])


@pytest.mark.parametrize("odd", NONSENSE)
def test_thinking_is_found_beside_a_block_without_a_proper_type(odd: Any) -> None:
    thought = {"type": "thinking", "thinking": "a", "signature": "s"}
    assert [thought] == thinking_in(msgspec.json.encode({"content": [{"type": odd}, thought]}))
