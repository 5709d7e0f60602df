"""Upstreams that send numbers for lists and lists for words: no reason to fail, or to forget the money."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.wire.responses.stream import NativeStream
from tests.served.responses import text_of
from tests.wire.responses.exchanges import new_request, response_of, stream_of

ODD: list[Any] = [1, True, 1.5, "a", {"a": 1}]


@pytest.mark.parametrize("odd", ODD)
def test_sources_that_are_no_list_end_no_stream(odd: Any) -> None:
    assert "hi" == text_of(stream_of(new_request(), {"content": "hi", "annotations": odd}).response)


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_list_breaks_no_whole_answer(odd: Any) -> None:
    answer = response_of(new_request(), {"content": "hi", "annotations": odd, "reasoning_details": odd})
    assert "hi" == text_of(answer)


@pytest.mark.parametrize("odd", ODD[:-1])
def test_a_custom_that_is_no_object_leaves_a_function_call(odd: Any) -> None:
    function = {"name": "f", "arguments": "{}"}
    call = {"id": "call_1", "type": "function", "function": function, "custom": odd}
    (item,) = response_of(new_request(), {"content": None, "tool_calls": [call]}, "tool_calls")["output"]
    assert ("function_call", "f", "{}") == (item["type"], item["name"], item["arguments"])


@pytest.mark.parametrize("odd", [[], {}])
def test_an_item_without_a_proper_type_ends_no_native_stream(odd: Any) -> None:
    stream = NativeStream(new_request())
    stream.push(msgspec.json.encode({"type": "response.output_item.added", "output_index": 0, "item": {"type": odd}}))
    assert stream.begun
