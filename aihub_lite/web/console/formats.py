"""Numbers as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
SUFFIXES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def dollars(amount: str | Decimal) -> str:
    """`$1,234.50`, and below a cent the two digits that count: `$0.00013`."""
    value = Decimal(amount)
    if value and abs(value) < CENT:
        places = -value.adjusted() + 1
        return f"${value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    return f"${value.quantize(CENT, ROUND_HALF_UP):,}"


def exact(amount: str | Decimal) -> str:
    """Every digit, for figures that somebody adds up: `$2.50`, `$0.000075`."""
    value = Decimal(amount).normalize()
    places = -int(value.as_tuple().exponent)
    return f"${value:.{max(places, 2)}f}"


def count(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def short(number: int) -> str:
    """`12.3k`: three digits that count; smaller numbers as they are."""
    for size, suffix in SUFFIXES:
        if number >= size:
            value = number / size
            return f"{value:.0f}{suffix}" if value >= 100 else f"{value:.3g}{suffix}"
    return str(number)


def duration(ms: float) -> str:
    """`340 ms`, `1.2 s`, `3 min 20 s`."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms // 60_000:.0f} min {ms % 60_000 // 1000:.0f} s"


def percent(part: float, whole: float) -> str:
    """`0.4 %`; of nothing it is 0."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "dollars": dollars,
    "exact": exact,
    "count": count,
    "short": short,
    "duration": duration,
}
