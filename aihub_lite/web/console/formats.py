"""Numbers as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import Any

import attrs

from aihub_lite.domain.money import CENT, dollars, exact_dollars, in_dollars, plain


@attrs.frozen
class Little:
    """Less than a cent: `$0.0000010` is taken for a dollar, so all of its digits are seen by who points at it alone."""

    exact: str
    below: bool = False
    """Whether it is less than nothing."""
    than: Decimal = CENT

    def __str__(self) -> str:
        if self.below:
            return f"> -${self.than}"
        return f"< ${self.than}"

    def __html__(self) -> str:
        return f'<span class="nowrap" title="{self.exact}">{escape(str(self))}</span>'


def amount(value: float | str | Decimal) -> str | Little:
    """What was spent, is left or may be spent: `$1,234.50`, and below a cent only that it is so."""
    exact = Decimal(str(value))
    if exact and abs(exact) < CENT:
        return Little(exact_dollars(value), below=exact < 0)
    return dollars(value)


LEAST = Decimal("0.0001")
"""Of what a single request cost, in a list of them."""


def single(value: float | str | Decimal) -> str | Little:
    """What one request cost, in a list: all have four places, so that they line up and the longer one is not taken for
    the larger one."""
    exact = Decimal(str(value))
    if exact and abs(exact) < LEAST:
        return Little(exact_dollars(value), below=exact < 0, than=LEAST)
    return in_dollars(f"{exact.quantize(LEAST, ROUND_HALF_UP):,}")


def evenly(values: Iterable[float | str | Decimal]) -> list[str]:
    """Every digit of each amount of a column, and as many places in all of them."""
    shown = [exact_dollars(value) for value in values]
    places = max((len(each.partition(".")[2]) for each in shown), default=0)
    return [each + "0" * (places - len(each.partition(".")[2])) for each in shown]


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
    """`0.4 %`, and from ten on `12 %`; of nothing there is no part."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 10:
        return f"{share:.1f} %"
    return f"{share:.0f} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "dollars": amount,
    "single": single,
    "evenly": evenly,
    "exact": exact_dollars,
    "plain": plain,
    "count": count,
    "short": short,
    "duration": duration,
}
