"""Figures as the rows of a file for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import attrs

from aihub_lite.domain.money import plain, plain_usd
from aihub_lite.domain.spreadsheets import inert
from aihub_lite.gateway.steps import in_steps
from aihub_lite.storage.reports.question import Quality, Totals
from aihub_lite.web.reports.figures import Member
from aihub_lite.web.reports.views import quality_json
from aihub_lite.web.sums import sums_json

SUMS = tuple(sums_json(Totals()))


@attrs.frozen
class CsvTable:
    """One row for each member, or, with `starts`, for each of its steps that had requests."""

    dimensions: Sequence[str]
    starts: Sequence[str] = ()
    """Beginnings of the steps."""
    measured: bool = False
    """Whether rows have percentiles and the like, which are known of whole spans alone."""

    @property
    def head(self) -> list[str]:
        """The names of the columns."""
        columns = [*self.dimensions, *SUMS]
        if self.starts:
            return ["start", *columns]
        if self.measured:
            columns += measured_cells(Quality())
        return columns

    def rows(self, member: Member) -> Iterator[list[object]]:
        """The rows of one member."""
        names = [inert(name) for name in member.names]
        if self.starts:
            for start, sums in zip(self.starts, member.steps, strict=True):
                if sums.requests:
                    yield [start, *names, *sum_cells(sums)]
            return
        row = [*names, *sum_cells(member.total)]
        if self.measured:
            row += measured_cells(member.quality or Quality()).values()
        yield row

    async def text(self, members: Sequence[Member]) -> str:
        """The whole file."""
        file = io.StringIO()
        table = csv.writer(file)
        table.writerow(self.head)
        async for member in in_steps(members):
            table.writerows(self.rows(member))
        return file.getvalue()


def sum_cells(sums: Totals) -> list[object]:
    """The cells of some sums, in the order of SUMS. There are tens of thousands of rows of them."""
    return [
        sums.requests,
        sums.errors,
        sums.prompt_tokens,
        sums.completion_tokens,
        plain_usd(sums.cost_nano),
        sums.first_byte_mean,
    ]


def measured_cells(quality: Quality) -> dict[str, object]:
    """The cells of what is measured, by the names of their columns."""
    cells: dict[str, object] = {}
    for name, value in (quality_json(quality) or {}).items():
        if isinstance(value, dict):
            cells |= {f"{name}_{percentile}": ms for percentile, ms in value.items()}
        elif name.endswith("_usd"):
            cells[name] = plain(value)
        else:
            cells[name] = value
    return cells
