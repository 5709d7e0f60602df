"""Refused calls are folded: by minute, caller, code and model, and a flood of strangers costs a few rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.token import Token
from aihub_lite.errors import GatewayError, ModelNotAllowed, NoChannel, RateLimited, StorageUnavailable, Unauthenticated
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.refusals.book import RefusalBook, RefusalBounds
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import TOKEN
from tests.support.clock import ManualClock
from tests.support.storage import refusing

BOUNDS = RefusalBounds(of_token=3, of_strangers=4, of_all=6)


@attrs.define(eq=False)
class Desk:
    """A book over a real database, and what is noted in it."""

    clock: ManualClock
    database: Database
    book: RefusalBook
    tokens: dict[str, Token]
    _number: int = 0

    def refuse(
        self, error: GatewayError, token_id: str = "", *, model: str = "", address: str = "192.0.2.1", times: int = 1
    ) -> str:
        """Note a refusal; returns the id of the last request."""
        request_id = ""
        for _ in range(times):
            self._number += 1
            request_id = f"{int(self.clock.wall() * 1000):012x}abcdef{self._number:06x}"
            scope = {"path": "/v1/chat/completions", "headers": [(b"user-agent", b"curl/8.5.0")]}
            exchange = Exchange(scope, None, None, request_id, self.clock.monotonic(), address)  # type: ignore[arg-type]
            exchange.model = model
            self.book.note(exchange, error, token_id)
        return request_id

    async def rows(self) -> list[Refusal]:
        """What is on the disk, newest first."""
        await self.book.flush()
        return [row for _, row in await Refusals(self.database).page(RecordFilter(), limit=1000)]


def play(directory: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = ManualClock()
        tokens = {"t1": attrs.evolve(TOKEN, name="bob")}
        async with await Database.open(directory / "a.db") as database:
            book = RefusalBook(clock, Refusals(database), tokens.get, BOUNDS)
            await story(Desk(clock, database, book, tokens))

    asyncio.run(run())


def test_calls_of_a_minute_that_are_alike_are_one_row_with_the_last_ids(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        error = NoChannel("gpt-9", "default")
        desk.refuse(error, "t1", model="gpt-9", times=499)
        last = desk.refuse(error, "t1", model="gpt-9")
        (row,) = await desk.rows()
        assert (500, "bob", "t1", "") == (row.times, row.token, row.token_id, row.network)
        assert (503, "model_not_found", "gpt-9", error.message) == (
            row.status,
            row.error_code,
            row.model,
            row.error_text,
        )
        assert ("/v1/chat/completions", "curl/8.5.0", last, 8) == (
            row.path,
            row.client,
            row.request_ids[-1],
            len(row.request_ids),
        )

    play(tmp_path, story)


def test_each_minute_caller_code_and_model_has_a_row(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for _ in range(2):
            desk.refuse(ModelNotAllowed("no"), "t1", model="a")
            desk.refuse(ModelNotAllowed("no"), "t1", model="b")
            desk.refuse(RateLimited("slow down", 1), "t1", model="b")
            desk.refuse(Unauthenticated())
            desk.clock.advance(60)
        rows = await desk.rows()
        assert [1] * 8 == [row.times for row in rows]
        assert 4 == len({(row.token_id, row.network, row.error_code, row.model) for row in rows})

    play(tmp_path, story)


def test_a_row_grows_after_it_was_written(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.refuse(Unauthenticated(), times=2)
        first = await desk.rows()
        desk.refuse(Unauthenticated(), times=3)
        assert ([2], [5]) == ([row.times for row in first], [row.times for row in await desk.rows()])

    play(tmp_path, story)


def test_a_flood_from_a_thousand_addresses_costs_a_few_rows(tmp_path: Path) -> None:
    """Strangers could otherwise fill the disk, a row for each address that they have."""

    async def story(desk: Desk) -> None:
        for number in range(1000):
            desk.refuse(Unauthenticated(), address=f"198.51.{number // 256}.{number % 256}")
        rows = await desk.rows()
        others = [row for row in rows if not row.network]
        assert (5, 1000, [996]) == (len(rows), sum(row.times for row in rows), [row.times for row in others])

    play(tmp_path, story)


def test_a_token_that_asks_for_ever_new_models_has_a_few_rows(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(100):
            desk.refuse(NoChannel(f"m{number}", "default"), "t1", model=f"m{number}")
        rows = await desk.rows()
        assert (4, 100, {"t1"}) == (len(rows), sum(row.times for row in rows), {row.token_id for row in rows})

    play(tmp_path, story)


def test_tokens_together_have_so_many_rows(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(50):
            desk.refuse(ModelNotAllowed("no"), f"t{number}", model="m")
        rows = await desk.rows()
        assert (7, 50) == (len(rows), sum(row.times for row in rows))

    play(tmp_path, story)


def test_addresses_of_one_subscriber_are_one_caller(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(10):
            desk.refuse(Unauthenticated(), address=f"2001:db8::{number:x}")
        (row,) = await desk.rows()
        assert (10, "2001:db8::/64") == (row.times, row.network)

    play(tmp_path, story)


@pytest.mark.parametrize("address", ["", "tell me a story", "9" * 5000])
def test_what_is_no_address_is_kept_as_none(tmp_path: Path, address: str) -> None:
    """Behind a trusted proxy a caller writes it."""

    async def story(desk: Desk) -> None:
        desk.refuse(Unauthenticated(), address=address)
        (row,) = await desk.rows()
        assert "unknown" == row.network

    play(tmp_path, story)


def test_a_model_that_is_a_text_is_neither_a_name_nor_in_the_sentence(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        said = "my cat is ill, what now"
        desk.refuse(NoChannel(said, "default"), "t1", model=said, times=2)
        (row,) = await desk.rows()
        assert ("my…", 2) == (row.model, row.times)
        assert "No available channel for model my… under group default" == row.error_text

    play(tmp_path, story)


def test_what_the_disk_refuses_is_written_once_it_takes_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        async with refusing(desk.database):
            for _ in range(3):
                desk.refuse(Unauthenticated())
                with pytest.raises(StorageUnavailable):
                    await desk.book.flush()
                desk.clock.advance(60)
        assert [1, 1, 1] == [row.times for row in await desk.rows()]

    play(tmp_path, story)


def test_on_a_disk_that_takes_nothing_memory_is_bounded(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for _ in range(20):
            desk.refuse(Unauthenticated())
            desk.clock.advance(60)
        assert BOUNDS.of_all + 1 == len(await desk.rows())

    play(tmp_path, story)


def test_calls_of_a_token_that_gets_another_owner_are_another_row(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        error = NoChannel("gpt-9", "default")
        desk.refuse(error, "t1", model="gpt-9", times=2)
        desk.tokens["t1"] = attrs.evolve(TOKEN, person_id="per_2", team_id="")
        desk.refuse(error, "t1", model="gpt-9")
        rows = await desk.rows()
        assert {("per_1", "team_1", 2), ("per_2", "", 1)} == {(row.person_id, row.team_id, row.times) for row in rows}

    play(tmp_path, story)


def test_calls_of_a_token_of_the_gateways_own_and_of_strangers_are_nobodys(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.tokens["t1"] = attrs.evolve(TOKEN, person_id="", team_id="")
        desk.refuse(Unauthenticated(), "t1")
        desk.refuse(Unauthenticated())
        assert [("", "")] * 2 == [(row.person_id, row.team_id) for row in await desk.rows()]

    play(tmp_path, story)
