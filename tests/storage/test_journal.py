"""Money in the database: charged once, never lost, never twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.modal import MODAL, Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.storage.database import Database
from aihub_lite.storage.faults import Duplicate
from aihub_lite.storage.ledger import HOLD_COLUMNS, INTERRUPT, RECORD_COLUMNS, HoldRow, Ledger
from aihub_lite.storage.tokens import Tokens
from aihub_lite.storage.usage import Usages
from tests.storage.facts import NOON, TOKEN, hold, record, with_database

DAY_MS = 86_400_000


async def state(database: Database) -> tuple[int, int, int]:
    """What token t1 has spent, how many holds there are, how many records."""
    rows = await database.read(
        "SELECT (SELECT spent_nano FROM tokens), (SELECT count(*) FROM holds), (SELECT count(*) FROM usage_records)"
    )
    spent, holds, records = rows[0]
    return spent, holds, records


async def opened_with_token(database: Database) -> Ledger:
    await Tokens(database).insert(TOKEN)
    return Ledger(database)


def test_a_settle_charges_and_ends_the_hold(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[int, int, int]]:
        ledger = await opened_with_token(database)
        await ledger.hold(hold())
        held = await state(database)
        await ledger.settle(record())
        return [held, await state(database)]

    assert [(0, 1, 0), (1000, 0, 1)] == with_database(tmp_path / "a.db", work)


def test_a_hold_and_its_settle_in_one_group_leave_no_hold(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        ledger = await opened_with_token(database)
        held, settled = ledger.hold(hold()), ledger.settle(record())
        await asyncio.gather(held, settled)
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


def test_settling_twice_charges_once(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        ledger = await opened_with_token(database)
        await ledger.settle(record())
        await ledger.settle(record(cost_nano=5))
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


def test_settling_twice_in_one_group_charges_once(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        ledger = await opened_with_token(database)
        await asyncio.gather(ledger.settle(record()), ledger.settle(record()))
        return await state(database)

    assert (1000, 0, 1) == with_database(tmp_path / "a.db", work)


def test_a_charge_other_than_the_cost_is_what_the_token_pays(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        ledger = await opened_with_token(database)
        await ledger.settle(record(), charge_nano=400)
        return await state(database)

    assert (400, 0, 1) == with_database(tmp_path / "a.db", work)


def test_a_released_hold_charges_nothing(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int, int]:
        ledger = await opened_with_token(database)
        await asyncio.gather(ledger.hold(hold()), ledger.release("r1"))
        return await state(database)

    assert (0, 0, 0) == with_database(tmp_path / "a.db", work)


def test_every_field_of_a_hold_is_written_to_its_own_column(tmp_path: Path) -> None:
    row = hold(channel="main", upstream_model="gpt-4o-2024-11-20")

    async def work(database: Database) -> dict[str, Any]:
        await Ledger(database).hold(row)
        return dict((await database.read("SELECT * FROM holds"))[0])

    assert attrs.asdict(row) == with_database(tmp_path / "a.db", work)


def test_holds_of_a_dead_run_are_booked_at_the_cost_of_their_prompts(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, dict[str, Any], tuple[int, int, int]]:
        ledger = await opened_with_token(database)
        await ledger.hold(hold())
        booked = await ledger.interrupted(NOON + 5000, "boot-2")
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


def test_a_crash_forgets_how_many_images_were_asked_for(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, str]:
        ledger = await opened_with_token(database)
        await ledger.hold(hold(units=3, unit="image"))
        await ledger.interrupted(NOON + 5000, "boot-2")
        row = (await database.read("SELECT units, unit FROM usage_records"))[0]
        return row["units"], row["unit"]

    assert (3, "image") == with_database(tmp_path / "a.db", work)


def test_a_record_loses_its_units(tmp_path: Path) -> None:
    async def work(database: Database) -> Usage:
        ledger = await opened_with_token(database)
        await ledger.settle(record(usage=Usage(1, 2, units=4321, unit="millisecond")))
        found = await Usages(database).find("r1")
        assert found is not None
        return found.usage

    assert Usage(1, 2, units=4321, unit="millisecond") == with_database(tmp_path / "a.db", work)


def test_a_crash_forgets_what_of_a_prompt_was_sound(tmp_path: Path) -> None:
    async def work(database: Database) -> str:
        ledger = await opened_with_token(database)
        await ledger.hold(hold(modal=Modal(audio_input=5)))
        await ledger.interrupted(NOON + 5000, "boot-2")
        return str((await database.read("SELECT modal FROM usage_records"))[0]["modal"])

    assert '{"audio_input":5}' == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize("modal", [None, Modal(audio_input=7), Modal(**dict.fromkeys(MODAL, 9))], ids=str)
def test_a_record_loses_which_tokens_were_no_text(tmp_path: Path, modal: Modal | None) -> None:
    async def work(database: Database) -> Usage:
        ledger = await opened_with_token(database)
        await ledger.settle(record(usage=Usage(100, 200, modal=modal)))
        found = await Usages(database).find("r1")
        assert found is not None
        return found.usage

    assert Usage(100, 200, modal=modal) == with_database(tmp_path / "a.db", work)


def test_holds_of_this_run_are_not_booked_as_interrupted(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, tuple[int, int, int]]:
        ledger = await opened_with_token(database)
        await ledger.hold(hold())
        return await ledger.interrupted(NOON, "boot-1"), await state(database)

    assert (0, (0, 1, 0)) == with_database(tmp_path / "a.db", work)


def test_a_hold_twice_is_an_error_of_its_own(tmp_path: Path) -> None:
    async def work(database: Database) -> list[int | BaseException]:
        ledger = await opened_with_token(database)
        holds: list[HoldRow] = [hold("r1"), hold("r1"), hold("r2")]
        return await asyncio.gather(*(ledger.hold(row) for row in holds), return_exceptions=True)

    first, second, third = with_database(tmp_path / "a.db", work)
    assert (1, Duplicate, 1) == (first, type(second), third)


@pytest.mark.parametrize(
    ("since_ms", "expected"),
    [
        pytest.param(0, 1111, id="everything"),
        pytest.param(NOON - DAY_MS + 1, 1110, id="after the first"),
        pytest.param(NOON, 1110, id="an instant counts itself"),
        pytest.param(NOON + 1, 1100, id="within a day"),
        pytest.param(NOON - NOON % DAY_MS + DAY_MS, 1000, id="from midnight"),
        pytest.param(NOON + 9 * DAY_MS, 0, id="the future"),
    ],
)
def test_a_budget_counts_from_its_instant(tmp_path: Path, since_ms: int, expected: int) -> None:
    async def work(database: Database) -> int:
        ledger = await opened_with_token(database)
        times = ((NOON - DAY_MS, 1), (NOON, 10), (NOON + 1, 100), (NOON + DAY_MS, 1000))
        for number, (started_ms, cost) in enumerate(times):
            await ledger.settle(record(f"r{number}", started_ms=started_ms, cost_nano=cost))
        await ledger.settle(record("other", token_id="t2", cost_nano=5))
        return await ledger.spent_since("t1", since_ms)

    assert expected == with_database(tmp_path / "a.db", work)


def test_booking_interrupted_holds_fills_every_column() -> None:
    assert all(name in INTERRUPT for name in (*HOLD_COLUMNS[:1], *RECORD_COLUMNS))
