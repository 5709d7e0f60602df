"""Refused calls on the disk: found by what they are known by, and deleted when they are old or too many."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.requests.refusals import COLUMNS, Refusal, Refusals
from aihub_lite.storage.sqlite.columns import insert_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, migrate
from tests.storage.facts import NOON, with_database


def request_id(started_ms: int, number: int = 0) -> str:
    """As the gate makes one."""
    return f"{started_ms:012x}abcdef{number:06x}"


def refusal(number: int = 0, **changes: Any) -> Refusal:
    """One of NOON that a token without rights got three times."""
    started_ms = changes.get("started_ms", NOON)
    row = Refusal(
        request_id=request_id(started_ms, number),
        started_ms=started_ms,
        last_ms=started_ms + 900,
        times=3,
        request_ids=(request_id(started_ms + 1, number + 1), request_id(started_ms + 900, number + 2)),
        token_id="t1",
        token="laptop",
        network="",
        status=403,
        error_code="model_not_allowed",
        error_text="This token may not use model o3.",
        model="o3",
        path="/v1/chat/completions",
        client="curl/8",
    )
    return attrs.evolve(row, **changes)


ROWS = (
    refusal(0),
    refusal(10, started_ms=NOON + 60_000, token_id="", token="", network="192.0.2.1", status=401, model="",
            error_code="invalid_api_key", error_text="Incorrect API key provided."),
    refusal(20, started_ms=NOON + 120_000, status=404, error_code="model_not_found", model="gpt-9",
            error_text="No available channel for model gpt-9 under group default", person_id="per_1", team_id="team_1"),
)  # fmt: skip


async def filled(database: Database) -> Refusals:
    refusals = Refusals(database)
    await refusals.put(ROWS)
    return refusals


def test_a_row_comes_back_as_it_was_written(tmp_path: Path) -> None:
    async def work(database: Database) -> list[Refusal]:
        return [row for _, row in await (await filled(database)).page(RecordFilter())]

    assert [*reversed(ROWS)] == with_database(tmp_path / "a.db", work)


def test_a_row_that_is_written_again_is_the_same_row_with_its_new_count(tmp_path: Path) -> None:
    later = attrs.evolve(ROWS[0], times=70, last_ms=NOON + 50_000, request_ids=("aa",))

    async def work(database: Database) -> list[Refusal]:
        refusals = await filled(database)
        await refusals.put([later])
        return [row for _, row in await refusals.page(RecordFilter(token_id="t1"))]

    assert [ROWS[2], later] == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    ("record_filter", "expected"),
    [
        (RecordFilter(token_id="t1"), [2, 0]),
        (RecordFilter(model="o3"), [0]),
        (RecordFilter(person_id="per_1"), [2]),
        (RecordFilter(team_id="team_1"), [2]),
        (RecordFilter(team_id=""), []),
        (RecordFilter(tag="night"), []),
        (RecordFilter(code="model_not_found"), [2]),
        (RecordFilter(text="INCORRECT api"), [1]),
        (RecordFilter(text="not_allowed"), [0]),
        (RecordFilter(since_ms=NOON + 1), [2, 1]),
        (RecordFilter(until_ms=NOON + 60_000), [0]),
        (RecordFilter(id=request_id(NOON)[:12]), [0]),
        (RecordFilter(id=request_id(NOON + 60_900, 12)), [1]),
        (RecordFilter(outcome="refused"), [2, 1, 0]),
        (RecordFilter(outcome="failed"), [2, 1, 0]),
        (RecordFilter(outcome="error"), []),
        (RecordFilter(channel="main"), []),
        (RecordFilter(over_ms=1), []),
        (RecordFilter(over_nano=1), []),
    ],
)
def test_a_filter_leaves_only_what_matches(tmp_path: Path, record_filter: RecordFilter, expected: list[int]) -> None:
    async def work(database: Database) -> list[int]:
        rows = await (await filled(database)).page(record_filter)
        return [ROWS.index(row) for _, row in rows]

    assert expected == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (request_id(NOON), 0),
        (request_id(NOON + 1, 1), 0),
        (request_id(NOON + 60_900, 12), 1),
        (request_id(NOON + 2, 1), None),
        ("nobody", None),
        ('"', None),
    ],
)
def test_a_row_is_found_by_its_first_id_and_by_its_last_ones(tmp_path: Path, wanted: str, expected: int | None) -> None:
    async def work(database: Database) -> Refusal | None:
        return await (await filled(database)).find(wanted)

    found = with_database(tmp_path / "a.db", work)
    assert (expected is None, found) == (found is None, found if expected is None else ROWS[expected])


def test_a_row_from_before_owners_were_kept_is_of_whose_its_token_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    columns = [column for column in COLUMNS if column not in ("person_id", "team_id")]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, MIGRATIONS[:27])
        token = {"id": "t1", "name": "hers", "digest": "d", "hint": "h", "created_at": 1, "token_group": "default"}
        token |= {"person_id": "per_1", "team_id": "team_1"}
        names = {row[1] for row in connection.execute("PRAGMA table_info(tokens)")}
        needed = {name: value for name, value in token.items() if name in names}
        required = [row[1] for row in connection.execute("PRAGMA table_info(tokens)") if row[3] and row[4] is None]
        for name in required:
            needed.setdefault(name, "1")
        connection.execute(insert_sql("tokens", tuple(needed)), tuple(needed.values()))
        for row in ROWS[:2]:
            values = [getattr(row, name) if name != "request_ids" else "[]" for name in columns]
            connection.execute(insert_sql("refusals", tuple(columns)), values)

    async def work(database: Database) -> list[tuple[str, str, str]]:
        rows = await Refusals(database).page(RecordFilter())
        return [(row.token_id, row.person_id, row.team_id) for _, row in rows]

    assert [("", "", ""), ("t1", "per_1", "team_1")] == with_database(path, work)


@pytest.mark.parametrize(
    ("before_ms", "most", "left"), [(0, 100, [2, 1, 0]), (NOON + 1, 100, [2, 1]), (0, 2, [2, 1]), (0, 0, [])]
)
def test_what_is_old_or_too_many_is_deleted(tmp_path: Path, before_ms: int, most: int, left: list[int]) -> None:
    async def work(database: Database) -> tuple[int, list[int]]:
        refusals = await filled(database)
        deleted = await refusals.delete(before_ms, 10, most)
        return deleted, [ROWS.index(row) for _, row in await refusals.page(RecordFilter())]

    assert (3 - len(left), left) == with_database(tmp_path / "a.db", work)
