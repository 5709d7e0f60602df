"""Default prices through the child process, and against the price project's own figures."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest
from genai_prices import __version__ as data_version

from aihub_lite.domain.catalog import Listed
from aihub_lite.domain.modal import Modal
from aihub_lite.domain.money import NANO, ModalRates, Price, Rates, cost_of
from aihub_lite.domain.usage import Usage
from aihub_lite.upstream.default_prices import PricesUnavailable, Wanted, default_prices
from aihub_lite.upstream.price_table import MODAL
from aihub_lite.wire.chat_usage import usage_of
from tests.support.replay import VECTORS, requires_vectors

ORACLE = VECTORS / "usages.jsonl"
PROVIDERS = frozenset({"openai", "anthropic", "google", "deepseek", "groq", "mistral", "openrouter", "cerebras", "zai"})
ORACLE_DAY = date(2026, 1, 1)
"""The oracle's prices are those of about this day."""

HOURLY = "the oracle takes the price off peak; the default is the day's highest"
EDITION = "the oracle was made with an edition of the data that had another output price for it"
DIFFERING: dict[Wanted, str] = {
    ("deepseek", "deepseek-v4-flash"): HOURLY,
    ("mistral", "ministral-8b-latest"): EDITION,
}
UNKNOWN = {("cerebras", "qwen-3-coder-480b")}
"""Without any price in the data, which the oracle takes for 0 and we for unpriced."""


@attrs.frozen
class Row:
    wanted: Wanted
    flavour: str
    body: dict[str, Any]
    counts: dict[str, int]
    nano: int

    @property
    def usage(self) -> Usage:
        names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "output_reasoning_tokens")
        modal = Modal(**{name: self.counts.get(theirs[:-4] + "tokens", 0) for name, theirs in MODAL.items()})
        return Usage(*(self.counts.get(name, 0) for name in names)).with_modal(modal)


def rows() -> Iterator[Row]:
    for line in ORACLE.read_bytes().splitlines():
        entry = msgspec.json.decode(line)
        for extracted in entry["extracted"] if "model" in entry else ():
            for found in extracted["extractors"]:
                if "input_price" in found and found["provider_id"] in PROVIDERS:
                    cost = (Decimal(found["input_price"]) + Decimal(found["output_price"])) * NANO
                    nano = int(cost.to_integral_value(ROUND_CEILING))
                    wanted = found["provider_id"], entry["model"]
                    yield Row(wanted, found["api_flavor"], entry["body"], extracted["usage"], nano)


def priced() -> dict[Wanted, Price]:
    found = asyncio.run(default_prices(sorted({row.wanted for row in rows()}, key=str), ORACLE_DAY))
    return {wanted: listed.price for wanted, listed in found.items() if listed.price}


@requires_vectors
def test_cost_of_recorded_usages_equals_the_price_projects_own_to_the_nano_dollar() -> None:
    every, prices = list(rows()), priced()
    found = [row for row in every if row.wanted in prices]
    wrong = {row.wanted for row in found if row.nano != cost_of(row.usage, prices[row.wanted])}
    assert UNKNOWN == {row.wanted for row in every} - prices.keys()
    assert DIFFERING.keys() == wrong
    assert (1200 < len(found), 98) == (True, sum(row.usage.modal is not None for row in found))


@requires_vectors
def test_a_recorded_usage_of_chat_is_read_as_one_of_another_price() -> None:
    prices = priced()
    chats = [row for row in rows() if row.wanted in prices and "prompt_tokens" in row.body.get("usage", ())]
    read = [(row, usage_of(row.body["usage"])) for row in chats if row.flavour in ("chat", "default")]
    wrong = {row.wanted for row, usage in read if usage is None or row.nano != cost_of(usage, prices[row.wanted])}
    assert DIFFERING.keys() == wrong
    assert len(read) > 300


def test_price_is_exact_and_says_where_it_comes_from() -> None:
    found = asyncio.run(default_prices([("openai", "gpt-4o"), ("openai", "nope")], date(2026, 10, 1)))
    rates = Rates(input=2_500_000_000, output=10_000_000_000, cache_read=1_250_000_000)
    expected = Price(rates, f"genai-prices {data_version}", as_of="2026-10-01")
    assert {("openai", "gpt-4o"): Listed(expected, context_window=128_000)} == found


def test_sound_has_a_price_of_its_own() -> None:
    found = asyncio.run(default_prices([("openai", "gpt-audio")], date(2026, 10, 1)))
    modal = ModalRates(audio_input=32_000_000_000, audio_output=64_000_000_000)
    price = found["openai", "gpt-audio"].price
    assert Rates(2_500_000_000, 10_000_000_000, modal=modal) == (price and price.rates)


def test_nothing_wanted_starts_no_child(tmp_path: Path) -> None:
    assert {} == asyncio.run(default_prices([], program=tmp_path / "missing.py"))


@pytest.mark.parametrize("source", ["raise SystemExit(1)", "print('nonsense')", "print('{}')"])
def test_failed_child_is_a_fault(tmp_path: Path, source: str) -> None:
    program = tmp_path / "broken.py"
    program.write_text(source)
    with pytest.raises(PricesUnavailable):
        asyncio.run(default_prices([("openai", "gpt-4o")], program=program))


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A child that fills its output pipe, tells its pid and never ends."""
    program = tmp_path / "hanging.py"
    pid = tmp_path / "pid"
    program.write_text(
        "import os, pathlib, sys, time\n"
        "sys.stdout.write('x' * 1000000)\n"
        f"part = pathlib.Path({str(pid) + '.part'!r})\n"
        "part.write_text(str(os.getpid()))\n"
        f"part.rename({str(pid)!r})\n"
        "time.sleep(60)\n"
    )
    return program


def ended(program: Path) -> bool:
    """Whether the child of `hanging` is gone, and not a zombie either."""
    try:
        os.kill(int((program.parent / "pid").read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_cancelled_look_up_leaves_no_child(hanging: Path) -> None:
    async def main() -> None:
        task = asyncio.create_task(default_prices([("openai", "gpt-4o")], program=hanging))
        deadline = time.monotonic() + 10
        while not (hanging.parent / "pid").exists():
            assert deadline > time.monotonic()
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended(hanging)

    asyncio.run(main())


def test_child_that_takes_too_long_is_killed(hanging: Path) -> None:
    with pytest.raises(PricesUnavailable, match="TimeoutError"):
        asyncio.run(default_prices([("openai", "gpt-4o")], program=hanging, timeout=1.5))
    assert ended(hanging)
