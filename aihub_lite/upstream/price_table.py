"""Looks prices up in the genai-prices data; run as a child process, once per registration, by `default_prices`.

genai-prices takes 0.3 s and 15 MB to import. A child pays that and is gone. Reads JSON from stdin:

    {"on": "2026-10-01", "wanted": [{"provider": "openai" | null, "model": "gpt-4o"}, …]}

and writes JSON to stdout, all lists in the order of `wanted`, null for what is not found. A price is the list of what
holds from one day on after the other, the first on the day that was asked for. Each has the list of its steps, the base
first: rates in USD per million tokens (and `minute`, and million `characters`), as decimal text, for prompts of more
than `above` tokens; and such steps for requests that begin at certain hours, in minutes from midnight, UTC, every day
or on `weekdays` alone. `hosted` is in USD for a thousand calls of a tool that the provider runs itself, or requests. A
context window is in tokens; names are as people write them.

    {"version": "0.2.3",
     "prices": [[{"since": "2026-10-01", "steps": [{"above": 0, "rates": {"input": "2.5", "output": "10"}}, …],
                  "hours": [{"start": 60, "end": 240, "weekdays": true, "steps": […]}, …]}, …], null, …],
     "hosted": [{"web_search": "10"}, {}, …], "guessed": [false, …], "context_windows": [128000, null, …],
     "names": ["GPT-4o", null, …]}

A price is guessed where the provider is another one than who makes the model, as at a reseller: it is what the maker
itself asks.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Our kinds of tokens, and what genai-prices calls their prices."""
UNITS = {"minute": ("input_audio_hours", 60), "characters": ("input_mchars", 1)}
"""What else has a price there, and how many of our units one of theirs is: an hour, a million characters."""
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

HOSTED = {
    "web_search": "web_searches_kcount",
    "file_search": "storage_searches_kcount",
    "request": "requests_kcount",
}
"""What a thousand calls of tools cost that the provider runs itself, or a thousand requests."""
FEES = Path(__file__).with_name("hosted_fees.toml")
"""The same where the table leaves it out or has one figure for several."""

MAKERS = {
    "claude": "anthropic",
    "gpt": "openai",
    "chatgpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "gemini": "google",
    "grok": "x-ai",
    "mistral": "mistral",
    "ministral": "mistral",
    "magistral": "mistral",
    "codestral": "mistral",
    "devstral": "mistral",
    "pixtral": "mistral",
    "deepseek": "deepseek",
    "sonar": "perplexity",
    "kimi": "moonshotai",
    "moonshot": "moonshotai",
    "glm": "zai",
    "command": "cohere",
    "minimax": "minimax",
}
"""Families of models, by how their names begin, and who makes them, as genai-prices calls them."""
DAY_MINUTES = 24 * 60
ON_WEEKDAYS = frozenset({"deepseek"})
"""Whose dear hours are those of Mondays to Fridays, which the data has no word for.

DeepSeek's pricing page: peak hours are Monday through Friday; read 2026-10. Chinese holidays, of which it speaks too,
are not known here: they are billed as other days.
"""
FAMILY = re.compile(r"[a-z]+\d?")

Step = dict[str, Any]
Dated = dict[str, Any]
FREE_STEPS: list[Step] = [{"above": 0, "rates": {"input": "0", "output": "0"}}]


def price_of(provider: str | None, model: str, on: date) -> list[Dated] | None:
    """The price of a model as a provider names it, or, without a provider, by its name alone."""
    found = _found(provider, model)
    if found is None:
        return None
    dated = dated_prices(*found, on)
    if dated is None and model.endswith(":free"):
        return free(on)  # it has no price because it costs nothing; of others, nobody knows what they cost
    return dated


def guess_of(model: str, on: date) -> list[Dated] | None:
    """What the maker of a model asks for it, who is known by the name's beginning; None for families of many makers."""
    if model.lower().endswith(":free"):
        return free(on)
    found = _found_at_maker(model)
    if found is None:
        return None
    return dated_prices(*found, on)


def _found_at_maker(model: str) -> tuple[str, ModelInfo] | None:
    """A model as the table has it of who makes it."""
    name = model.rsplit("/", 1)[-1].lower()
    family = FAMILY.match(name)
    if family is None or family[0] not in MAKERS:
        return None
    # Resellers write a version with a dot where Anthropic has a dash.
    for spelling in (name, name.replace(".", "-")):
        found = _found(MAKERS[family[0]], spelling)
        if found is not None:
            return found
    return None


def free(on: date) -> list[Dated]:
    """The price of what costs nothing."""
    return [{"since": on.isoformat(), "steps": FREE_STEPS, "hours": []}]


def hosted_of(provider: str | None, model: str, on: date) -> dict[str, str]:
    """What a thousand calls of each kind cost; of a model that only its maker's table knows, as its maker bills it."""
    found = _found(provider, model) or _found_at_maker(model)
    if found is None:
        return {}
    vendor, info = found
    price = info.get_prices(datetime.combine(on, time(0), UTC))
    priced = {name: getattr(price, key, None) for name, key in HOSTED.items()}
    rates = {name: str(_rate_above(value, 0)) for name, value in priced.items() if value is not None}
    name = model.rsplit("/", 1)[-1].lower()
    for entry in _fees():
        beside = entry.get("beside")
        if entry["provider"] != vendor or (beside and beside not in rates):
            continue
        if any(fnmatchcase(spelling, pattern) for spelling in (model, name) for pattern in entry["models"]):
            rates = entry["rates"] | rates
    return rates


@cache
def _fees() -> list[dict[str, Any]]:
    fees: list[dict[str, Any]] = tomllib.loads(FEES.read_text())["fees"]
    return fees


def facts_of(provider: str | None, model: str) -> tuple[int | None, str | None]:
    """How many tokens a model reads and writes in one request, and its name; None where the table does not say."""
    found = _found(provider, model)
    if found is None:
        return None, None
    _, info = found
    return info.context_window, info.name


def _found(provider: str | None, model: str) -> tuple[str, ModelInfo] | None:
    """A model and the provider that it was found at."""
    for vendor, name in _references(provider, model):
        with suppress(LookupError):
            found, info = get_snapshot().find_provider_model(name, None, vendor, None)
            return found.id, info
    return None


def _references(provider: str | None, model: str) -> Iterator[tuple[str | None, str]]:
    """Names to look a model up by: as it is, then without a prefix (`models/gemini-…`, `openai/gpt-4o`)."""
    yield provider, model
    if "/" in model:
        if provider is None:
            vendor, _, name = model.partition("/")
            yield vendor, name
        yield provider, model.rsplit("/", 1)[1]


def dated_prices(provider: str, info: ModelInfo, on: date) -> list[Dated] | None:
    """The price on a day, and what it is from each later day on; None where nothing that we count has a price."""
    changes = {
        price.constraint.start_date
        for price in _conditional(info)
        if isinstance(price.constraint, StartDateConstraint) and price.constraint.start_date > on
    }
    dated: list[Dated] = []
    for day in (on, *sorted(changes)):
        price = _price_on(provider, info, day)
        if price is not None and not (dated and price.items() <= dated[-1].items()):
            dated.append({"since": day.isoformat(), **price})
    return dated or None


def _conditional(info: ModelInfo) -> list[ConditionalPrice]:
    if isinstance(info.prices, list):
        return info.prices
    return []


def _price_on(provider: str, info: ModelInfo, day: date) -> Dated | None:
    """The price that holds most of a day, and those of its other hours."""
    pieces = _pieces_of(info, day)
    base = max(pieces, key=lambda piece: sum(end - start for start, end, price in pieces if price == piece[2]))[2]
    steps = steps_of(base)
    if steps is None:
        return None
    hours = []
    for start, end, price in _joined(pieces):
        other = steps_of(price)
        if price != base and other is not None:
            weekdays = provider in ON_WEEKDAYS and _dearer(price, base)
            hours.append({"start": start, "end": end, "weekdays": weekdays, "steps": other})
    return {"steps": steps, "hours": hours}


Piece = tuple[int, int, ModelPrice]
"""From and before a minute of the day, and what a model costs between."""


def _pieces_of(info: ModelInfo, day: date) -> list[Piece]:
    bounds = {0, DAY_MINUTES}
    for price in _conditional(info):
        if isinstance(price.constraint, TimeOfDateConstraint):
            bounds |= {_minute(price.constraint.start_time), _minute(price.constraint.end_time)}
    midnight = datetime.combine(day, time(0), UTC)
    return [
        (start, end, info.get_prices(midnight + timedelta(minutes=start))) for start, end in pairwise(sorted(bounds))
    ]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """The same with neighbours of one price as one, over midnight too."""
    joined: list[Piece] = []
    for start, end, price in pieces:
        if joined and joined[-1][2] == price:
            joined[-1] = (joined[-1][0], end, price)
        else:
            joined.append((start, end, price))
    if len(joined) > 1 and joined[0][2] == joined[-1][2]:
        (_, end, price), *others = joined
        joined = [*others[:-1], (others[-1][0], end, price)]
    return [(start, end % DAY_MINUTES, price) for start, end, price in joined]


def _minute(moment: time) -> int:
    """Of the day in UTC, which a time without a zone is in."""
    moment = datetime.combine(date(2000, 1, 2), moment, moment.tzinfo or UTC).astimezone(UTC).time()
    return 60 * moment.hour + moment.minute


def _dearer(price: ModelPrice, base: ModelPrice) -> bool:
    return _rate_above(price.input_mtok or Decimal(0), 0) > _rate_above(base.input_mtok or Decimal(0), 0)


def steps_of(price: ModelPrice) -> list[Step] | None:
    """One step per prompt length at which any rate changes; None where nothing that we count has a price."""
    rates = _rates_of(price)
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


def main() -> None:
    """Answer one request from stdin on stdout."""
    request = json.load(sys.stdin)
    on = date.fromisoformat(request["on"])
    wanted = [(query["provider"], query["model"]) for query in request["wanted"]]
    prices = [price_of(provider, model, on) for provider, model in wanted]
    guesses = [price is None and guess_of(model, on) for price, (_, model) in zip(prices, wanted, strict=True)]
    facts = [facts_of(provider, model) for provider, model in wanted]
    answer = {
        "version": genai_prices.__version__,
        "prices": [price or guess or None for price, guess in zip(prices, guesses, strict=True)],
        "hosted": [hosted_of(provider, model, on) for provider, model in wanted],
        "guessed": [bool(guess) for guess in guesses],
        "context_windows": [window for window, _ in facts],
        "names": [name for _, name in facts],
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
