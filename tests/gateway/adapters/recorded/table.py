"""The table: how many exchanges of each project and provider there are, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from tests.gateway.adapters.recorded.bills import Bill, bills_of
from tests.gateway.adapters.recorded.checks import check_answer, check_history, check_no_answer, check_refusal
from tests.gateway.adapters.recorded.exchanges import recordings
from tests.gateway.adapters.recorded.history import UPSTREAM_MODELS
from tests.gateway.adapters.recorded.judged import judged
from tests.support.replay import Vector

HEADS = ("exchanges", "answers", "refusals", "failed", "skipped", "judged", "usage", "cost", "own cost")
"""The last three: compared with the price project's counts and cost, and with what the provider itself charged."""


@attrs.define
class Row:
    """One provider in one project's recordings."""

    exchanges: int = 0
    answers: int = 0
    refusals: int = 0
    failed: list[str] = attrs.field(factory=list)
    judged: set[str] = attrs.field(factory=set)
    """Ids, whose verdicts stand in judged.toml."""
    usage: int = 0
    cost: int = 0
    own_cost: int = 0

    @property
    def skipped(self) -> int:
        """Those of which nothing else is said."""
        return self.exchanges - self.answers - self.refusals - len({failure.split()[0] for failure in self.failed})

    def counts(self) -> tuple[int, ...]:
        """In the order of HEADS."""
        numbers = (self.exchanges, self.answers, self.refusals, len(self.failed), self.skipped, len(self.judged))
        return (*numbers, self.usage, self.cost, self.own_cost)


def rows_of(source: str) -> dict[str, Row]:
    """By provider; every exchange is played on every surface that can be asked for it, and its bill compared."""
    rows: dict[str, Row] = {}
    answers: list[Vector] = []
    for vector in recordings(source):
        row = rows.setdefault(vector.provider, Row())
        row.exchanges += 1
        if play(row, vector):
            answers.append(vector)
    for bill in bills_of(answers):
        compare(rows[bill.vector.provider], bill)
    return rows


def play(row: Row, vector: Vector) -> bool:
    """Whether it is an answer, and all is well with it."""
    if vector.id in judged("skipped"):
        row.judged.add(vector.id)
        return False
    if vector.status != 200:
        row.refusals += held(row, vector, check_refusal)
        return False
    if vector.id in judged("no_answers"):
        row.judged.add(vector.id)
        row.refusals += held(row, vector, check_no_answer)
        return False
    well = held(row, vector, check_answer)
    if vector.id in judged("history") or vector.id in judged("types"):
        row.judged.add(vector.id)
    if well and vector.endpoint in UPSTREAM_MODELS and vector.id not in judged("history"):
        well = held(row, vector, check_history)
    row.answers += well
    return well


def held(row: Row, vector: Vector, check: Callable[[Vector], None]) -> bool:
    """Whether a check holds; if not, the row says what is the matter."""
    try:
        check(vector)
    except AssertionError as error:
        row.failed.append(f"{vector} {vector.source}: {error}"[:600])
        return False
    return True


def compare(row: Row, bill: Bill) -> None:
    """One answer's bill, with what others make of it."""
    if bill.opinion is not None:
        row.usage += 1
        cost = bill.opinion.tokens_nano
        differ = bill.opinion.counts != bill.counts
        if cost is not None:
            row.cost += 1
            differ = differ or cost != bill.cost_nano
        judge(row, bill, "usage", f"booked {bill.counts} at {bill.cost_nano}, not {bill.opinion}", differ=differ)
        fees = f"{bill.own_fee_nano} nano-USD besides its tokens ({bill.usage.hosted}), not {bill.fee_nano}"
        judge(row, bill, "fees", fees, differ=bill.fee_nano != bill.own_fee_nano)
    if bill.charged_nano:
        row.own_cost += 1
        if bill.charged_nano != bill.usage.upstream_cost_nano:
            fail(row, bill, f"its provider charged {bill.charged_nano} nano-USD, kept is {bill.usage}")


def judge(row: Row, bill: Bill, what: str, difference: str, *, differ: bool) -> None:
    """A difference needs a verdict, and a verdict a difference."""
    verdict = bill.vector.id in judged(what)
    if differ and verdict:
        row.judged.add(bill.vector.id)
    elif differ:
        fail(row, bill, difference)
    elif verdict:
        fail(row, bill, "judged, and the same")


def fail(row: Row, bill: Bill, what: str) -> None:
    """An answer is one no more whose bill is wrong."""
    row.failed.append(f"{bill.vector} {bill.vector.source}: {what}")
    row.answers -= 1


def lines(tables: Mapping[str, Mapping[str, Row]]) -> Iterable[str]:
    """The table as text, with a sum at its end."""
    yield "\n" + f"{'recorded exchanges':30}" + "".join(f"{head:>11}" for head in HEADS)
    total = [0] * len(HEADS)
    for source, rows in tables.items():
        for provider, row in sorted(rows.items()):
            yield f"{source:16}{provider:14}" + "".join(f"{count:11}" for count in row.counts())
            total = [so_far + count for so_far, count in zip(total, row.counts(), strict=True)]
    yield f"{'all':30}" + "".join(f"{count:11}" for count in total)
