"""Token estimates: never fail, never count base64 as text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.modality import Modal
from aihub_lite.wire.chat.request import parse_chat
from aihub_lite.wire.estimate import (
    AUDIO_TOKENS,
    FILE_TOKENS,
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    modal_estimate,
    prompt_estimate,
    tokens_in,
)
from tests.support.examples import examples
from tests.support.replay import requires_vectors, vectors

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "tool_calls", "thinking"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def estimate(*content: object) -> int:
    return prompt_estimate({"messages": [{"role": "user", "content": message} for message in content]})


def test_text_costs_a_token_for_every_four_bytes() -> None:
    assert MESSAGE_TOKENS + 100 == estimate("a" * 400)


def test_text_of_any_script_is_counted_in_bytes() -> None:
    assert tokens_in("中" * 8) == tokens_in(24)


def test_a_megabyte_of_base64_costs_no_more_than_an_image() -> None:
    url = {"url": "data:image/png;base64," + "A" * 1_000_000}

    assert MESSAGE_TOKENS + IMAGE_TOKENS + 1 == estimate(
        [{"type": "text", "text": "what"}, {"type": "image_url", "image_url": url}]
    )


@pytest.mark.parametrize("images", [[{"type": "image_url"}, {}], [{}, {}, 5]])
def test_images_that_a_model_drew_cost_what_images_of_users_do(images: Any) -> None:
    """They go back to the model with every later turn, and the hold left them out."""
    message = {"role": "assistant", "content": None, "images": images}
    assert MESSAGE_TOKENS + 2 * IMAGE_TOKENS == prompt_estimate({"messages": [message]})
    assert 2 * IMAGE_TOKENS == modal_estimate({"messages": [message]}, 0).image_input


@pytest.mark.parametrize("images", [5, "x", {}, None])
def test_what_is_no_list_of_images_costs_nothing(images: Any) -> None:
    assert MESSAGE_TOKENS == prompt_estimate({"messages": [{"role": "assistant", "images": images}]})


def test_a_file_in_base64_costs_a_flat_figure() -> None:
    part = {"type": "file", "file": {"file_data": "A" * 1_000_000}}

    assert MESSAGE_TOKENS + FILE_TOKENS == estimate([part])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text", Modal()),
        ([{"type": "text", "text": "what"}, {"type": "file"}], Modal()),
        (
            [{"type": "input_audio"}] * 2 + [{"type": "image_url"}],
            Modal(audio_input=2 * AUDIO_TOKENS, image_input=IMAGE_TOKENS),
        ),
        ([{"type": "video_url"}], Modal(video_input=FILE_TOKENS)),
        ([{"type": "tool_result", "content": [{"type": "image"}, "x"]}], Modal(image_input=IMAGE_TOKENS)),
        ([{"type": ["input_audio"]}, 5, None], Modal()),
    ],
    ids=str,
)
def test_sound_and_pictures_in_a_prompt_are_counted_apart_from_text(content: object, expected: Modal) -> None:
    body = {"messages": [{"role": "user", "content": content}, "x"], "modalities": ["text"]}
    assert expected == modal_estimate(body, 50)


@pytest.mark.parametrize(
    ("modalities", "expected"),
    [
        ({"modalities": ["text"]}, Modal()),
        ({"modalities": ["text", "audio"]}, Modal(audio_output=50)),
        ({"modalities": ["text", "image"]}, Modal(image_output=50)),
        ({"modalities": [["audio"], 5]}, Modal()),
        ({"modalities": None}, Modal(image_output=50)),
        ({}, Modal(image_output=50)),
    ],
    ids=str,
)
def test_an_answer_counts_as_the_dearest_that_it_may_be(modalities: dict[str, Any], expected: Modal) -> None:
    assert expected == modal_estimate(modalities, 50)


def test_tools_and_calls_are_part_of_the_prompt() -> None:
    call = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "x" * 400}}]}
    tools = [{"type": "function", "function": {"name": "f", "description": "y" * 400}}]

    assert prompt_estimate({"messages": [call], "tools": tools}) > 200


@settings(max_examples=examples(50), deadline=None)
@given(st.fixed_dictionaries({"messages": JSON, "tools": JSON}))
def test_no_shape_of_a_request_breaks_the_estimate(body: dict[str, Any]) -> None:
    assert prompt_estimate(body) >= 0


@requires_vectors
def test_the_estimate_of_recorded_prompts_is_within_a_factor_of_two_in_sum() -> None:
    estimated, true = 0, 0
    for vector in vectors("chat", streamed=False, status=200):
        usage = msgspec.json.decode(vector.body).get("usage") or {}
        if (vector.request or {}).get("messages") and usage.get("prompt_tokens"):
            estimated += parse_chat(msgspec.json.encode(vector.request)).prompt_estimate
            true += usage["prompt_tokens"]

    assert 0.5 < estimated / true < 2


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_a_started_token_counts_whole(size: int, tokens: int) -> None:
    assert tokens == tokens_in(size)
