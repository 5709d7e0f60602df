"""Upstreams that send numbers for lists and lists for words: no reason to fail, or to forget the money."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.wire.responses_stream import NativeStream
from tests.responses import text_of
from tests.wire.responses.told import answered, asked, told

ODD: list[Any] = [1, True, 1.5, "a", {"a": 1}]


@pytest.mark.parametrize("odd", ODD)
def test_a_number_of_sources_ends_a_stream(odd: Any) -> None:
    assert "hi" == text_of(told(asked(), {"content": "hi", "annotations": odd}).response)


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_list_breaks_a_whole_answer(odd: Any) -> None:
    answer = answered(asked(), {"content": "hi", "annotations": odd, "reasoning_details": odd})
    assert "hi" == text_of(answer)


@pytest.mark.parametrize("odd", ODD[:-1])
def test_an_input_that_is_no_object_breaks_a_whole_answer(odd: Any) -> None:
    function = {"name": "f", "arguments": "{}"}
    call = {"id": "call_1", "type": "function", "function": function, "custom": odd}
    (item,) = answered(asked(), {"content": None, "tool_calls": [call]}, "tool_calls")["output"]
    assert ("function_call", "f", "{}") == (item["type"], item["name"], item["arguments"])


@pytest.mark.parametrize("odd", [[], {}])
def test_an_item_without_a_proper_type_ends_a_native_stream(odd: Any) -> None:
    stream = NativeStream(asked())
    stream.push(msgspec.json.encode({"type": "response.output_item.added", "output_index": 0, "item": {"type": odd}}))
    assert stream.begun
