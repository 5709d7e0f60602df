"""Money in the database: charged once, never lost, never twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import MODAL, Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.journal import HOLD_COLUMNS, INTERRUPT, HoldRow, Journal
from aihub_lite.storage.records import RECORD_COLUMNS
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import Duplicate
from aihub_lite.storage.tokens import Tokens
from aihub_lite.storage.usage import Usages
from tests.storage.facts import NOON, TOKEN, hold, record, with_database

DAY_MS = 86_400_000
MIDNIGHT = NOON - NOON % DAY_MS
LATER = NOON + 20 * DAY_MS


async def state(database: Database) -> tuple[int, int, int]:
    """What token t1 has spent, how many holds there are, how many records."""
    rows = await database.read(
        "SELECT (SELECT spent_nano FROM tokens), (SELECT count(*) FROM holds), (SELECT count(*) FROM usage_records)"
    )
    spent, holds, records = rows[0]
    return spent, holds, records


async def opened_with_token(database: Database) -> Journal:
    await Tokens(database).insert(TOKEN)
    return Journal(database)


def test_a_settle_charges_and_ends_the_hold(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[int, int, int]]:
        journal = await opened_with_token(database)
        await journal.hold(hold())
        held = await state(database)
        await journal.settle(record())
        return [held, await state(database)]

    assert [(0, 1, 0), (1000, 0, 1)] == with_database(tmp_path / "a.db", work)


def test_a_hold_and_its_settle_in_one_group_leave_no_hold(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        journal = await opened_with_token(database)
        held, settled = journal.hold(hold()), journal.settle(record())
        await asyncio.gather(held, settled)
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


@pytest.mark.attack("T-49")
def test_a_hold_that_is_settled_in_its_own_group_is_not_written(tmp_path: Path) -> None:
    """A row that the same commit deletes again was a fifth of what a request wrote."""

    async def work(database: Database) -> list[int]:
        journal = await opened_with_token(database)
        await database.write(
            ("CREATE TABLE written (request_id TEXT)", ()),
            ("CREATE TRIGGER look AFTER INSERT ON holds BEGIN INSERT INTO written VALUES (NEW.request_id); END", ()),
        )
        await asyncio.gather(journal.hold(hold()), journal.hold(hold("other")), journal.settle(record()))
        return [row["request_id"] for row in await database.read("SELECT request_id FROM written")]

    assert ["other"] == with_database(tmp_path / "a.db", work)


def test_settling_twice_charges_once(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        journal = await opened_with_token(database)
        await journal.settle(record())
        await journal.settle(record(cost_nano=5))
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


@pytest.mark.attack("T-49")
def test_settling_twice_in_one_group_charges_once(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        journal = await opened_with_token(database)
        await asyncio.gather(journal.settle(record()), journal.settle(record()))
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


def test_every_field_of_a_hold_is_written_to_its_own_column(tmp_path: Path) -> None:
    row = hold(units=3, unit="image", person_id="per_1", team_id="team_1", tags=("ci",), end_user="u-17")

    async def work(database: Database) -> dict[str, Any]:
        await Journal(database).hold(row)
        return dict((await database.read("SELECT * FROM holds"))[0])

    assert {**attrs.asdict(row), "tags": '["ci"]', "channel": "", "upstream_model": ""} == with_database(
        tmp_path / "a.db", work
    )


def test_holds_of_a_dead_run_are_booked_at_the_cost_of_their_prompts(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, dict[str, Any], tuple[int, int, int]]:
        journal = await opened_with_token(database)
        await journal.hold(hold())
        booked = await journal.interrupted(NOON + 5000, "boot-2")
        row = (await database.read("SELECT * FROM usage_records"))[0]
        return booked, {name: row[name] for name in RECORD_COLUMNS}, await state(database)

    booked, row, after = with_database(tmp_path / "a.db", work)
    assert (1, (700, 0, 1)) == (booked, after)
    assert {
        "request_id": "r1",
        "outcome": "interrupted",
        "usage_source": "estimated",
        "prompt_tokens": 7,
        "completion_tokens": 0,
        "cost_nano": 700,
        "duration_ms": 5000,
    } == {
        name: row[name]
        for name in (
            "request_id",
            "outcome",
            "usage_source",
            "prompt_tokens",
            "completion_tokens",
            "cost_nano",
            "duration_ms",
        )
    }


def test_a_crash_books_the_fee_of_the_request_that_was_held(tmp_path: Path) -> None:
    async def work(database: Database) -> Usage:
        journal = await opened_with_token(database)
        await journal.hold(hold(hosted=Hosted(request=1)))
        await journal.interrupted(NOON + 5000, "boot-2")
        stored = await Usages(database).find("r1")
        assert stored is not None
        return stored.usage

    assert Hosted(request=1) == with_database(tmp_path / "a.db", work).hosted


def test_what_ran_at_the_provider_comes_back(tmp_path: Path) -> None:
    usage = Usage(1, 2, hosted=Hosted(web_search=4321, request_low=1))

    async def work(database: Database) -> Usage:
        journal = await opened_with_token(database)
        await journal.settle(record(usage=usage))
        stored = await Usages(database).find("r1")
        assert stored is not None
        return stored.usage

    assert usage == with_database(tmp_path / "a.db", work)


def test_a_crash_books_the_units_of_the_hold(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, str]:
        journal = await opened_with_token(database)
        await journal.hold(hold(units=3, unit="image"))
        await journal.interrupted(NOON + 5000, "boot-2")
        row = (await database.read("SELECT units, unit FROM usage_records"))[0]
        return row["units"], row["unit"]

    assert (3, "image") == with_database(tmp_path / "a.db", work)


def test_the_units_of_a_record_come_back(tmp_path: Path) -> None:
    async def work(database: Database) -> Usage:
        journal = await opened_with_token(database)
        await journal.settle(record(usage=Usage(1, 2, units=4321, unit="millisecond")))
        stored = await Usages(database).find("r1")
        assert stored is not None
        return stored.usage

    assert Usage(1, 2, units=4321, unit="millisecond") == with_database(tmp_path / "a.db", work)


def test_a_crash_books_which_tokens_of_the_prompt_were_sound(tmp_path: Path) -> None:
    async def work(database: Database) -> str:
        journal = await opened_with_token(database)
        await journal.hold(hold(modal=Modal(audio_input=5)))
        await journal.interrupted(NOON + 5000, "boot-2")
        return str((await database.read("SELECT modal FROM usage_records"))[0]["modal"])

    assert '{"audio_input":5}' == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("modal", [None, Modal(audio_input=7), Modal(**dict.fromkeys(MODAL, 9))], ids=str)
def test_a_record_comes_back_with_its_tokens_that_are_no_text(tmp_path: Path, modal: Modal | None) -> None:
    async def work(database: Database) -> Usage:
        journal = await opened_with_token(database)
        await journal.settle(record(usage=Usage(100, 200, modal=modal)))
        stored = await Usages(database).find("r1")
        assert stored is not None
        return stored.usage

    assert Usage(100, 200, modal=modal) == with_database(tmp_path / "a.db", work)


def test_holds_of_this_run_are_not_booked_as_interrupted(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, tuple[int, int, int]]:
        journal = await opened_with_token(database)
        await journal.hold(hold())
        return await journal.interrupted(NOON, "boot-1"), await state(database)

    assert (0, (0, 1, 0)) == with_database(tmp_path / "a.db", work)


def test_a_second_hold_of_a_request_fails_alone(tmp_path: Path) -> None:
    async def work(database: Database) -> list[int | BaseException]:
        journal = await opened_with_token(database)
        holds: list[HoldRow] = [hold("r1"), hold("r1"), hold("r2")]
        return await asyncio.gather(*(journal.hold(row) for row in holds), return_exceptions=True)

    first, second, third = with_database(tmp_path / "a.db", work)
    assert (1, Duplicate, 1) == (first, type(second), third)


@pytest.mark.parametrize(
    ("since_ms", "until_ms", "expected"),
    [
        pytest.param(0, LATER, 1111, id="everything"),
        pytest.param(NOON - DAY_MS + 1, LATER, 1110, id="after the first"),
        pytest.param(NOON, LATER, 1110, id="an instant counts itself"),
        pytest.param(NOON + 1, LATER, 1100, id="within a day"),
        pytest.param(MIDNIGHT + DAY_MS, LATER, 1000, id="from midnight"),
        pytest.param(NOON + 9 * DAY_MS, LATER, 0, id="the future"),
        pytest.param(MIDNIGHT, MIDNIGHT + DAY_MS, 110, id="a day"),
        pytest.param(0, NOON, 1, id="up to an instant"),
        pytest.param(0, NOON + 1, 11, id="an instant ends before the next"),
        pytest.param(NOON, NOON + 1, 10, id="a millisecond"),
        pytest.param(NOON - DAY_MS, NOON + 1, 11, id="from noon to noon"),
        pytest.param(NOON + 1, NOON + DAY_MS, 100, id="from noon to the next"),
        pytest.param(NOON, NOON, 0, id="no time"),
    ],
)
def test_a_budget_counts_what_began_in_its_window_to_the_millisecond(
    tmp_path: Path, since_ms: int, until_ms: int, expected: int
) -> None:
    """What had begun while the clock was ahead counted in every window before, after a restart."""

    async def work(database: Database) -> int:
        journal = await opened_with_token(database)
        times = ((NOON - DAY_MS, 1), (NOON, 10), (NOON + 1, 100), (NOON + DAY_MS, 1000))
        for number, (started_ms, cost) in enumerate(times):
            await journal.settle(record(f"r{number}", started_ms=started_ms, cost_nano=cost))
        await journal.settle(record("other", token_id="t2", cost_nano=5))
        return await journal.spent_between("t1", since_ms, until_ms)

    assert expected == with_database(tmp_path / "a.db", work)


def test_booking_interrupted_holds_fills_every_column() -> None:
    assert all(name in INTERRUPT for name in (*HOLD_COLUMNS[:1], *RECORD_COLUMNS))
