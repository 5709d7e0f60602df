"""Money is integers: amounts in nano-USD, rates in nano-USD per million tokens. No floats on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

import attrs

from aihub_lite.domain.modal import MODALITIES

if TYPE_CHECKING:
    from aihub_lite.domain.modal import Modal
    from aihub_lite.domain.usage import Unit, Usage

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
class UnitRates:
    """Nano-USD for what is not a token: an image, a minute of audio, a million characters, a search. None: free."""

    image: int | None = None
    minute: int | None = None
    characters: int | None = None
    search: int | None = None


UNIT_RATES = tuple(field.name for field in attrs.fields(UnitRates))


@attrs.frozen(cache_hash=True, kw_only=True)
class ModalRates:
    """Nano-USD per million tokens that are no text, by the names that Modal counts them under."""

    audio_input: int | None = None
    audio_cache_read: int | None = None
    audio_output: int | None = None
    image_input: int | None = None
    image_cache_read: int | None = None
    image_output: int | None = None
    video_input: int | None = None
    video_cache_read: int | None = None
    video_output: int | None = None


MODAL_RATES = tuple(field.name for field in attrs.fields(ModalRates))


@attrs.frozen(cache_hash=True)
class Rates:
    """Nano-USD per million tokens. None for an optional kind means: billed as the kind it is part of."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    units: UnitRates | None = None
    modal: ModalRates | None = None


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


COUNTED: Mapping[Unit, tuple[str, int]] = {
    "image": ("image", 1),
    "millisecond": ("minute", 60_000),
    "character": ("characters", MILLION),
    "search": ("search", 1),
}
"""For each unit that is counted the rate it is billed at, and how many of them that rate is for."""

UNPRICED = Price(Rates(0, 0), source="unpriced")


def cost_of(usage: Usage, price: Price) -> int:
    """Nano-USD for one request, rounded up once: its tokens, and whatever else was counted.

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
    if usage.modal is not None and rates.modal is not None:
        total += _modal_cost(usage.modal, rates, rates.modal)
    if usage.unit and rates.units is not None:
        rate, size = unit_rate(usage.unit, rates.units)
        return -(-(total * size + usage.units * rate * MILLION) // (MILLION * size))
    return -(-total // MILLION)


def _modal_cost(modal: Modal, rates: Rates, own: ModalRates) -> int:
    """What tokens that are no text cost more than the text that they are counted as, or less."""
    cached = rates.input if rates.cache_read is None else rates.cache_read
    counted_as = {"input": rates.input, "cache_read": cached, "output": rates.output}
    priced = {name: rate for name in MODAL_RATES if (rate := getattr(own, name)) is not None}
    parts = modal_parts(modal.counts(), priced, caches=rates.cache_read is not None)
    return sum(tokens * (priced[name] - counted_as[whole]) for name, whole, tokens in parts)


def modal_parts(
    counts: Mapping[str, int], priced: Mapping[str, object], *, caches: bool
) -> Iterator[tuple[str, str, int]]:
    """The tokens that are billed at a rate of their own: its name, the kind they are taken out of, how many.

    `counts` are those of a Modal, `priced` the rates there are, `caches` whether cached text has one: then cached
    tokens that have none of their own are billed as it is, else as all other tokens of their kind.
    """
    for kind in MODALITIES:
        given, read, made = f"{kind}_input", f"{kind}_cache_read", f"{kind}_output"
        cached = counts.get(read, 0) if caches or read in priced else 0
        parts = (given, "input", counts.get(given, 0) - cached), (read, "cache_read", cached)
        yield from (each for each in (*parts, (made, "output", counts.get(made, 0))) if each[0] in priced and each[2])


def unit_rate(unit: Unit, rates: UnitRates) -> tuple[int, int]:
    """Nano-USD, and for how many of the unit."""
    name, size = COUNTED[unit]
    return getattr(rates, name) or 0, size
