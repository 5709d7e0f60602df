"""Tools that a provider runs: what requests offer, and what answers say of them."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.domain.hosted import Hosted
from aihub_lite.wire.hosted import hosted_at_most, hosted_in, searches_in


@pytest.mark.parametrize(
    ("body", "hosted"),
    [
        ({}, None),
        ({"tools": [{"type": "function", "function": {"name": "web_search"}}]}, None),
        ({"tools": [{"name": "web_search", "input_schema": {}}]}, None),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, Hosted(web_search=5)),
        ({"tools": [{"type": "web_search_20260209", "max_uses": 2}]}, Hosted(web_search=2)),
        ({"tools": [{"type": "web_search_20260209", "max_uses": 0}]}, None),
        ({"tools": [{"type": "web_search_20260209", "max_uses": 10**9}]}, Hosted(web_search=25)),
        ({"tools": [{"type": "web_search_20260209", "max_uses": -1}]}, Hosted(web_search=5)),
        ({"tools": [{"type": "web_search_20260209", "max_uses": "many"}]}, Hosted(web_search=5)),
        ({"tools": [{"type": "web_search_preview"}], "max_tool_calls": 3}, Hosted(web_search=3)),
        ({"tools": [{"type": "file_search"}, {"type": "web_search"}]}, Hosted(web_search=5, file_search=5)),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, Hosted(code_session=1)),
        ({"tools": [{"type": "x_search"}]}, Hosted(web_search=5)),
        ({"tools": [{"googleSearch": {}}]}, Hosted(web_search=5)),
        ({"tools": [{"type": []}, "web_search", None]}, None),
        ({"tools": "web_search"}, None),
        ({"web_search_options": {}}, Hosted(web_search=5)),
        ({"plugins": [{"id": "web"}]}, Hosted(web_search=5)),
        ({"plugins": [{"id": "file-parser"}]}, None),
    ],
)
def test_what_a_request_may_have_run_is_bounded(body: dict[str, Any], hosted: Hosted | None) -> None:
    assert hosted == hosted_at_most(body)


@pytest.mark.parametrize(
    ("usage", "hosted"),
    [
        ({"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 3}}, Hosted(web_search=2)),
        ({"server_tool_use": {"web_search_requests": 0}}, None),
        ({"server_tool_use_details": {"web_search_requests": 1, "tool_calls_executed": 1}}, Hosted(web_search=1)),
        ({"server_tool_use": None, "server_tool_use_details": {"web_search_requests": 1}}, Hosted(web_search=1)),
        ({"search_context_size": "huge"}, None),
        ({"search_context_size": ["low"]}, None),
        ({"num_search_queries": 3, "search_context_size": "low"}, Hosted(web_search=3)),
        ({"num_sources_used": 8}, None),
    ],
)
def test_a_usage_says_what_ran(usage: dict[str, Any], hosted: Hosted | None) -> None:
    assert hosted == hosted_in(usage)


@pytest.mark.attack("T-48")
@pytest.mark.parametrize("count", [-1, True, 1.5, "3", 10**9, 1e20, None, [3]])
def test_a_count_of_calls_that_cannot_be_is_none(count: object) -> None:
    assert None is hosted_in({"server_tool_use": {"web_search_requests": count}, "num_search_queries": count})


def test_searches_are_told_apart_by_their_numbers_or_their_places() -> None:
    search = {"type": "search"}

    assert {0, 7} == searches_in([search, {**search, "index": 7}, {**search, "index": 7}, {"type": "visit"}, None])
    assert {0} == searches_in([{**search, "index": []}])
    assert set() == searches_in("search")
