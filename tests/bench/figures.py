"""What a run of the benchmark came to, each figure beside its target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import quantiles
from typing import Any

import attrs

TARGETS: Mapping[str, float] = {
    "plain.cpu_per_request": 450,
    "plain.p50_added": 1.0,
    "limits.cpu_more": 3,
    "stream.cpu_per_chunk": 90,
    "stream.delay_p99": 5,
    "memory.idle": 90,
    "memory.per_stream": 60,
    "memory.first_chunk": 50,
    "start.first_answer": 1.2,
    "beside.statistics": 300,
    "beside.requests": 300,
    "beside.loss": 5,
    "translation.anthropic_request": 150,
    "translation.anthropic_event": 15,
    "translation.gemini_request": 150,
    "translation.gemini_event": 15,
}
"""What is to be reached on a machine with two cores that does nothing else; in the figure's unit, less is better."""

SHOWN_DIGITS = 4


@attrs.frozen
class Figure:
    """One measurement; where it can be measured, `bare` is the same of the gateway's stack with nothing in between (of
    a translation, with a chat upstream's words), and `alone` of the upstream without anything before it."""

    key: str
    title: str
    unit: str
    value: float
    bare: float | None = None
    alone: float | None = None
    note: str = ""

    @property
    def target(self) -> float | None:
        """The most it should be."""
        return TARGETS.get(self.key)


def table(figures: Iterable[Figure]) -> str:
    """All figures, aligned; nothing is marked as failed: one run on a busy machine proves nothing."""
    rows = [("", "gateway", "target", "bare stack", "upstream alone", ""), *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in range(1, 5)), row[5]]) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    target = "" if figure.target is None else f"≤ {figure.target:g} {figure.unit}"
    value, bare, alone = (_shown(measured, figure.unit) for measured in (figure.value, figure.bare, figure.alone))
    return figure.title, value, target, bare, alone, figure.note


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    before_point = len(str(int(abs(value))))
    after_point = max(0, SHOWN_DIGITS - before_point)
    return f"{value:,.{after_point}f} {unit}"


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """For a file that another run is compared with."""
    return [{**attrs.asdict(figure), "target": figure.target} for figure in figures]


def percentile(values: list[float], percent: int) -> float:
    """By interpolation; of one value, that value."""
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[percent - 1]
