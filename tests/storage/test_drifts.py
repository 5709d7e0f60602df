"""What channels' last answers drifted, as the book has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.usage import DRIFT_WINDOW
from aihub_lite.storage.channels import Channels
from aihub_lite.storage.drifts import MEDIANS, Drifts
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import CHANNEL, NOON, record, with_database


def drift(path: Path, drifts: Sequence[float | None], created_ms: int = 0, channel: str = CHANNEL.name) -> float | None:
    """The channel's own, after answers with these, a millisecond apart."""

    async def work(database: Database) -> float | None:
        await Channels(database).insert(attrs.evolve(CHANNEL, created_at=created_ms // 1000))
        for number, figure in enumerate(drifts):
            row = record(f"r{number}", started_ms=NOON + number, channel=channel)
            await Journal(database).settle(attrs.evolve(row, drift=figure))
        return (await Drifts(database).of_channels()).get(CHANNEL.id)

    found: float | None = with_database(path, work)
    return found


@pytest.mark.parametrize(
    ("drifts", "expected"),
    [
        ([2.0] * DRIFT_WINDOW, 2.0),
        ([2.0] * (DRIFT_WINDOW - 1), None),
        ([2.0] * (DRIFT_WINDOW - 1) + [None] * 20, None),
        ([9.0] * 300 + [1.0] * DRIFT_WINDOW, 1.0),
        ([1.0] * (DRIFT_WINDOW // 2) + [2.0] * (DRIFT_WINDOW // 2), 1.5),
        ([1.0] * 26 + [40.0] * 24, 1.0),
    ],
)
def test_a_channels_drift_is_the_median_of_its_last_fifty(
    tmp_path: Path, drifts: list[float | None], expected: float | None
) -> None:
    assert expected == drift(tmp_path / "a.db", drifts)


def test_channels_that_are_not_asked_for_are_left_out(tmp_path: Path) -> None:
    async def work(database: Database) -> list[dict[str, float]]:
        await Channels(database).insert(CHANNEL)
        for number in range(DRIFT_WINDOW):
            row = record(f"r{number}", started_ms=NOON + number, channel=CHANNEL.name)
            await Journal(database).settle(attrs.evolve(row, drift=2.0))
        drifts = Drifts(database)
        return [await drifts.of_channels(ids) for ids in ([CHANNEL.id], ["another"], [])]

    assert [{CHANNEL.id: 2.0}, {}, {}] == with_database(tmp_path / "a.db", work)


def test_another_channels_answers_do_not_count(tmp_path: Path) -> None:
    assert drift(tmp_path / "a.db", [2.0] * DRIFT_WINDOW, channel="other") is None


def test_answers_of_an_earlier_channel_of_the_same_name_do_not_count(tmp_path: Path) -> None:
    assert drift(tmp_path / "a.db", [2.0] * DRIFT_WINDOW, created_ms=NOON + 60_000) is None


def test_the_book_is_not_searched_for_them(tmp_path: Path) -> None:
    """One window of an index that holds all that is asked for, whatever else the book has."""
    path = tmp_path / "a.db"
    drift(path, [2.0])
    with closing(sqlite3.connect(path)) as connection:
        plan = [
            row[-1]
            for row in connection.execute(f"EXPLAIN QUERY PLAN {MEDIANS}", {"window": DRIFT_WINDOW, "ids": None})
        ]
    reads = [step for step in plan if "usage_records" in step]
    assert ["SEARCH usage_records USING COVERING INDEX usage_records_drift (channel=? AND started_ms>?)"] == reads
