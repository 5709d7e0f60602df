"""The checker of request types must see what is wrong, or everything would pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.upstream.claude import nulls, sdk_problems

GOOD: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}


def test_a_plain_request_has_no_problems() -> None:
    assert [] == sdk_problems(GOOD)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"max_tokens": None}, "body.max_tokens"),
        ({"logit_bias": {}}, "body.logit_bias"),
        ({"messages": [{"role": "user"}]}, "body.messages[0].content"),
        ({"messages": [{"role": "user", "content": "x", "name": "y"}]}, "body.messages[0].name"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "body.messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "audio"}]}]}, "body.messages[0].content[0]"),
        ({"tools": [{"name": "x"}]}, "body.tools[0].input_schema"),
        ({"tool_choice": {"type": "required"}}, "body.tool_choice"),
        ({"stream": "yes"}, "body.stream"),
        ({"stop_sequences": "x"}, "body.stop_sequences"),
    ],
)
def test_a_field_that_the_sdk_does_not_have_so_is_named(change: dict[str, Any], place: str) -> None:
    assert any(problem.startswith(place) for problem in sdk_problems(GOOD | change)), sdk_problems(GOOD | change)


def test_a_missing_field_is_named() -> None:
    assert ["body.max_tokens: missing in MessageCreateParamsNonStreaming"] == sdk_problems(
        {name: value for name, value in GOOD.items() if name != "max_tokens"}
    )


def test_nulls_are_found_but_for_those_in_the_clients_own_json() -> None:
    assert ["body.a[0].b"] == list(nulls({"a": [{"b": None, "input": {"c": None}}]}))
