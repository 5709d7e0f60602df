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

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.money import NANO, ModalRates, Price, Rates, cost_of
from aihub_lite.domain.usage import Usage
from aihub_lite.upstream.price_lookup import ModelRef, PricesUnavailable, default_prices
from aihub_lite.upstream.price_table import MODAL
from aihub_lite.wire.chat.usage import usage_of
from tests.support.replay import VECTORS, requires_vectors

ORACLE = VECTORS / "usages.jsonl"
PROVIDERS = frozenset({"openai", "anthropic", "google", "deepseek", "groq", "mistral", "openrouter", "cerebras", "zai"})
ORACLE_DAY = date(2026, 1, 1)
"""The oracle's prices are those of about this day."""

EDITION = "the oracle was made with an edition of the data that had another output price for it"
DIFFERING: dict[ModelRef, str] = {
    ("mistral", "ministral-8b-latest"): EDITION,
}
IN_TOTAL = "the oracle overlooks thoughts that only the total has, at Google's compatible endpoint"
DIFFERING_IN_CHAT = {**DIFFERING, ("google", "gemini-2.5-pro-preview-05-06"): IN_TOTAL}
UNKNOWN = {("cerebras", "qwen-3-coder-480b")}
"""Without any price in the data, which the oracle takes for 0 and we for unpriced."""


@attrs.frozen
class Row:
    ref: ModelRef
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
            for extractor in extracted["extractors"]:
                if "input_price" in extractor and extractor["provider_id"] in PROVIDERS:
                    cost = (Decimal(extractor["input_price"]) + Decimal(extractor["output_price"])) * NANO
                    nano = int(cost.to_integral_value(ROUND_CEILING))
                    ref = extractor["provider_id"], entry["model"]
                    yield Row(ref, extractor["api_flavor"], entry["body"], extracted["usage"], nano)


def prices_of_the_day() -> dict[ModelRef, Price]:
    entries = asyncio.run(default_prices(sorted({row.ref for row in rows()}, key=str), ORACLE_DAY))
    return {ref: entry.price for ref, entry in entries.items() if entry.price}


@requires_vectors
def test_cost_of_recorded_usages_equals_the_price_projects_own_to_the_nano_dollar() -> None:
    every, prices = list(rows()), prices_of_the_day()
    found = [row for row in every if row.ref in prices]
    wrong = {row.ref for row in found if row.nano != cost_of(row.usage, prices[row.ref])}
    assert UNKNOWN == {row.ref for row in every} - prices.keys()
    assert DIFFERING.keys() == wrong
    assert (1200 < len(found), 98) == (True, sum(row.usage.modal is not None for row in found))


@requires_vectors
def test_a_recorded_usage_of_chat_costs_what_the_price_project_says() -> None:
    prices = prices_of_the_day()
    chats = [row for row in rows() if row.ref in prices and "prompt_tokens" in row.body.get("usage", ())]
    read = [(row, usage_of(row.body["usage"])) for row in chats if row.flavour in ("chat", "default")]
    wrong = {row.ref for row, usage in read if usage is None or row.nano != cost_of(usage, prices[row.ref])}
    assert DIFFERING_IN_CHAT.keys() == wrong
    assert len(read) > 300


def test_price_is_exact_and_says_where_it_comes_from() -> None:
    found = asyncio.run(default_prices([("openai", "gpt-4o"), ("openai", "nope")], date(2026, 10, 1)))
    rates = Rates(input=2_500_000_000, output=10_000_000_000, cache_read=1_250_000_000)
    hosted = HostedRates(web_search=10_000_000_000, file_search=2_500_000_000, code_session=30_000_000_000)
    expected = Price(rates, f"genai-prices {data_version}", as_of="2026-10-01", hosted=hosted)
    assert {("openai", "gpt-4o"): TableEntry(expected, context_window=128_000, name="gpt 4o")} == found


def test_sound_has_a_price_of_its_own() -> None:
    found = asyncio.run(default_prices([("openai", "gpt-audio")], date(2026, 10, 1)))
    modal = ModalRates(audio_input=32_000_000_000, audio_output=64_000_000_000)
    price = found["openai", "gpt-audio"].price
    assert Rates(2_500_000_000, 10_000_000_000, modal=modal) == (price and price.rates)


def test_a_cache_of_an_hour_has_a_price_of_its_own() -> None:
    found = asyncio.run(default_prices([("anthropic", "claude-sonnet-4-5")], date(2026, 10, 1)))
    price = found["anthropic", "claude-sonnet-4-5"].price
    assert price is not None
    assert (3_750_000_000, 6_000_000_000) == (price.rates.cache_write, price.rates.cache_write_1h)


@pytest.mark.parametrize(
    ("ref", "usd"),
    [
        (("anthropic", "claude-sonnet-4-5"), {"web_search": 10}),
        (("openai", "claude-sonnet-4.5"), {"web_search": 10}),
        (("google", "gemini-2.5-flash"), {"web_search": 35}),
        (("google", "gemini-3.5-flash"), {"web_search": 14}),
        (("openai", "gpt-4o-search-preview"), {"request": 25}),
        (("openai", "gpt-5-search-api"), {"request": 10}),
        (("perplexity", "sonar"), {"request": 12, "request_low": 5, "request_medium": 8}),
        (("openai", "sonar-pro"), {"request": 14, "request_low": 6, "request_medium": 10}),
        (("perplexity", "sonar-deep-research"), {"web_search": 5}),
        (("x-ai", "grok-4"), {"web_search": 5, "file_search": 2.5, "code_session": 5}),
        (("openrouter", "openai/gpt-4.1-mini"), {"web_search": 10}),
        (("openrouter", "deepseek/deepseek-chat"), {"web_search": 7}),
        (("openrouter", "meta/muse-spark-1.1"), {"web_search": 2.5}),
        (("mistral", "mistral-large-latest"), {}),
    ],
    ids=str,
)
def test_what_a_provider_runs_itself_has_the_rates_that_it_documents(ref: ModelRef, usd: dict[str, float]) -> None:
    price = asyncio.run(default_prices([ref], date(2026, 10, 1)))[ref].price
    assert price is not None
    rates = {} if price.hosted is None else attrs.asdict(price.hosted, filter=lambda _, value: value is not None)
    assert {kind: rate * NANO for kind, rate in usd.items()} == rates


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


def test_a_price_of_the_models_maker_is_marked_as_guessed() -> None:
    own, guessed = ("anthropic", "claude-sonnet-4-5"), ("openai", "claude-sonnet-4-5")
    entries = asyncio.run(default_prices([own, guessed], on=date(2026, 10, 1)))
    at_maker, at_reseller = entries[own].price, entries[guessed].price
    assert at_maker is not None
    assert at_reseller is not None
    assert (False, True) == (at_maker.guessed, at_reseller.guessed)
    assert at_reseller.source.endswith(", guessed")
    assert at_maker.rates == at_reseller.rates
