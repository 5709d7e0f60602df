"""What the breaker does, and what it found."""

from __future__ import annotations

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.safety.findings import BreakerFinding
from aihub_lite.web.views import Json, moment_text, money

LISTED = 100
"""Findings, the latest ones."""


def finding_json(finding: BreakerFinding) -> Json:
    """One finding, of a token, or of a person by the sum over their tokens: `holder` says which.

    `seen` and `usual` are USD of `spend`, and numbers of requests else, within `minutes`.
    """
    runaway = finding.runaway
    seen: float = runaway.seen
    usual: float = runaway.usual
    if runaway.kind == "spend":
        seen = money(runaway.seen)
        usual = money(runaway.usual)
    return {
        "at": moment_text(finding.at_ms // 1000),
        "holder": finding.holder,
        "holder_id": finding.holder_id,
        "name": finding.name,
        "kind": runaway.kind,
        "seen": seen,
        "usual": usual,
        "minutes": runaway.minutes,
        "spent_usd": money(runaway.spent),
        "paused": finding.paused,
    }


async def breaker_json(gateway: Gateway) -> Json:
    """What it does, and what it found, newest first."""
    settings = gateway.settings
    return {
        "mode": settings.breaker,
        "floor_usd": float(settings.breaker_floor_usd),
        "floor_requests": settings.breaker_floor_requests,
        "times": settings.breaker_times,
        "repeats": settings.breaker_repeats,
        "findings": [finding_json(finding) for finding in await gateway.breaker.findings.latest(LISTED)],
    }
