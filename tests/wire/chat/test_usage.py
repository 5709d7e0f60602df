"""Usage as upstreams report it, sane or not (T-48)."""

from __future__ import annotations

import pytest

from aihub_lite.domain.modal import MODAL, Modal
from aihub_lite.domain.usage import MAX_TOKENS, Usage
from aihub_lite.wire.chat_usage import usage_json, usage_of


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4), id="plain"),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 8,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(9, 8, 4, 2, 5),
            id="OpenAI, OpenRouter",
        ),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3},
            Usage(9, 1, 6),
            id="DeepSeek",
        ),
        pytest.param({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 6}, Usage(9, 1, 6), id="Moonshot"),
        pytest.param({"input_tokens": 9, "output_tokens": 1}, Usage(9, 1), id="names of Responses"),
        pytest.param({"prompt_tokens": 9, "total_tokens": 12}, Usage(9, 3), id="no completion"),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "prompt_tokens_details": None,
                "completion_tokens_details": [],
            },
            Usage(9, 1),
            id="null details",
        ),
        pytest.param({"prompt_tokens": 5.0, "completion_tokens": 2.9}, Usage(5, 2), id="floats"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 1}, Usage(MAX_TOKENS, 1), id="huge"),
        pytest.param({"prompt_tokens": 5, "completion_tokens": -3}, Usage(5, 0), id="one negative"),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 50}},
            Usage(5, 1, 5),
            id="more cached than read",
        ),
        pytest.param(
            {
                "prompt_tokens": 81,
                "completion_tokens": 72,
                "prompt_tokens_details": {"audio_tokens": 69, "cached_tokens": 0, "image_tokens": 0, "text_tokens": 12},
                "completion_tokens_details": {"audio_tokens": 60, "text_tokens": 12},
            },
            Usage(81, 72, modal=Modal(audio_input=69, audio_output=60)),
            id="sound, from Azure",
        ),
        pytest.param(
            {
                "prompt_tokens": 90,
                "completion_tokens": 1300,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 20, "video_tokens": 60},
                "completion_tokens_details": {"reasoning_tokens": 5, "image_tokens": 1290},
            },
            Usage(90, 1300, 0, 0, 5, modal=Modal(audio_input=20, video_input=60, image_output=1290)),
            id="film and picture, from OpenRouter",
        ),
        pytest.param(
            {"input_tokens": 60, "output_tokens": 9, "input_token_details": {"audio_tokens": 50, "text_tokens": 10}},
            Usage(60, 9, modal=Modal(audio_input=50)),
            id="a transcription",
        ),
        pytest.param(
            {
                "input_tokens": 310,
                "output_tokens": 4170,
                "input_tokens_details": {"image_tokens": 300, "text_tokens": 10},
                "output_tokens_details": {"image_tokens": 4160, "text_tokens": 10},
            },
            Usage(310, 4170, modal=Modal(image_input=300, image_output=4160)),
            id="an image",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 9,
                "input_token_details": {
                    "cached_tokens": 64,
                    "audio_tokens": 90,
                    "cached_tokens_details": {"audio_tokens": 60, "text_tokens": 4},
                },
            },
            Usage(100, 9, 64, modal=Modal(audio_input=90, audio_cache_read=60)),
            id="cached sound",
        ),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"audio_tokens": 50}},
            Usage(5, 1, modal=Modal(audio_input=5)),
            id="more sound than prompt",
        ),
        pytest.param(
            {
                "prompt_tokens": 5,
                "completion_tokens": 1,
                "prompt_tokens_details": {"audio_tokens": "4", "image_tokens": -3, "cached_tokens_details": [7]},
                "completion_tokens_details": {"audio_tokens": True},
            },
            Usage(5, 1),
            id="nonsense instead of sound",
        ),
    ],
)
def test_every_shape_of_usage_is_understood(usage: object, expected: Usage) -> None:
    assert expected == usage_of(usage)


@pytest.mark.parametrize(
    "usage",
    [
        *(None, {}, [], "12", 5, {"prompt_tokens": "5", "completion_tokens": "6"}, {"total_tokens": 5}),
        *({"prompt_tokens": -1, "completion_tokens": -1}, {"prompt_tokens": True}, {"prompt_tokens": None}),
    ],
)
def test_usage_that_says_nothing_is_left_to_the_estimate(usage: object) -> None:
    assert usage_of(usage) is None


def test_clients_get_three_counts_that_add_up() -> None:
    assert {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    } == usage_json(Usage(9, 8, 4, 0, 5))


def test_clients_get_sound_and_pictures_told_apart() -> None:
    modal = Modal(audio_input=6, audio_cache_read=3, image_output=2)
    told = usage_json(Usage(9, 8, 4, 0, 5, modal=modal))
    assert {
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 6, "cached_tokens_details": {"audio_tokens": 3}},
        "completion_tokens_details": {"reasoning_tokens": 5, "image_tokens": 2},
    } == {name: told[name] for name in ("prompt_tokens_details", "completion_tokens_details")}


@pytest.mark.parametrize("modal", [None, Modal(**dict.fromkeys(MODAL, 1)), Modal(video_output=1)], ids=str)
def test_what_is_sent_is_read_back_the_same(modal: Modal | None) -> None:
    usage = Usage(10, 8, 4, 2, 5, modal=modal)

    assert usage == usage_of(usage_json(usage))
