"""Limits as upstreams tell them, each with headers as its documentation has them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aihub_lite.gateway.routing.told_limits import Told, told

DATE = "Fri, 27 Nov 2026 06:00:00 GMT"
UNIX = 1_795_759_200


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-limit-tokens": "150000",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            [Told("requests", 60, 59, 1.0, True), Told("tokens", 150_000, 149_984, 360.0, True)],
        ),
        (
            {
                "x-ratelimit-limit-requests": "14400",
                "x-ratelimit-remaining-requests": "14370",
                "x-ratelimit-reset-requests": "2m59.56s",
            },
            [Told("requests", 14_400, 14_370, 179.56, True)],
        ),
        (
            {
                "x-ratelimit-limit-tokens-minute": "60000",
                "x-ratelimit-remaining-tokens-minute": "100",
                "x-ratelimit-reset-tokens-minute": "11.382867097854614",
            },
            [Told("tokens", 60_000, 100, 11.382867097854614, True)],
        ),
        (
            {
                "date": DATE,
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "5",
                "anthropic-ratelimit-requests-reset": "2026-11-27T06:00:53Z",
            },
            [Told("requests", 50, 5, 54.0, True)],
        ),
        (
            {
                "date": DATE,
                "x-ratelimit-limit": "20",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": f"{(UNIX + 30) * 1000}",
            },
            [Told("requests", 20, 0, 31.0, False)],
        ),
        (
            {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "12"},
            [Told("requests", 20, 3, 12.0, False)],
        ),
    ],
    ids=["OpenAI", "Groq", "Cerebras", "Anthropic", "OpenRouter", "seconds"],
)
def test_what_is_left_is_read(headers: Mapping[str, str], limits: list[Told]) -> None:
    assert limits == list(told(headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining-requests": "119"},
        {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s"},
        {"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "1s"},
        {
            "x-ratelimit-limit-requests": "9",
            "x-ratelimit-remaining-requests": "1",
            "x-ratelimit-reset-requests": "soon",
        },
        {"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": ""},
        {"x-ratelimit-limit": "nan", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "1e400", "x-ratelimit-reset": "1"},
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "5",
            "anthropic-ratelimit-requests-reset": "99999-01-01",
        },
    ],
)
def test_what_makes_no_sense_is_no_limit(headers: Mapping[str, str]) -> None:
    assert [] == list(told(headers))
