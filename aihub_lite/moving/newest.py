"""The newest rows of a log that may be longer than memory is, each cut down to what is needed of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import attrs

Row = Mapping[str, str | None]


@attrs.define(kw_only=True, eq=False)
class NewestRows:
    """Takes rows one after the other, and keeps as many as it may."""

    table: str
    order: str
    """The column that says when; its texts are in the order of time."""
    columns: Sequence[str]
    """All that are read; a log's texts of questions and answers are not."""
    amount: str
    """The column whose sum is told of the rows that are not kept."""
    most: int
    cut: Callable[[Row], Row]
    older: int = 0
    """Rows that are not kept."""
    older_sum: Decimal = Decimal(0)
    _kept: list[tuple[str, int, Row]] = attrs.field(factory=list)
    _taken: int = 0

    def take(self, row: Row) -> None:
        """One more, in any order."""
        self._taken += 1
        entry = (row.get(self.order) or "", self._taken, self.cut(row))
        if len(self._kept) < self.most:
            heapq.heappush(self._kept, entry)
            return
        _, _, dropped = heapq.heappushpop(self._kept, entry)
        self.leave(1, amount_of(dropped.get(self.amount)))

    def leave(self, rows: int, amount: Decimal) -> None:
        """So many were not even read."""
        self.older += rows
        self.older_sum += amount

    @property
    def rows(self) -> list[Row]:
        """Those that are kept, oldest first."""
        return [row for _, _, row in sorted(self._kept, key=lambda entry: entry[:2])]

    def of(self, row: Mapping[str, str | None]) -> Row:
        """The columns of a row that are read."""
        return {name: row.get(name) for name in self.columns}


def amount_of(text: str | None) -> Decimal:
    """What a column says of money; nothing for what is none."""
    try:
        amount = Decimal(text or 0)
    except InvalidOperation:
        return Decimal(0)
    if not amount.is_finite() or amount < 0:
        return Decimal(0)
    return amount
