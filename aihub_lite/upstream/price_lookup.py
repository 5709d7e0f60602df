"""What the genai-prices data says of models, above all what they cost; it is read in a child process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.money import (
    MODAL_RATES,
    UNIT_RATES,
    Hours,
    Later,
    ModalRates,
    Price,
    Rates,
    Tier,
    UnitRates,
    nano_usd,
)

ModelRef = tuple[str | None, str]
"""A provider's `price_id` (None: by model name alone) and the model's id upstream."""

PROGRAM = Path(__file__).with_name("price_table.py")
TIMEOUT = 30.0
"""Seconds; half a second is usual, a machine that starts many things at once needs more."""


class PricesUnavailable(Exception):
    """The child failed or took too long: the models stay unpriced until the next look-up."""


async def default_prices(
    refs: Sequence[ModelRef],
    on: date | None = None,
    program: Path = PROGRAM,
    timeout: float = TIMEOUT,  # noqa: ASYNC109
) -> dict[ModelRef, TableEntry]:
    """Entries of the table, with prices valid from `on` a day (today, UTC), for models in it. Raises PricesUnavailable.

    What the table knows of hours of the day and of later days is in them.
    """
    if not refs:
        return {}
    day = on or datetime.now(UTC).date()
    queries = [{"provider": provider, "model": model} for provider, model in refs]
    request = msgspec.json.encode({"on": day, "wanted": queries})
    try:
        async with asyncio.timeout(timeout):
            output = await _run(program, request)
        table = msgspec.json.decode(output, type=_Table)
    except (TimeoutError, OSError, msgspec.DecodeError) as error:
        raise PricesUnavailable(f"no default prices: {type(error).__name__}") from error
    source = f"genai-prices {table.version}"
    entries = {}
    columns = (table.prices, table.hosted, table.guessed, table.context_windows, table.names)
    for ref, dated, hosted, guessed, window, name in zip(refs, *columns, strict=True):
        price = None
        if dated:
            price = _price(dated, source, str(day), guessed=guessed)
        if price is not None and hosted:
            price = attrs.evolve(price, hosted=HostedRates(**{name: nano_usd(text) for name, text in hosted.items()}))
        entry = TableEntry(price, window, name or "")
        if entry != TableEntry():
            entries[ref] = entry
    return entries


class _Step(msgspec.Struct):
    above: int
    rates: dict[str, str]


class _Hours(msgspec.Struct):
    start: int
    end: int
    weekdays: bool
    steps: list[_Step]


class _Dated(msgspec.Struct):
    since: date
    steps: list[_Step]
    hours: list[_Hours]


class _Table(msgspec.Struct):
    version: str
    prices: list[list[_Dated] | None]
    hosted: list[dict[str, str]]
    guessed: list[bool]
    context_windows: list[int | None]
    names: list[str | None]


def _price(dated: Sequence[_Dated], source: str, as_of: str, *, guessed: bool) -> Price:
    first, *others = dated
    rates, tiers = _steps(first.steps)
    if guessed:
        source = f"{source}, guessed"
    later = tuple(Later(_midnight(other.since), *_steps(other.steps), _hours(other.hours)) for other in others)
    return Price(rates, source, tiers, as_of, guessed=guessed, hours=_hours(first.hours), later=later)


def _steps(steps: Sequence[_Step]) -> tuple[Rates, tuple[Tier, ...]]:
    base, *others = steps
    return _rates(base.rates), tuple(Tier(step.above, _rates(step.rates)) for step in others)


def _hours(hours: Sequence[_Hours]) -> tuple[Hours, ...]:
    return tuple(Hours(HourSpan(each.start, each.end, each.weekdays), *_steps(each.steps)) for each in hours)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(0), UTC).timestamp())


def _rates(texts: Mapping[str, str]) -> Rates:
    rates: dict[str, Any] = {name: nano_usd(text) for name, text in texts.items()}
    if units := {name: rates.pop(name) for name in UNIT_RATES if name in rates}:
        rates["units"] = UnitRates(**units)
    if modal := {name: rates.pop(name) for name in MODAL_RATES if name in rates}:
        rates["modal"] = ModalRates(**modal)
    return Rates(**rates)


async def _run(program: Path, request: bytes) -> bytes:
    """The child's output. It is killed and reaped when this is cancelled.

    `-P` keeps the working directory, which anyone may have written to, off the child's module path.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await child.communicate(request)
    finally:
        if child.returncode is None:
            child.kill()
            await child.communicate()  # also empties the pipes, which would stay open
    return output
