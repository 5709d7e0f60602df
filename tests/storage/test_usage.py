"""What an operator sees of the usage."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.usage import Usage, UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.requests.filters import Place, RecordFilter
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.tokens import Tokens
from aihub_lite.storage.usage import Dimension, Usages, UsageSum
from tests.storage.facts import NOON, TOKEN, record, with_database, written_at

DAY_MS = 86_400_000
RECORDS = (
    record("r1", started_ms=NOON - DAY_MS, channel="spare", cost_nano=1),
    record("r2", outcome="error", usage=Usage(), cost_nano=0),
    record("r3", model="o3", token_id="t2", token="gone", cost_nano=50),
    record("r4", outcome="interrupted", cost_nano=7, started_ms=NOON + DAY_MS),
    record("r5", outcome="cut_off", cost_nano=9, started_ms=NOON + 1),
)
PEOPLES = (
    record("p1", person_id="per_1", team_id="team_1", tags=("night", "project=alpha")),
    record("p2", person_id="per_2", team_id="team_1", tags=("nightly",)),
    record("p3", team_id="team_2"),
    record("p4"),
)


async def fill(database: Database) -> Usages:
    await Tokens(database).insert(TOKEN)
    for row in RECORDS:
        await Journal(database).settle(row)
    return Usages(database)


def sums(path: Path, by: Dimension, since_ms: int = 0) -> list[UsageSum]:
    async def work(database: Database) -> list[UsageSum]:
        return await (await fill(database)).sums(by, since_ms)

    rows: list[UsageSum] = with_database(path, work)
    return rows


def test_a_sum_counts_every_kind_of_record(tmp_path: Path) -> None:
    expected = UsageSum(
        key="laptop",
        id="t1",
        requests=4,
        errors=2,
        interrupted=1,
        prompt_tokens=33,
        completion_tokens=66,
        cost_nano=17,
    )
    assert expected == sums(tmp_path / "a.db", "token")[1]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("token", [("gone", 1, 50), ("laptop", 4, 17)]),
        ("model", [("o3", 1, 50), ("gpt-4o", 4, 17)]),
        ("channel", [("main", 4, 66), ("spare", 1, 1)]),
        ("day", [("2025-10-08", 1, 1), ("2025-10-09", 3, 59), ("2025-10-10", 1, 7)]),
    ],
)
def test_usage_is_summed_by_every_dimension(
    tmp_path: Path, by: Dimension, expected: list[tuple[str, int, int]]
) -> None:
    assert expected == [(row.key, row.requests, row.cost_nano) for row in sums(tmp_path / "a.db", by)]


@pytest.mark.parametrize(
    ("since_ms", "expected"), [(NOON - DAY_MS, 5), (NOON, 4), (NOON + 1, 2), (NOON + 2, 1), (NOON + 2 * DAY_MS, 0)]
)
def test_sums_begin_at_the_very_millisecond(tmp_path: Path, since_ms: int, expected: int) -> None:
    assert expected == sum(row.requests for row in sums(tmp_path / "a.db", "model", since_ms))


@pytest.mark.parametrize("since_ms", [0, NOON - DAY_MS])
def test_models_of_one_token_leave_out_those_of_others(tmp_path: Path, since_ms: int) -> None:
    async def work(database: Database) -> list[tuple[str, int]]:
        return [(row.key, row.requests) for row in await (await fill(database)).models_of("t1", since_ms)]

    assert [("gpt-4o", 4)] == with_database(tmp_path / "a.db", work)


def test_a_renamed_token_keeps_its_usage_in_one_row(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[str, int]]:
        usages = await fill(database)
        await Tokens(database).update(attrs.evolve(TOKEN, name="zebra"))
        await Journal(database).settle(record("r6", token="zebra", cost_nano=1))
        return [(row.key, row.requests) for row in await usages.sums("token", 0)]

    assert [("gone", 1), ("zebra", 5)] == with_database(tmp_path / "a.db", work)


def test_every_field_of_a_record_comes_back(tmp_path: Path) -> None:
    async def work(database: Database) -> UsageRecord | None:
        return await (await fill(database)).find("r4")

    assert RECORDS[3] == with_database(tmp_path / "a.db", work)


def test_pages_follow_each_other_newest_first(tmp_path: Path) -> None:
    async def work(database: Database) -> list[list[str]]:
        usages = await fill(database)
        pages = []
        before: Place | None = None
        while page := await usages.records(RecordFilter(), before=before, limit=2):
            pages.append([row.request_id for _, row in page])
            number, last = page[-1]
            before = (last.started_ms, number)
        return pages

    assert [["r4", "r5"], ["r3", "r2"], ["r1"]] == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    ("record_filter", "expected"),
    [
        (RecordFilter(token_id="t2"), ["r3"]),
        (RecordFilter(model="o3"), ["r3"]),
        (RecordFilter(channel="spare"), ["r1"]),
        (RecordFilter(outcome="error"), ["r2"]),
        (RecordFilter(since_ms=NOON + 1), ["r4", "r5"]),
        (RecordFilter(token_id="t1", outcome="ok"), ["r1"]),
    ],
)
def test_filters_leave_only_what_matches(tmp_path: Path, record_filter: RecordFilter, expected: list[str]) -> None:
    async def work(database: Database) -> list[str]:
        return [row.request_id for _, row in await (await fill(database)).records(record_filter)]

    assert expected == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    ("record_filter", "expected"),
    [
        (RecordFilter(person_id="per_1"), ["p1"]),
        (RecordFilter(team_id="team_1"), ["p2", "p1"]),
        (RecordFilter(team_id="team_1", person_id="per_2"), ["p2"]),
        (RecordFilter(tag="night"), ["p1"]),
        (RecordFilter(tag="project=alpha", team_id="team_1"), ["p1"]),
        (RecordFilter(tag="project"), []),
        (RecordFilter(tag='night","project=alpha'), []),
        (RecordFilter(tag=""), []),
        (RecordFilter(person_id=""), []),
        (RecordFilter(team_id=""), []),
    ],
)
def test_records_are_found_by_whose_they_are_and_by_a_whole_tag(
    tmp_path: Path, record_filter: RecordFilter, expected: list[str]
) -> None:
    async def work(database: Database) -> list[str]:
        for row in PEOPLES:
            await Journal(database).settle(row)
        return [row.request_id for _, row in await Usages(database).records(record_filter)]

    assert expected == with_database(tmp_path / "a.db", work)


def test_a_record_from_before_tokens_had_modalities_is_read(tmp_path: Path) -> None:
    written_at(6, tmp_path / "a.db", RECORDS)

    async def work(database: Database) -> list[UsageRecord]:
        return [row for _, row in await Usages(database).records(RecordFilter())]

    assert sorted(RECORDS, key=str) == sorted(with_database(tmp_path / "a.db", work), key=str)
