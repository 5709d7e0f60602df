"""No honest provider that was recorded drifts as a reseller does who multiplies what it reports."""

from __future__ import annotations

from statistics import median

from aihub_lite.domain.usage import MOST_DRIFT
from tests.gateway.adapters.recorded.drifts import drifts, lines
from tests.support.replay import requires_vectors

ENOUGH = 3
"""Answers of a provider that say something of it."""


@requires_vectors
def test_no_recorded_provider_would_be_named() -> None:
    honest = drifts()
    for line in lines(honest):
        print(line)
    medians = {provider: median(figures) for provider, figures in honest.items()}
    assert len(medians) >= 8
    assert {} == {provider: drift for provider, drift in medians.items() if not 0.75 < drift < 1.25}


@requires_vectors
def test_each_of_them_would_be_named_if_it_reported_twice_as_much() -> None:
    medians = {name: median(figures) for name, figures in drifts(times=2).items() if len(figures) >= ENOUGH}
    assert len(medians) >= 8
    assert {} == {provider: drift for provider, drift in medians.items() if drift <= MOST_DRIFT}


@requires_vectors
def test_hardly_any_recorded_answer_by_itself_drifts_so_far() -> None:
    figures = [drift for of_provider in drifts().values() for drift in of_provider]
    assert len(figures) > 100
    assert sum(drift > MOST_DRIFT for drift in figures) <= len(figures) / 50
