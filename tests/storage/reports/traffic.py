"""Usage of every kind, and what it comes to, counted one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from aihub_lite.domain.usage import Outcome, Usage, UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.reports.question import MemberSums, Totals
from aihub_lite.storage.reports.reports import Reports
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import NOON, record

QUARTER_MS = 900_000
DAY_MS = 86_400_000
START = NOON - NOON % DAY_MS
"""Unix ms, the beginning of a UTC day."""
OUTCOMES: tuple[Outcome, ...] = ("ok", "ok", "ok", "ok", "error", "client_gone", "cut_off", "stopped", "interrupted")


def traffic(count: int, seed: int = 1, days: int = 3) -> list[UsageRecord]:
    """Requests of some days, of three models, tokens and people, with and without tags, in the order of their ends."""
    rng = random.Random(seed)
    records = []
    for number in range(count):
        prompt = rng.randrange(1, 5000)
        duration = int(rng.lognormvariate(7, 1))
        records.append(
            record(
                f"r{number:06}",
                started_ms=START + rng.randrange(days * DAY_MS),
                token_id=f"tok_{rng.randrange(3)}",
                token=f"token {number % 3}",
                model=f"model-{rng.randrange(3)}",
                channel=f"channel-{rng.randrange(2)}",
                outcome=rng.choice(OUTCOMES),
                streamed=rng.random() < 0.7,
                error_code=rng.choice(["", "overloaded"]),
                person_id=rng.choice(["", "per_1", "per_2"]),
                team_id=rng.choice(["", "team_1"]),
                tags=rng.choice([(), (), ("a",), ("a", "b"), ("project=x",)]),
                end_user=rng.choice(["", "u-1", "u-2"]),
                usage=Usage(prompt, rng.randrange(900), cache_read_tokens=rng.choice([0, prompt // 2])),
                cost_nano=rng.randrange(10**7),
                saved_nano=rng.choice([None, 1000, -50]),
                first_byte_ms=rng.choice([0, duration // 3]),
                duration_ms=duration,
            )
        )
    return records


async def settled(database: Database, records: Iterable[UsageRecord]) -> Reports:
    """The reports of a database in which these are booked."""
    journal = Journal(database)
    for each in records:
        await journal.settle(each)
    return Reports(database, Cells(database))


async def partly_summed(database: Database, records: Sequence[UsageRecord], count: int) -> Reports:
    """The same, where only the first of them are summed up."""
    reports = await settled(database, records[:count])
    await reports.cells.sum_up_all()
    await settled(database, records[count:])
    return reports


def totals_of(records: Iterable[UsageRecord]) -> Totals:
    """Counted one by one."""
    totals = Totals()
    for each in records:
        one = Totals(
            requests=1,
            errors=each.outcome in ("error", "cut_off"),
            interrupted=each.outcome == "interrupted",
            prompt_tokens=each.usage.prompt_tokens,
            completion_tokens=each.usage.completion_tokens,
            cost_nano=each.cost_nano,
            first_byte_ms=each.first_byte_ms,
            first_bytes=each.first_byte_ms > 0,
        )
        totals = Totals(*(mine + other for mine, other in zip(totals, one, strict=True)))
    return totals


def parted(
    records: Iterable[UsageRecord], edges: list[int], keys: Callable[[UsageRecord], Iterable[tuple[str, ...]]]
) -> dict[tuple[int, tuple[str, ...]], Totals]:
    """The totals of each step and member; `keys` says of whom a record is."""
    groups: dict[tuple[int, tuple[str, ...]], list[UsageRecord]] = {}
    for each in records:
        for step in range(len(edges) - 1):
            if edges[step] * 1000 <= each.started_ms < edges[step + 1] * 1000:
                for key in keys(each):
                    groups.setdefault((step, key), []).append(each)
    return {group: totals_of(members) for group, members in groups.items()}


def shown(parts: Iterable[MemberSums]) -> dict[tuple[int, tuple[str, ...]], Totals]:
    """Parts by step and member."""
    return {(part.step, part.members): part.totals for part in parts}
