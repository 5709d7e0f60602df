"""Looks prices up in the genai-prices data; run as a child process, once per registration, by `default_prices`.

genai-prices takes 0.3 s and 15 MB to import. A child pays that and is gone. Reads JSON from stdin:

    {"on": "2026-10-01", "wanted": [{"provider": "openai" | null, "model": "gpt-4o"}, …]}

and writes JSON to stdout, both lists in the order of `wanted`, null for what is not found. A price is the list of its
steps, the base first: rates in USD per million tokens (and `minute`, and million `characters`), as decimal text, for
prompts longer than `above` tokens. A context window is in tokens.

    {"version": "0.2.3", "prices": [[{"above": 0, "rates": {"input": "2.5", "output": "10"}}, …], null, …],
     "context_windows": [128000, null, …]}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices, TimeOfDateConstraint

RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Our kinds of tokens, and what genai-prices calls their prices."""
UNITS = {"minute": ("input_audio_hours", 60), "characters": ("input_mchars", 1)}
"""What else has a price there, and how many of ours one of theirs is: an hour, a million characters."""
MODAL = {
    "audio_input": "input_audio_mtok",
    "audio_cache_read": "cache_audio_read_mtok",
    "audio_output": "output_audio_mtok",
    "image_input": "input_image_mtok",
    "image_cache_read": "cache_image_read_mtok",
    "image_output": "output_image_mtok",
    "video_input": "input_video_mtok",
    "video_cache_read": "cache_video_read_mtok",
    "video_output": "output_video_mtok",
}
"""The same for tokens that are no text."""

Step = dict[str, Any]
FREE: list[Step] = [{"above": 0, "rates": {"input": "0", "output": "0"}}]


def price_of(provider: str | None, model: str, on: date) -> list[Step] | None:
    """The price of a model as a provider names it, or, without a provider, by its name alone."""
    info = _found(provider, model)
    if info is None:
        return None
    # A `:free` model has no price because it costs nothing; of others it means that nobody knows.
    return steps_of(info, on) or (FREE if model.endswith(":free") else None)


def context_of(provider: str | None, model: str) -> int | None:
    """How many tokens a model reads and writes in one request, where the table says so."""
    info = _found(provider, model)
    return None if info is None else info.context_window


def _found(provider: str | None, model: str) -> ModelInfo | None:
    for place, name in _references(provider, model):
        with suppress(LookupError):
            return get_snapshot().find_provider_model(name, None, place, None)[1]
    return None


def _references(provider: str | None, model: str) -> Iterator[tuple[str | None, str]]:
    """As it is; then without what stands before the name (`models/gemini-…`, `openai/gpt-4o`)."""
    yield provider, model
    if "/" in model:
        if provider is None:
            vendor, _, name = model.partition("/")
            yield vendor, name
        yield provider, model.rsplit("/", 1)[1]


def steps_of(info: ModelInfo, on: date) -> list[Step] | None:
    """One step per prompt length at which any rate changes; None where nothing that we count has a price."""
    rates = _rates_of(_dearest(info, on))
    if rates.keys().isdisjoint(("input", *UNITS)):
        return None
    rates = {"input": Decimal(0), "output": Decimal(0), **rates}
    starts = {tier.start for value in rates.values() if isinstance(value, TieredPrices) for tier in value.tiers}
    return [
        {"above": above, "rates": {name: str(_rate_above(value, above)) for name, value in rates.items()}}
        for above in sorted(starts | {0})
    ]


def _rates_of(price: ModelPrice) -> dict[str, Decimal | TieredPrices]:
    keys = RATES | MODAL
    rates = {name: value for name, key in keys.items() if (value := getattr(price, key, None)) is not None}
    for name, (key, parts) in UNITS.items():
        if (value := getattr(price, key, None)) is not None:
            rates[name] = _rate_above(value, 0) / parts
    return rates


def _rate_above(value: Decimal | TieredPrices, above: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return next((tier.price for tier in reversed(value.tiers) if tier.start <= above), value.base)


def _dearest(info: ModelInfo, on: date) -> ModelPrice:
    """The price on that day; the highest one of the day where it changes with the hour, so that a budget holds."""
    times = {time(0)}
    if isinstance(info.prices, list):
        times |= {
            bound.replace(tzinfo=None)
            for price in info.prices
            if isinstance(price.constraint, TimeOfDateConstraint)
            for bound in (price.constraint.start_time, price.constraint.end_time)
        }
    prices = [info.get_prices(datetime.combine(on, moment, UTC)) for moment in sorted(times)]
    return max(prices, key=lambda price: _rate_above(price.input_mtok or Decimal(0), 0))


def main() -> None:
    request = json.load(sys.stdin)
    on = date.fromisoformat(request["on"])
    wanted = [(query["provider"], query["model"]) for query in request["wanted"]]
    prices = [price_of(*each, on) for each in wanted]
    windows = [context_of(*each) for each in wanted]
    json.dump({"version": genai_prices.__version__, "prices": prices, "context_windows": windows}, sys.stdout)


if __name__ == "__main__":
    main()
