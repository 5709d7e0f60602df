"""Metrics before any library knows of them: integers, counted exactly, under labels whose number is bounded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import attrs

OTHER = "other"
"""What is counted together: names that no list has, and all beyond the number that may have their own."""
LONGEST_LABEL = 128
"""Characters."""
MOST_SERIES = 5000
"""Of one family."""
Labels = tuple[str, ...]
Kind = Literal["counter", "gauge", "histogram"]


@attrs.frozen
class HistogramSample:
    """How many measurements were at most each bound, those beyond all bounds last, and their sum in seconds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """One for each bound, not added up, and one more."""
    total: float


@attrs.frozen
class MetricFamily:
    """All values of one metric at one moment."""

    name: str
    """Without the suffix `_total` of counters."""
    kind: Kind
    help: str
    labels: Labels
    samples: Sequence[tuple[Labels, float | HistogramSample]]


def label_of(text: str) -> str:
    """A text that may be a label's value: short, and all of it can be written as UTF-8."""
    return text[:LONGEST_LABEL].encode("utf-8", "replace").decode()


@attrs.define(eq=False)
class LabelNames:
    """Names that have a label of their own, as many as there may be, by order of appearance."""

    most: int
    _known: dict[str, str] = attrs.field(factory=dict)

    def label(self, name: str) -> str:
        """The name's own label, or OTHER."""
        label = self._known.get(name)
        if label is None:
            if len(self._known) >= self.most:
                return OTHER
            label = self._known[name] = label_of(name)
        return label

    def __contains__(self, name: str) -> bool:
        return name in self._known


@attrs.define(eq=False)
class Counter:
    """Sums by labels. They are integers, divided by `unit` only when they are shown: a float would lose nano-USD."""

    name: str
    help: str
    labels: Labels
    unit: int = 1
    sums: dict[Labels, int] = attrs.field(factory=dict)

    def add(self, labels: Labels, amount: int = 1) -> None:
        """Count; where too many have been counted apart, with all others."""
        if labels not in self.sums and len(self.sums) >= MOST_SERIES:
            labels = (OTHER,) * len(labels)
        self.sums[labels] = self.sums.get(labels, 0) + amount

    def family(self) -> MetricFamily:
        """As it stands."""
        samples = [(labels, value / self.unit) for labels, value in self.sums.items()]
        return MetricFamily(self.name, "counter", self.help, self.labels, samples)


@attrs.define(eq=False)
class Spread:
    """Where measurements lie, by the bounds of a histogram."""

    counts: list[int]
    total_ms: int = 0


@attrs.define(eq=False)
class Histogram:
    """Durations by labels: whole milliseconds come in, seconds are shown."""

    name: str
    help: str
    labels: Labels
    bounds: tuple[float, ...]
    """Seconds."""
    spreads: dict[Labels, Spread] = attrs.field(factory=dict)

    def add(self, labels: Labels, ms: int) -> None:
        """Count one measurement."""
        spread = self.spreads.get(labels)
        if spread is None:
            if len(self.spreads) >= MOST_SERIES:
                labels = (OTHER,) * len(labels)
            spread = self.spreads.setdefault(labels, Spread([0] * (len(self.bounds) + 1)))
        spread.counts[bisect_left(self.bounds, ms / 1000)] += 1
        spread.total_ms += ms

    def family(self) -> MetricFamily:
        """As it stands."""
        samples = [
            (labels, HistogramSample(self.bounds, tuple(spread.counts), spread.total_ms / 1000))
            for labels, spread in self.spreads.items()
        ]
        return MetricFamily(self.name, "histogram", self.help, self.labels, samples)


def gauge(name: str, text: str, value: float) -> MetricFamily:
    """A family of one value without labels."""
    return MetricFamily(name, "gauge", text, (), [((), value)])


def counted(name: str, text: str, value: float) -> MetricFamily:
    """The same, of something that only grows."""
    return MetricFamily(name, "counter", text, (), [((), value)])


def gauges(name: str, text: str, labels: Labels, values: Mapping[Labels, float]) -> Iterator[MetricFamily]:
    """A family of values; none where there is no value."""
    if values:
        yield MetricFamily(name, "gauge", text, labels, [*values.items()])
