"""Families as Prometheus reads them, beside what is known of the process: prometheus-client writes the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from aihub_lite.telemetry.families import HistogramSample, MetricFamily


@attrs.frozen(eq=False)
class Collected(Collector):
    """Families that are there already."""

    families: Sequence[MetricFamily]

    def collect(self) -> Iterator[Metric]:
        """As the library has them."""
        return map(metric_of, self.families)


def text_of(families: Sequence[MetricFamily]) -> bytes:
    """The exposition format, version 0.0.4. May take some ten milliseconds, and reads /proc."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(families))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return generate_latest(registry)


def metric_of(family: MetricFamily) -> Metric:
    """A family as the library has it."""
    if family.kind == "histogram":
        return _histogram(family)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, value in family.samples:
        assert not isinstance(value, HistogramSample)  # noqa: S101  only histograms have them
        metric.add_metric(labels, float(value))
    return metric


def _histogram(family: MetricFamily) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, sample in family.samples:
        assert isinstance(sample, HistogramSample)  # noqa: S101  they have nothing else
        buckets: list[tuple[str, float]] = []
        reached = 0
        for bound, count in zip((*map(str, sample.bounds), "+Inf"), sample.counts, strict=True):
            reached += count
            buckets.append((bound, reached))
        metric.add_metric(labels, buckets, sample.total)
    return metric
