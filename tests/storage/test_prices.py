"""Prices and aliases survive the database unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import ModalRates, Price, Rates, Tier
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import with_database

TIERED = Price(Rates(1, 2, 3, None, 5), "operator", (Tier(200_000, Rates(10, 20)),))
FLAT = Price(Rates(7, 8), "operator")
MODAL = Price(Rates(7, 8, modal=ModalRates(audio_input=32, image_output=0)), "operator", (Tier(5, Rates(9, 9)),))
OLD = """{"rates":{"input":1,"output":2,"cache_read":3,"cache_write":null,"reasoning":5,"units":null},
    "source":"operator","tiers":[{"above":200000,"rates":{"input":10,"output":20}}],"as_of":""}"""
"""As it was written before tokens that are no text had rates."""


def test_a_price_comes_back_with_its_tiers(tmp_path: Path) -> None:
    async def work(database: Database) -> dict[str, Price]:
        prices = Prices(database)
        await prices.put("gpt-4o", FLAT)
        await prices.put("gpt-4o", TIERED)
        await prices.put("o3", FLAT)
        await prices.put("gpt-audio", MODAL)
        return await prices.load()

    assert {"gpt-4o": TIERED, "gpt-audio": MODAL, "o3": FLAT} == with_database(tmp_path / "a.db", work)


def test_a_price_that_an_older_release_wrote_is_read_as_the_same_price(tmp_path: Path) -> None:
    async def work(database: Database) -> dict[str, Price]:
        await database.write(("INSERT INTO prices VALUES ('gpt-4o', ?)", (OLD,)))
        return await Prices(database).load()

    assert {"gpt-4o": TIERED} == with_database(tmp_path / "a.db", work)


def test_a_deleted_price_is_gone(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[bool, bool, dict[str, Price]]:
        prices = Prices(database)
        await prices.put("gpt-4o", FLAT)
        return await prices.delete("gpt-4o"), await prices.delete("gpt-4o"), await prices.load()

    assert (True, False, {}) == with_database(tmp_path / "a.db", work)


def test_rates_of_hosted_tools_are_kept_beside_the_price_and_go_with_it(tmp_path: Path) -> None:
    rates = HostedRates(web_search=10, code_session=0)

    async def work(database: Database) -> list[Any]:
        prices = Prices(database)
        await prices.put("gpt-4o", FLAT, rates)
        await prices.put_hosted("o3", rates)
        first = await prices.load_hosted()
        await prices.put("gpt-4o", FLAT)
        second = await prices.load_hosted()
        await prices.delete("o3")
        return [first, second, await prices.load_hosted(), await prices.load()]

    both = {"gpt-4o": rates, "o3": rates}
    assert [both, {"o3": rates}, {}, {"gpt-4o": FLAT}] == with_database(tmp_path / "a.db", work)


def test_a_looked_up_price_holds_for_its_table_version_only(tmp_path: Path) -> None:
    entries = {
        ("openai", "gpt-4o"): TableEntry(TIERED, 128_000),
        ("openai", "o0"): TableEntry(None, 10, "o zero"),
        (None, "own"): TableEntry(),
    }

    async def work(database: Database) -> list[Any]:
        prices = Prices(database)
        await prices.put_defaults(entries, "1.0")
        return [await prices.load_defaults("1.0"), await prices.load_defaults("1.1")]

    assert [entries, {}] == with_database(tmp_path / "a.db", work)


def test_looking_up_nothing_writes_nothing(tmp_path: Path) -> None:
    async def work(database: Database) -> Any:
        await Prices(database).put_defaults({}, "1.0")
        return await Prices(database).load_defaults("1.0")

    assert {} == with_database(tmp_path / "a.db", work)


def test_an_alias_can_be_set_moved_and_deleted(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Any]:
        aliases = Aliases(database)
        await aliases.put("fast", "gpt-4o-mini")
        await aliases.put("fast", "o3-mini")
        loaded = await aliases.load()
        return [loaded, await aliases.delete("fast"), await aliases.delete("fast"), await aliases.load()]

    assert [{"fast": "o3-mini"}, True, False, {}] == with_database(tmp_path / "a.db", work)
