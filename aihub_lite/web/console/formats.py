"""Numbers as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aihub_lite.domain.money import dollars, exact_dollars, plain

SUFFIXES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def count(number: int) -> str:
    """With separators between the thousands: `12,345`."""
    return f"{number:,}"


def short(number: int) -> str:
    """`12.3k`: three digits that count; smaller numbers as they are."""
    for size, suffix in SUFFIXES:
        if number >= 100 * size:
            return f"{number / size:.0f}{suffix}"
        if number >= size:
            return f"{number / size:.3g}{suffix}"
    return str(number)


def duration(ms: float) -> str:
    """In the unit that fits: `340 ms`, `1.2 s`, `3 min 20 s`."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms // 60_000:.0f} min {ms % 60_000 // 1000:.0f} s"


def percent(part: float, whole: float) -> str:
    """`0.4 %`, and from ten on `12 %`; any part of nothing is 0."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 10:
        return f"{share:.1f} %"
    return f"{share:.0f} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "dollars": dollars,
    "exact": exact_dollars,
    "plain": plain,
    "count": count,
    "short": short,
    "duration": duration,
}
