"""Hours of mixed traffic, in short: what grows by itself, and does not come back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.soak.run import Soak
from tests.support.process import Home

SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
"""T-64 asks for eight hours: SOAK_SECONDS=28800, or `python -m tests.bench.soak --minutes 480`."""


@pytest.mark.slow
@pytest.mark.attack("T-64")
def test_what_mixed_traffic_takes_it_gives_back(tmp_path: Path) -> None:
    """T-64: memory, descriptors, tasks and the WAL stay within bounds, and at the end nothing is left open."""
    soak = Soak(SECONDS)
    soak.over(Home(tmp_path / "data"))
    print(soak.table)
    assert soak.asked > 100
    assert [] == soak.complaints
