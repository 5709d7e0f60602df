"""A channel's parameters in a body, and what they add to a prompt."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.domain.overrides import Overrides, param_of
from aihub_lite.wire.overrides import added_tokens, edits_of


def edited(
    body: dict[str, Any],
    *,
    default: tuple[str, ...] = (),
    put: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
    endpoint: str = "chat",
    assumed: tuple[str, ...] = (),
) -> dict[str, Any]:
    overrides = Overrides(
        default_params=tuple(param_of(text, "default_params") for text in default),
        set_params=tuple(param_of(text, "set_params") for text in put),
        drop_params=drop,
    )
    edits_of(overrides, endpoint).apply(body, assumed)
    return body


def test_a_field_is_set_whatever_the_client_says() -> None:
    assert {"a": 1, "b": {"c": [2]}} == edited({"a": 5, "b": 3}, put=("a=1", "b.c=[2]"))


def test_a_default_is_for_clients_that_say_nothing() -> None:
    assert {"a": 5, "b": 2, "c": False} == edited({"a": 5, "b": None, "c": False}, default=("a=1", "b=2", "c=true"))


def test_a_default_comes_before_what_the_format_assumes() -> None:
    assert {"max_tokens": 9} == edited({"max_tokens": 4096}, default=("max_tokens=9",), assumed=("max_tokens",))


def test_a_default_inside_of_what_is_no_object_changes_nothing() -> None:
    assert {"a": "text"} == edited({"a": "text"}, default=("a.b=1",))


def test_a_field_is_dropped_at_any_depth_and_may_be_absent() -> None:
    body = {"a": {"b": 1, "c": 2}, "d": "e"}
    assert {"a": {"c": 2}, "d": "e"} == edited(body, drop=("a.b", "a.x.y", "d.e", "z"))


def test_a_path_with_an_endpoint_is_for_its_bodies_alone() -> None:
    scoped = ("chat:a=1", "responses:b=2", "c=3")
    assert {"a": 1, "c": 3} == edited({}, put=scoped)
    assert {"b": 2, "c": 3} == edited({}, put=scoped, endpoint="responses")


@pytest.mark.parametrize("spelling", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("written", ["max_tokens", "max_completion_tokens"])
def test_the_most_tokens_are_set_by_the_spelling_that_the_upstream_takes(spelling: str, written: str) -> None:
    """Both in one body are a 400 at OpenAI."""
    assert {spelling: 7} == edited({spelling: 100}, put=(f"{written}=7",))
    assert {spelling: 100} == edited({spelling: 100}, default=(f"{written}=7",))


def test_stream_options_are_for_streams() -> None:
    """OpenAI refuses them elsewhere."""
    options = ('stream_options={"include_usage": true}',)
    assert {} == edited({}, put=options)
    assert {"stream": True, "stream_options": {"include_usage": True}} == edited({"stream": True}, put=options)


def test_a_value_that_was_put_in_is_nobody_elses() -> None:
    put = ("a={}", "a.b=1")
    assert [{"a": {"b": 1}}, {"a": {"b": 1}}] == [edited({}, put=put), edited({}, put=put)]
    assert {"a": {}} == edited({}, put=("a={}",))


def test_what_stands_before_a_prompt_is_counted_where_there_is_one() -> None:
    overrides = Overrides(system_prefix="x" * 40, set_params=(param_of('tools=["1234567"]', "set_params"),))
    assert (10 + 3, 0) == (added_tokens(overrides, "messages"), added_tokens(overrides, "embeddings"))
