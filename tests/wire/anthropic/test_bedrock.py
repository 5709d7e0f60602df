"""Bodies, paths and counts of Claude at Bedrock."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.wire.anthropic.bedrock import bedrock_body, bedrock_path, metered
from aihub_lite.wire.anthropic.usage import usage_of


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_whatever_an_id_holds_it_stays_one_segment(model: str) -> None:
    _, first, segment, last = bedrock_path(model, stream=False).split("/")

    assert ("model", model, "invoke") == (first, unquote(segment), last)


def test_a_body_without_betas_names_none() -> None:
    body = {"model": "m", "stream": True, "max_tokens": 1}

    assert {"max_tokens": 1, "anthropic_version": "bedrock-2023-05-31"} == bedrock_body(
        body, "2023-06-01", ["", "of-next-year"]
    )


def test_one_beta_by_two_names_is_named_once() -> None:
    betas = ["advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"]

    assert ["tool-search-tool-2025-10-19"] == bedrock_body({}, "2023-06-01", betas)["anthropic_beta"]


@pytest.mark.parametrize("metrics", [None, {}, [], {"invocationLatency": 3}])
def test_metrics_that_count_nothing_are_no_usage(metrics: object) -> None:
    assert usage_of(metered({"amazon-bedrock-invocationMetrics": metrics})) is None
