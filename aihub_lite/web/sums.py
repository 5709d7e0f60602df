"""Sums of usage records as JSON, as the admin API, the console and `/v1/key` show them."""

from __future__ import annotations

from aihub_lite.storage.reports.question import Totals
from aihub_lite.storage.statistics import Sums
from aihub_lite.web.views import Json, money


def sums_json(sums: Sums | Totals) -> Json:
    """Counts, cost and latency of some requests; `first_byte_ms` is a mean, null when none had a first byte."""
    return {
        "requests": sums.requests,
        "errors": sums.errors,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost_usd": money(sums.cost_nano),
        "first_byte_ms": sums.first_byte_mean,
    }
