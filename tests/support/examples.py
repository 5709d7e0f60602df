"""How many examples a property is tried with: few every day, more where `EXAMPLES_TIMES` says so."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def examples(everyday: int) -> int:
    """`everyday` many, times what the environment asks for: the gate tries every property once with many more."""
    return everyday * TIMES
