"""Money is integers: amounts in nano-USD, rates in nano-USD per million tokens. No floats on the way."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from aihub_lite.domain.usage import Usage

NANO = 1_000_000_000
MILLION = 1_000_000
MAX_USD = Decimal(1_000_000_000)
"""Largest amount taken from an operator: 1e18 nano-USD still fits SQLite's signed 64-bit integer."""


def nano_usd(amount: str | Decimal) -> int:
    """USD as written by a person (`"0.15"`) to nano-USD; raises ValueError for anything else or below zero."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount in USD") from None
    if not value.is_finite() or value < 0 or value > MAX_USD:
        raise ValueError(f"{amount!r} is not an amount between 0 and {MAX_USD} USD")
    return int((value * NANO).to_integral_value(ROUND_HALF_UP))


def usd(nano: int) -> Decimal:
    """Nano-USD to exact USD, for display and JSON."""
    return Decimal(nano) / NANO


@attrs.frozen(cache_hash=True)
class Rates:
    """Nano-USD per million tokens. None for an optional kind means: billed as the kind it is part of."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


@attrs.frozen
class Tier:
    """Rates for *all* tokens of a request whose prompt is longer than `above` tokens."""

    above: int
    rates: Rates


@attrs.frozen(cache_hash=True)
class Price:
    """What a model costs, and who says so (`operator`, or the price table and its version)."""

    rates: Rates
    source: str
    tiers: tuple[Tier, ...] = ()
    """Ascending by `above`."""
    as_of: str = ""
    """The day (`2027-01-31`, UTC) it was set, or was looked up for; empty where nobody wrote that down."""

    def rates_for(self, prompt_tokens: int) -> Rates:
        """The rates of the highest tier that this prompt length reaches."""
        chosen = self.rates
        for tier in self.tiers:
            if prompt_tokens > tier.above:
                chosen = tier.rates
        return chosen


UNPRICED = Price(Rates(0, 0), source="unpriced")


def cost_of(usage: Usage, price: Price) -> int:
    """Nano-USD for one request, rounded up once.

    Cached and reasoning tokens are parts of prompt and completion (OpenAI's convention), so each is taken
    out of its whole before it is priced on its own.
    """
    rates = price.rates_for(usage.prompt_tokens) if price.tiers else price.rates
    total = usage.prompt_tokens * rates.input + usage.completion_tokens * rates.output
    if usage.cache_read_tokens and rates.cache_read is not None:
        total += usage.cache_read_tokens * (rates.cache_read - rates.input)
    if usage.cache_write_tokens and rates.cache_write is not None:
        total += usage.cache_write_tokens * (rates.cache_write - rates.input)
    if usage.reasoning_tokens and rates.reasoning is not None:
        total += usage.reasoning_tokens * (rates.reasoning - rates.output)
    return -(-total // MILLION)
