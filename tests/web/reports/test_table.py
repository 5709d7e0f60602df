"""The rows of a file for spreadsheets say what the page and the API say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.money import NANO, plain
from aihub_lite.storage.reports.question import Totals
from aihub_lite.web.reports.table import SUMS, sum_cells
from aihub_lite.web.sums import sums_json

counts = st.integers(0, 10**6)


@given(st.builds(Totals, *[counts] * 5, st.integers(0, 10**6 * NANO - 1), counts, counts))
def test_a_cell_says_what_the_api_says_under_the_name_of_its_column(totals: Totals) -> None:
    told = sums_json(totals)
    expected = {name: plain(value) if name.endswith("_usd") else value for name, value in told.items()}
    assert dict(zip(SUMS, sum_cells(totals), strict=True)) == expected
