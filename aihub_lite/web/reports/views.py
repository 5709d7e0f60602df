"""Figures as JSON."""

from __future__ import annotations

from aihub_lite.domain.reports.sketch import PERCENTILES, Sketch
from aihub_lite.storage.reports.question import Quality
from aihub_lite.web.reports.figures import Member
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, money


def member_json(member: Member, by: tuple[str, ...]) -> Json:
    """A member's sums, together and for each step; under each dimension, what it is called there."""
    return {
        "id": member.id,
        "name": member.name,
        **dict(zip(by, member.names, strict=True)),
        **sums_json(member.total),
        "steps": [sums_json(sums) for sums in member.steps],
        "quality": quality_json(member.quality),
    }


def quality_json(quality: Quality | None) -> Json | None:
    """Times in ms, rounded; speed in tokens per second; the hit rate as a part of 1. Null where it is not known."""
    if quality is None:
        return None
    return {
        "duration_ms": percentiles_json(quality.times.total),
        "first_byte_ms": percentiles_json(quality.times.first_byte),
        "tokens_per_second": _rounded(quality.tokens_per_second, 1),
        "cache_read_tokens": quality.cache_read_tokens,
        "cache_hit_rate": _rounded(quality.hit_rate, 4),
        "cache_saved_usd": money(quality.saved_nano),
        "failed_usd": money(quality.failed_nano),
        "cancelled_usd": money(quality.cancelled_nano),
    }


def percentiles_json(latencies: Sketch) -> Json:
    """`p50`, `p90` and `p99`, off by 1.6 % at most; null of no times."""
    return {f"p{percent}": _rounded(latencies.percentile(percent)) for percent in PERCENTILES}


def _rounded(value: float | None, digits: int | None = None) -> float | None:
    if value is None:
        return None
    return round(value, digits)
