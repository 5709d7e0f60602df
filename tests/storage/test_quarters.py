"""The sums of a quarter of an hour are those of its records, whatever the records and the reader's zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.columns import row_values
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.statistics import PartSums, Statistics, Sums
from aihub_lite.storage.usage import Dimension, Usages, UsageSum
from tests.storage.facts import NOON, record, with_database, written_at
from tests.support.examples import examples

DAY_MS = 86_400_000
CHANGES = (
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/St_Johns", "2026-03-08"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Asia/Kathmandu", "2026-01-01"),
    ("Pacific/Chatham", "2026-09-27"),
)
"""A zone, and a day on which its clocks change, if they ever do: by an hour, or by half of one."""


def midnights(zone: str, day: str) -> list[int]:
    """Where the days around one begin, in Unix seconds."""
    first = datetime.fromisoformat(day) - timedelta(days=2)
    return [int((first + timedelta(days=n)).replace(tzinfo=ZoneInfo(zone)).timestamp()) for n in range(6)]


@st.composite
def spans(draw: st.DrawFn) -> tuple[list[int], list[UsageRecord]]:
    """The edges of some days, and records in, around and exactly at them."""
    edges = midnights(*draw(st.sampled_from(CHANGES)))
    near = st.builds(lambda edge, off: edge * 1000 + off, st.sampled_from(edges), st.integers(-2, 2))
    moments = near | st.integers((edges[0] - 7200) * 1000, (edges[-1] + 7200) * 1000)
    records = st.builds(
        record,
        started_ms=moments,
        token_id=st.sampled_from(["t1", "t2"]),
        model=st.sampled_from(["a", "b"]),
        channel=st.sampled_from(["", "x"]),
        outcome=st.sampled_from(["ok", "error", "cut_off", "client_gone", "interrupted"]),
        usage=st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
        cost_nano=st.integers(0, 10**12),
        first_byte_ms=st.integers(0, 5),
    )
    drawn = draw(st.lists(records, max_size=12))
    return edges, [attrs.evolve(row, request_id=f"r{number}") for number, row in enumerate(drawn)]


def summed(records: Sequence[UsageRecord]) -> Sums:
    """What records come to, one by one."""
    return Sums(
        requests=len(records),
        errors=sum(row.outcome in ("error", "cut_off") for row in records),
        prompt_tokens=sum(row.usage.prompt_tokens for row in records),
        completion_tokens=sum(row.usage.completion_tokens for row in records),
        cost_nano=sum(row.cost_nano for row in records),
        first_byte_ms=sum(row.first_byte_ms for row in records),
        first_bytes=sum(row.first_byte_ms > 0 for row in records),
    )


def of_step(records: Sequence[UsageRecord], edges: Sequence[int], step: int) -> list[UsageRecord]:
    return [row for row in records if edges[step] * 1000 <= row.started_ms < edges[step + 1] * 1000]


def expected_parts(records: Sequence[UsageRecord], edges: Sequence[int], field: str) -> dict[tuple[int, str], Sums]:
    groups: dict[tuple[int, str], list[UsageRecord]] = defaultdict(list)
    for step in range(len(edges) - 1):
        for row in of_step(records, edges, step):
            groups[step, getattr(row, field)].append(row)
    return {key: summed(group) for key, group in groups.items()}


def with_records(records: Sequence[UsageRecord], work: Any) -> Any:
    """What `work(database)` returns once the records are settled."""

    async def run(database: Database) -> Any:
        for row in records:
            await Journal(database).settle(row)
        return await work(database)

    with TemporaryDirectory() as directory:
        return with_database(Path(directory) / "a.db", run)


@settings(max_examples=examples(8), deadline=None)
@given(spans())
def test_steps_of_a_readers_days_are_the_sums_of_their_records(
    span: tuple[list[int], list[UsageRecord]],
) -> None:
    edges, records = span

    async def work(database: Database) -> tuple[list[Sums], list[Sums], list[list[PartSums]]]:
        statistics = Statistics(database)
        parts = [await statistics.parts(by, edges) for by in ("token", "model", "channel")]
        return await statistics.steps(edges), await statistics.steps(edges, "t2"), parts

    everything, of_one, parts = with_records(records, work)
    steps = range(len(edges) - 1)
    assert [summed(of_step(records, edges, step)) for step in steps] == everything
    theirs = [row for row in records if row.token_id == "t2"]
    assert [summed(of_step(theirs, edges, step)) for step in steps] == of_one
    for field, members in zip(("token_id", "model", "channel"), parts, strict=True):
        assert expected_parts(records, edges, field) == {(part.step, part.id): part.sums for part in members}


@settings(max_examples=examples(8), deadline=None)
@given(spans(), st.integers(-3600_000, 5 * DAY_MS))
def test_sums_since_a_moment_are_those_of_the_records(span: tuple[list[int], list[UsageRecord]], after: int) -> None:
    edges, records = span
    since_ms = edges[0] * 1000 + after

    async def work(database: Database) -> tuple[list[list[UsageSum]], list[UsageSum]]:
        dimensions: tuple[Dimension, ...] = ("token", "model", "channel", "day")
        usages = Usages(database)
        return [await usages.sums(by, since_ms) for by in dimensions], await usages.models_of("t2", since_ms)

    by_dimension, of_one = with_records(records, work)
    late = [row for row in records if row.started_ms >= since_ms]
    for sums, own in [
        *((sums, late) for sums in by_dimension),
        (of_one, [row for row in late if row.token_id == "t2"]),
    ]:
        total = summed(own)
        assert (total.requests, total.errors, total.cost_nano, total.prompt_tokens) == tuple(
            sum(getattr(part, name) for part in sums) for name in ("requests", "errors", "cost_nano", "prompt_tokens")
        )


def test_deleting_old_records_keeps_their_sums(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[int, int]:
        await Journal(database).settle(record("r1"))
        await database.write(("DELETE FROM usage_records", ()))
        edges = [NOON // 1000 - DAY_MS // 1000, NOON // 1000 + DAY_MS // 1000]
        (sums,) = await Statistics(database).steps(edges)
        (usage,) = await Usages(database).sums("model", 0)
        return sums.requests, usage.requests

    assert (1, 1) == with_database(tmp_path / "a.db", work)


def test_records_from_before_the_sums_are_counted_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    records = [record(f"r{n}", started_ms=NOON + n * 600_000, first_byte_ms=n, outcome="error") for n in range(9)]
    written_at(5, path, records)

    async def work(database: Database) -> list[dict[str, Any]]:
        tables = [await database.read(f"SELECT * FROM {table}") for table in ("usage_by_token", "usage_by_model")]
        return [row_values(row, ("quarter", "requests", "errors", "first_byte_ms")) for rows in tables for row in rows]

    quarters: dict[int, list[UsageRecord]] = defaultdict(list)
    for row in records:
        quarters[row.started_ms // 900_000].append(row)
    expected = [
        {"quarter": quarter, "requests": len(own), "errors": len(own), "first_byte_ms": summed(own).first_byte_ms}
        for quarter, own in sorted(quarters.items())
    ]
    assert expected * 2 == with_database(path, work)
