"""Usage as upstreams report it, sane or not (T-48)."""

from __future__ import annotations

import pytest

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


def test_what_is_sent_is_read_back_the_same() -> None:
    usage = Usage(9, 8, 4, 2, 5)

    assert usage == usage_of(usage_json(usage))
