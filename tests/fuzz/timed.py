"""Runs a property for a fixed time instead of a fixed number of examples."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
BATCH = 50
"""Examples between two looks at the clock."""
Input = TypeVar("Input")


def fuzz(inputs: SearchStrategy[Input], check: Callable[[Input], None]) -> int:
    """Try inputs until the time is over; how many there were. A failure is shrunk, and shown with its input."""
    until = monotonic() + SECONDS
    tried = 0
    batch = 0
    while batch == 0 or monotonic() < until:
        seed(batch)(_property(inputs, check))()
        batch += 1
        tried += BATCH
    return tried


def _property(inputs: SearchStrategy[Input], check: Callable[[Input], None]) -> Callable[[], None]:
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
    @given(inputs)
    def holds(given_input: Input) -> None:
        check(given_input)

    run: Callable[[], None] = holds
    return run
