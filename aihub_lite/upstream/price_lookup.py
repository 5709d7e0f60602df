"""What the genai-prices data, asked in a child process, says of models: above all what they cost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from aihub_lite.domain.catalog import Listed
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, ModalRates, Price, Rates, Tier, UnitRates, nano_usd

Wanted = tuple[str | None, str]
"""A provider's `price_id` (None: by model name alone) and the model's id upstream."""

PROGRAM = Path(__file__).with_name("price_table.py")
TIMEOUT = 30.0
"""Seconds; half a second is usual, a machine that starts many things at once needs more."""


class PricesUnavailable(Exception):
    """The child failed or took too long: the models stay unpriced until the next look-up."""


async def default_prices(
    wanted: Sequence[Wanted],
    on: date | None = None,
    program: Path = PROGRAM,
    timeout: float = TIMEOUT,  # noqa: ASYNC109
) -> dict[Wanted, Listed]:
    """With prices valid on a day (today, UTC); what is not known is absent. Raises PricesUnavailable.

    Where a price changes with the hour, the day's highest is taken.
    """
    if not wanted:
        return {}
    day = on or datetime.now(UTC).date()
    queries = [{"provider": provider, "model": model} for provider, model in wanted]
    request = msgspec.json.encode({"on": day, "wanted": queries})
    try:
        async with asyncio.timeout(timeout):
            output = await _run(program, request)
        table = msgspec.json.decode(output, type=_Table)
    except (TimeoutError, OSError, msgspec.DecodeError) as error:
        raise PricesUnavailable(f"no default prices: {type(error).__name__}") from error
    source = f"genai-prices {table.version}"
    found = zip(wanted, table.prices, table.context_windows, strict=True)
    return {
        asked: Listed(_price(steps, source, str(day)) if steps else None, window)
        for asked, steps, window in found
        if steps or window
    }


class _Step(msgspec.Struct):
    above: int
    rates: dict[str, str]


class _Table(msgspec.Struct):
    version: str
    prices: list[list[_Step] | None]
    context_windows: list[int | None]


def _price(steps: Sequence[_Step], source: str, as_of: str) -> Price:
    base, *tiers = steps
    return Price(_rates(base.rates), source, tuple(Tier(step.above, _rates(step.rates)) for step in tiers), as_of)


def _rates(texts: Mapping[str, str]) -> Rates:
    rates: dict[str, Any] = {name: nano_usd(text) for name, text in texts.items()}
    units = {name: rates.pop(name) for name in UNIT_RATES if name in rates}
    modal = {name: rates.pop(name) for name in MODAL_RATES if name in rates}
    return Rates(**rates, units=UnitRates(**units) if units else None, modal=ModalRates(**modal) if modal else None)


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
