"""Usage of Anthropic's, as a stream of it tells it bit by bit."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.usage import merge, usage_of


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([{"input_tokens": 1000, "output_tokens": 1}, {"output_tokens": 5}], Usage(1000, 5), id="as told"),
        pytest.param(
            [{"input_tokens": 1000, "output_tokens": 1}, {"input_tokens": 0, "output_tokens": 5}],
            Usage(1000, 5),
            id="a prompt of 0 at the end",
        ),
        pytest.param(
            [{"input_tokens": 3, "cache_read_input_tokens": 900}, {"input_tokens": 0, "cache_read_input_tokens": 0}],
            Usage(903, 0, 900),
            id="a cached prompt of 0 at the end",
        ),
        pytest.param(
            [{"input_tokens": 1000}, {"input_tokens": 0, "cache_read_input_tokens": 1000, "output_tokens": 5}],
            Usage(1000, 5, 1000),
            id="all of it cached, as is known at the end",
        ),
        pytest.param(
            [{"input_tokens": 1000, "output_tokens": 5}, {"input_tokens": 1000, "output_tokens": 0}],
            Usage(1000, 5),
            id="a text of 0 at the end",
        ),
        pytest.param(
            [{"input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 6, "ephemeral_5m_input_tokens": 3}}],
            Usage(10, 0, 0, 9, cache_write_1h_tokens=6),
            id="caches of an hour and of five minutes",
        ),
        pytest.param(
            [
                {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 6}},
                {"input_tokens": 0, "cache_creation_input_tokens": 0, "cache_creation": {}, "output_tokens": 2},
            ],
            Usage(9, 2, 0, 9, cache_write_1h_tokens=6),
            id="a cache of 0 at the end",
        ),
        pytest.param([{"input_tokens": 0, "output_tokens": 0}, {"input_tokens": 9}], Usage(9), id="zeros at the start"),
        pytest.param(
            [{"input_tokens": 9, "output_tokens": 5}, None, [], {"input_tokens": None}], Usage(9, 5), id="null"
        ),
    ],
)
def test_a_stream_comes_to_the_last_possible_counts(told: list[Any], expected: Usage) -> None:
    counts: dict[str, Any] = {}
    for usage in told:
        merge(counts, usage)

    assert expected == usage_of(counts)
